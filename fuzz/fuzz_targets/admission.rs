//! See `vanguard_fuzz::admission`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: vanguard_fuzz::let_automerge_panic(),
    |data: &[u8]| vanguard_fuzz::admission::run(data)
);
