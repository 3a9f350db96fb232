//! Photos at the relay, over real HTTP: what is taken, what is not, what survives, who gets what.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod disk;
mod downloads;
mod kept;
mod uploads;
