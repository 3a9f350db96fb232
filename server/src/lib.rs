//! The relay of Vanguard: phones bring their members' work here, supervisors review it here.
//!
//! [`relay`] is the log with admission before it and a replica behind it, and [`blobs`] keeps the
//! photos' bytes; [`http`], [`access`], [`console`] and [`api`] are the shell around them: who may
//! talk to the relay, and how; [`mod@serve`] starts and ends it. [`import`] brings an organisation in
//! from its spreadsheets, [`backup`] copies all there is, and [`cli`] is what an operator types. [`demo`] shows and checks all of it
//! at once.

pub mod access;
pub mod acts;
pub mod api;
pub mod backup;
pub mod blobs;
pub mod cli;
pub mod console;
pub mod demo;
mod hands;
pub mod http;
pub mod import;
mod progress;
pub mod relay;
pub mod serve;

pub use serve::{Config, Limits, Ready, ServeError, Server, Tls, serve};
