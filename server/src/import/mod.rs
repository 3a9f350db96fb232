//! Brings an organisation in from its spreadsheets: Party organisations, units, members with their
//! roles, zones and posts, from CSV or XLSX with Chinese (or English) headers. `server/samples/`
//! has an example of each; [`columns`] documents every column.
//!
//! All or nothing: every file is read and every row judged before anything is done, and every bad
//! row is named with its reason. What exists already (an organisation or unit of that name, a
//! member of that number, a zone or post of that code) is left as it is, so importing the same
//! file twice does nothing the second time.

mod boundary;
pub mod columns;
mod plan;
mod report;
mod row;
mod rows;
mod table;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use vanguard_core::Env;
use vanguard_core::id::{MemberId, OrgId, PostId, UnitId, ZoneId};
use vanguard_core::model::Author;

pub use plan::{Counts, Group, Plan, plan};
pub use report::{BadRow, Reason};
pub use table::{Table, TableRow, read};

use crate::relay::{ActError, Relay, RelayError};

/// What the relay has already, by the names that spreadsheets use.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Organisations by name.
    pub orgs: HashMap<String, OrgId>,
    /// Units by name.
    pub units: HashMap<String, UnitId>,
    /// Members by number (工号).
    pub members: HashMap<String, MemberId>,
    /// Zones by the code on their signboard.
    pub zones: HashMap<String, ZoneId>,
    /// Posts by the code on their signboard.
    pub posts: HashMap<String, PostId>,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be read at all.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Rows that are not right: all of them.
    #[error("{} bad rows", .0.len())]
    BadRows(Vec<BadRow>),
    /// The relay refuses what the rows say.
    #[error(transparent)]
    Act(#[from] ActError),
    /// The relay cannot answer.
    #[error(transparent)]
    Relay(#[from] RelayError),
}

/// The largest file that is read.
const FILE_LIMIT_BYTES: u64 = 64 << 20;

/// Imports files, and says what came of each kind.
///
/// # Errors
/// [`ImportError`]; on bad rows and unreadable files nothing has been done.
pub async fn run(
    relay: &Arc<Relay>,
    paths: &[PathBuf],
    env: &dyn Env,
) -> Result<Counts, ImportError> {
    let mut tables = Vec::new();
    let mut bad = Vec::new();
    for path in paths {
        let failed = |error| ImportError::File {
            path: path.clone(),
            error,
        };
        let size = std::fs::metadata(path).map_err(failed)?.len();
        if size > FILE_LIMIT_BYTES {
            return Err(failed(std::io::ErrorKind::FileTooLarge.into()));
        }
        let bytes = std::fs::read(path).map_err(failed)?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        match read(&name.to_string_lossy(), &bytes) {
            Ok(read) => tables.extend(read),
            Err(row) => bad.push(*row),
        }
    }
    let known = relay.known().await?;
    let planned = plan(&tables, &known, &relay.directory(), env);
    let Plan { groups, counts } = planned.map_err(|more| {
        let bad = bad.iter().cloned().chain(more);
        ImportError::BadRows(bad.collect())
    })?;
    if !bad.is_empty() {
        return Err(ImportError::BadRows(bad));
    }
    let acts = groups.into_iter().flat_map(|group| group.acts).collect();
    relay.act(Author::OPERATOR, acts).await?;
    Ok(counts)
}
