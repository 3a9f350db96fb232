//! The bounded reader never panics, and what it lets pass Automerge reads as the reader said.

#![no_main]

use automerge::Change;
use libfuzzer_sys::fuzz_target;
use vanguard_core::admission::bounded::check;
use vanguard_core::batch::change_hash;

/// Magic bytes, checksum and type; the length follows.
const BEFORE_LENGTH: usize = 9;

/// The input with a length and a checksum that fit: few inputs would get past them by chance.
fn made_to_fit(data: &[u8]) -> Option<Vec<u8>> {
    let (before, rest) = data.split_at_checked(BEFORE_LENGTH)?;
    let length_bytes = 1 + rest.iter().position(|byte| byte & 0x80 == 0)?;
    let body = &rest[length_bytes..];
    let mut raw = before.to_vec();
    let mut length = body.len();
    while length >= 0x80 {
        raw.push(length as u8 | 0x80);
        length >>= 7;
    }
    raw.push(length as u8);
    raw.extend_from_slice(body);
    let hash = change_hash(&raw)?;
    raw[4..8].copy_from_slice(&hash[..4]);
    Some(raw)
}

fuzz_target!(|data: &[u8]| {
    let _ = check(data);
    let Some(raw) = made_to_fit(data) else {
        return;
    };
    let Ok(claims) = check(&raw) else {
        return;
    };
    let change = Change::from_bytes(raw).expect("what passes is a change");
    assert_eq!(change.len(), claims.ops);
    assert_eq!(change.deps().len(), claims.deps);
    assert_eq!(change.hash().0, claims.hash);
    assert_eq!(change.decode().operations.len(), claims.ops);
});
