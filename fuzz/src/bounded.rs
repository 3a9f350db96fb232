//! The bounded reader never panics, and what it lets pass Automerge reads as the reader said and
//! would write the same.

use automerge::Change;
use vanguard_core::admission::bounded::check;

use super::{life, made_to_fit};

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
    let change = Change::from_bytes(raw.clone()).expect("what passes is a change");
    assert_eq!(change.len(), claims.ops);
    assert_eq!(change.deps().len(), claims.deps);
    assert_eq!(change.hash().0, claims.hash);
    let decoded = change.decode();
    assert_eq!(decoded.operations.len(), claims.ops);
    assert_eq!(Change::from(decoded).raw_bytes(), raw);
}

/// The seeds: every change of a life.
pub fn seeds() -> Vec<Vec<u8>> {
    life::life().into_iter().map(|step| step.raw).collect()
}
