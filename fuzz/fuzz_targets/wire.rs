//! Decoding what travels never panics, and what was decoded survives being encoded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use vanguard_core::wire::{SyncRequest, SyncResponse, decode, encode};

fuzz_target!(|data: &[u8]| {
    if let Ok(request) = decode::<SyncRequest>(data) {
        let again = decode::<SyncRequest>(&encode(&request));
        assert_eq!(again.ok().as_ref(), Some(&request));
    }
    if let Ok(response) = decode::<SyncResponse>(data) {
        let again = decode::<SyncResponse>(&encode(&response));
        assert_eq!(again.ok().as_ref(), Some(&response));
    }
});
