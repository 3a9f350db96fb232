//! What each fuzz target does with its bytes. The tests do the same with every committed corpus
//! (`tests/tests/fuzzed`), so that what fuzzing once found is met again wherever tests run.

pub mod admission;
pub mod bounded;
mod life;
pub mod page;
pub mod wire;

use vanguard_core::batch::change_hash;

/// Magic bytes, checksum and type of a change; its length follows.
const BEFORE_LENGTH: usize = 9;

/// A change with a length and a checksum that fit: few inputs would get past them by chance.
fn made_to_fit(data: &[u8]) -> Option<Vec<u8>> {
    let (before, rest) = data.split_at_checked(BEFORE_LENGTH)?;
    let length_bytes = 1 + rest.iter().position(|byte| byte & 0x80 == 0)?;
    let body = &rest[length_bytes..];
    let mut raw = before.to_vec();
    let mut length = body.len();
    loop {
        let byte = (length & 0x7f) as u8;
        length >>= 7;
        if length == 0 {
            raw.push(byte);
            break;
        }
        raw.push(byte | 0x80);
    }
    raw.extend_from_slice(body);
    let hash = change_hash(&raw)?;
    raw[4..8].copy_from_slice(&hash[..4]);
    Some(raw)
}

/// Keeps panics within Automerge quiet, which the core catches: all others end the process as
/// before. For processes whose panic hook ends them at once.
pub fn let_automerge_panic() {
    let strict = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let is_caught = info.location().is_some_and(|at| {
            ["automerge", "hexane"]
                .iter()
                .any(|name| at.file().contains(name))
        });
        if !is_caught {
            strict(info);
        }
    }));
}
