//! The relay of Vanguard: phones bring their members' work here, supervisors review it here.
//!
//! Three parts. [`relay`] is the log with admission before it and a replica behind it;
//! [`http`], [`access`] and [`console`] are the shell around it: who may talk to it, and how;
//! [`mod@serve`] starts and ends it. [`import`] brings an organisation in from its spreadsheets, and
//! [`cli`] is what an operator types. [`demo`] shows and checks all of it at once.

pub mod access;
pub mod acts;
pub mod api;
pub mod blobs;
pub mod cli;
pub mod console;
pub mod demo;
pub mod http;
pub mod import;
pub mod relay;
pub mod serve;

pub use serve::{Config, Limits, Ready, ServeError, Server, Tls, serve};
