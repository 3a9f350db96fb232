//! Read-only connections, lent to blocking work and taken back.

use std::path::PathBuf;
use std::sync::Mutex;

use rusqlite::Connection;

/// Connections that are open and idle, and how to open another.
pub(super) struct Pool {
    path: PathBuf,
    open: fn(&std::path::Path) -> rusqlite::Result<Connection>,
    idle: Mutex<Vec<Connection>>,
}

/// So many connections stay open when nobody uses them.
const IDLE_LIMIT: usize = 8;

impl Pool {
    pub(super) fn new(
        path: PathBuf,
        open: fn(&std::path::Path) -> rusqlite::Result<Connection>,
    ) -> Self {
        Self {
            path,
            open,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Runs `work` with a connection of its own.
    pub(super) fn with<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        let mut conn = match idle {
            Some(conn) => conn,
            None => (self.open)(&self.path)?,
        };
        let done = work(&mut conn);
        if let Ok(mut idle) = self.idle.lock()
            && idle.len() < IDLE_LIMIT
        {
            idle.push(conn);
        }
        done
    }
}
