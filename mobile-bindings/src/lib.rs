//! The notebook for iOS and Android: `vanguard-core` over uniffi, as domain verbs and records.
//!
//! Nothing is decided here. [`types`] shows core's own types to Kotlin and Swift, [`records`] flattens
//! its generic views, [`notebook`] guards one core notebook for many threads, and `sync` and
//! `follow` own the network that core leaves to its callers. Verbs and lists are
//! plain calls that return when the file is written; only what waits for a relay is asynchronous.

#[cfg(feature = "http")]
mod backoff;
pub mod count;
pub mod drafts;
pub mod error;
#[cfg(feature = "http")]
pub mod follow;
pub mod handles;
pub mod lists;
pub mod notebook;
pub mod observe;
pub mod photos;
pub mod records;
mod runtime;
pub mod status;
#[cfg(feature = "http")]
pub mod sync;
pub mod types;
pub mod verbs;
pub mod words;

pub use count::live_objects;
pub use error::VanguardError;
pub use handles::{CancelHandle, TaskHandle};
pub use notebook::Notebook;

uniffi::setup_scaffolding!("vanguard");
