//! Who may talk to the relay: invites, enrolled devices, console accounts and their sessions, all
//! in `access.db`. The log says what members may do; this says whose device or browser it is that
//! asks. The HTTP routes and the command line both call it, also at the same time from two
//! processes. Secrets are kept only as hashes. Everything here blocks; async callers go through
//! `App::access`.

mod accounts;
mod contact;
mod devices;
mod invites;
mod password;
mod sql;
#[cfg(test)]
mod tests;
mod throttle;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _};
use vanguard_core::Env;
use vanguard_core::store::{StoreError, migrate};

pub use accounts::{HALL_MS, SESSION_MS, Session, is_hall};
pub use contact::Contact;
pub use devices::{DeviceCounts, DeviceRow, DeviceStatus};
pub use invites::{EnrolError, Enrolled, Enrolment};
pub use password::{MIN_PASSWORD_CHARS, Passwords};
pub use throttle::Throttle;

/// Why `access.db` cannot answer.
#[derive(Debug, thiserror::Error)]
#[error("access.db: {0}")]
pub struct AccessError(#[from] StoreError);

impl From<rusqlite::Error> for AccessError {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.into())
    }
}

/// The doorkeeper's book.
pub struct Access {
    /// Writes that have to survive a power cut: `synchronous=FULL`.
    durable: Mutex<Connection>,
    /// Last contacts and health, which may be lost: `synchronous=NORMAL`, no wait for the disk.
    telemetry: Mutex<Connection>,
    pending: Mutex<contact::Pending>,
    env: Arc<dyn Env>,
}

impl Access {
    /// Opens `access.db` in a data directory, making or migrating it as needed.
    ///
    /// # Errors
    /// Where the file cannot be read or written, or a newer program has written it.
    pub fn open(data: &Path, env: Arc<dyn Env>) -> Result<Self, AccessError> {
        let path = data.join("access.db");
        let mut durable = connect(&path, "FULL")?;
        migrate(&mut durable, sql::MIGRATIONS)?;
        Ok(Self {
            durable: Mutex::new(durable),
            telemetry: Mutex::new(connect(&path, "NORMAL")?),
            pending: Mutex::default(),
            env,
        })
    }

    /// Remembers a setting for the command line, such as the relay's public address.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn put_setting(&self, name: &str, value: &str) -> Result<(), AccessError> {
        self.db().execute(sql::PUT_SETTING, (name, value))?;
        Ok(())
    }

    /// A remembered setting.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn setting(&self, name: &str) -> Result<Option<String>, AccessError> {
        let db = self.db();
        let value = db.query_row(sql::FIND_SETTING, [name], |row| row.get(0));
        Ok(value.optional()?)
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        // A panic in between leaves a transaction that was rolled back: the connection is sound.
        self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The setting that holds the relay's public address.
pub const PUBLIC_URL: &str = "public_url";

fn connect(path: &Path, synchronous: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}
