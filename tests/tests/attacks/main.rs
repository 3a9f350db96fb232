//! What hostile devices may try, with real bytes over HTTPS against a running relay: each attack
//! gets a clear answer, leaves no trace in the log, and harms no other document and no other
//! client.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod batches;
mod bombs;
mod forged;
mod gaps;
mod memory;
mod mutations;
mod poison;
mod rules;
