//! Hostile devices: enrolled like any other, and free to push whatever bytes they like over HTTP
//! to a relay that serves others at the same time.

mod device;
mod made;
mod scene;

use std::sync::Arc;

use vanguard_core::env::{Env, SystemEnv};

pub use device::{Hostile, answers};
pub use made::{
    Made, append, chunk, edit, entry, event, forged, frontier, map, next, no_grant, sleb, tampered,
    uleb,
};
pub use scene::{Outside, Scene};

fn env() -> Arc<dyn Env> {
    SystemEnv::shared()
}
