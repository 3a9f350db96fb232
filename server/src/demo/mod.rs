//! `vanguard demo`: an organisation logs a month of inspections, violations and hazards on phones
//! that are mostly offline, and it all comes together through a real relay over real HTTPS. The
//! generator keeps its own plain record of what each person did and compares it with the phones,
//! the relay and a supervisor's own notebook; any difference makes the demo fail.
//!
//! `world`, `draw`, `names` and `words` are what the demo is about; `shift`, `hazards`, `reviews`
//! and `site` what people do in it; `phone` and `fleet` how they do it; `compare` the check; `report`
//! what is printed.

mod assign;
mod camera;
mod chance;
mod compare;
mod draw;
mod findings;
mod fleet;
mod found;
mod hazards;
mod host;
mod names;
mod phone;
mod record;
mod report;
mod reviews;
mod sabotage;
mod shift;
mod site;
mod stage;
mod summary;
#[cfg(test)]
mod tests;
mod words;
mod world;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use vanguard_core::NotebookError;
use vanguard_core::http::HttpError;
use vanguard_core::store::StoreError;

use crate::access::AccessError;
use crate::relay::{ActError, RelayError};
use crate::serve::ServeError;

/// What the demo is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many members; from 12 on.
    pub members: usize,
    /// How many days.
    pub days: usize,
    /// What everything random comes from.
    pub seed: u64,
    /// Where everything measured and compared is written as JSON.
    pub json: Option<PathBuf>,
    /// Ends after the comparison instead of keeping the relay up.
    pub exit: bool,
    /// An empty or missing directory for the data; a temporary one where none is given.
    pub data: Option<PathBuf>,
    /// Where the relay listens.
    pub listen: SocketAddr,
    /// What goes wrong on purpose.
    pub sabotage: Option<Sabotage>,
}

/// Something that goes wrong on purpose, for the comparison to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// An admitted change disappears from the relay's log.
    DropChange,
    /// An event's text is another one in one place.
    FlipEvent,
    /// A phone takes something as acknowledged that the relay never got.
    SkipReceipt,
    /// A photo disappears from the relay's folder.
    LosePhoto,
}

/// Why the demo could not be carried out. That something differs in the end is no such error.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The options make no sense.
    #[error("{0}")]
    Options(String),
    /// The relay does not start.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The relay fails.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The organisation cannot be founded.
    #[error(transparent)]
    Act(#[from] ActError),
    /// An invite cannot be made.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A phone's notebook fails.
    #[error(transparent)]
    Phone(#[from] NotebookError),
    /// A phone's exchange with the relay fails.
    #[error(transparent)]
    Https(#[from] HttpError),
    /// A store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl From<vanguard_core::photos::PhotoError> for DemoError {
    fn from(error: vanguard_core::photos::PhotoError) -> Self {
        Self::Https(error.into())
    }
}

impl From<rusqlite::Error> for DemoError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Carries the demo out. 0 means that everything agreed, 1 that something differed or failed.
pub fn run(options: &Options) -> ExitCode {
    match stage::run(options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("演示未能完成 · the demo failed: {error}");
            ExitCode::FAILURE
        }
    }
}
