//! The bounded reader never panics, and what it lets pass Automerge reads as the reader said.

use automerge::Change;
use vanguard_core::admission::bounded::check;

use super::made_to_fit;

/// Reads any bytes, and the same with length and checksum that fit.
///
/// # Panics
/// Where the reader and Automerge differ.
pub fn run(data: &[u8]) {
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
}
