//! The heart of Vanguard: what the domain is, who may do what, and how it is kept and synced.
//!
//! Phones, browsers and the relay all run this crate. It is synchronous, starts no thread and reads
//! no clock: time and randomness come in through [`Env`], network bytes through the sans-IO [`sync`]
//! client. Only the transport that the feature `http` adds opens a socket. Start reading at
//! [`Notebook`], the face that an app sees; below it lie [`model`] (what things are), [`rules`] (who
//! may), [`document`] (how a thing is an Automerge document), [`store`] (how it is kept in SQLite)
//! and [`wire`] (what travels).

pub mod admission;
pub mod batch;
pub mod calendar;
pub mod catalogue;
mod compose;
#[cfg(feature = "defects")]
pub mod defects;
#[cfg(feature = "photos")]
pub mod disk;
pub mod document;
pub mod env;
#[cfg(feature = "http")]
pub mod http;
pub mod id;
pub mod invite;
mod json;
pub mod keys;
pub mod model;
pub mod notebook;
#[cfg(feature = "photos")]
pub mod photos;
pub mod rules;
pub mod store;
pub mod sync;
pub mod wire;

pub use compose::{Composed, Composer, NewEvent, Verb};
pub use env::{Env, SystemEnv};
pub use notebook::{Notebook, NotebookError};
