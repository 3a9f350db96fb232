//! One SQLite file: documents as their changes, and what is projected from them.
//!
//! The notebook and the relay's replica both keep this store. Everything that belongs together is
//! one transaction with `synchronous=FULL`; lists, search and statistics ([`query`]) read
//! projected tables and never touch Automerge.

pub mod documents;
pub mod history;
pub mod ledger;
mod migrate;
pub mod outbox;
pub mod photos;
mod projection;
pub mod query;
pub mod scope;
pub mod search;
pub mod statistics;
pub mod synced;
#[cfg(test)]
pub(crate) mod testing;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

pub use migrate::migrate;
pub use projection::project_all;

/// The store's migrations in order.
const MIGRATIONS: [&str; 4] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
];

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite's own error.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file was written by a newer version of this app.
    #[error("the file's format {found} is newer than this version's {known}")]
    TooNew {
        /// The file's number.
        found: usize,
        /// This version's.
        known: usize,
    },
    /// The file cannot be moved or made.
    #[error("file: {0}")]
    File(#[from] std::io::Error),
    /// A projected row does not say what it should; projecting anew repairs it.
    #[error("a projected row is damaged: {0}")]
    Row(#[from] serde_json::Error),
    /// A document cannot be read.
    #[error("document: {0}")]
    Document(#[from] crate::document::ReadError),
}

impl StoreError {
    /// Whether the file itself is damaged.
    pub fn is_damage(&self) -> bool {
        let Self::Sqlite(error) = self else {
            return false;
        };
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        )
    }
}

/// Shorthand for results of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A connection to the store: the one that writes, or one of those that read beside it.
#[derive(Debug)]
pub struct Store {
    conn: Connection,
    path: PathBuf,
}

/// How safely commits are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Every commit is on disk when it returns: notebooks.
    Full,
    /// A crash may take the last commits: replicas, which are rebuilt from a log.
    Rebuildable,
}

impl Store {
    /// Opens the store at `path`, makes it where it is missing, and brings it up to date.
    ///
    /// # Errors
    /// Where the file is damaged, too new, or cannot be opened.
    pub fn open(path: &Path, durability: Durability) -> Result<Self> {
        let mut conn = Connection::open(path)?;
        prepare(&conn)?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::Rebuildable => "NORMAL",
        };
        conn.pragma_update(None, "synchronous", synchronous)?;
        migrate(&mut conn, &MIGRATIONS)?;
        Ok(Self {
            conn,
            path: path.to_owned(),
        })
    }

    /// Opens a store that is open already once more, to read beside its writer; its
    /// transactions fail.
    ///
    /// # Errors
    /// Where the file cannot be opened.
    pub fn open_beside(path: &Path) -> Result<Self> {
        Ok(Self {
            conn: open_reader(path)?,
            path: path.to_owned(),
        })
    }

    /// Opens the store, or sets a damaged file aside and begins a new one; then says where the
    /// damaged file lies. Nothing is deleted.
    ///
    /// # Errors
    /// As [`Store::open`], damage apart.
    pub fn open_or_set_aside(
        path: &Path,
        durability: Durability,
        now_ms: i64,
    ) -> Result<(Self, Option<PathBuf>)> {
        match Self::open(path, durability).and_then(|store| store.probe().map(|()| store)) {
            Ok(store) => Ok((store, None)),
            Err(error) if error.is_damage() => {
                let aside = set_aside(path, now_ms)?;
                Ok((Self::open(path, durability)?, Some(aside)))
            }
            Err(error) => Err(error),
        }
    }

    /// Reads a little of what every screen needs, so that damage shows at once.
    fn probe(&self) -> Result<()> {
        self.conn
            .query_row("SELECT count(*) FROM meta", [], |_| Ok(()))?;
        self.conn
            .query_row("SELECT max(doc) FROM document", [], |_| Ok(()))?;
        self.conn
            .query_row("SELECT max(entry) FROM outbox", [], |_| Ok(()))?;
        Ok(())
    }

    /// The connection, to read by.
    pub fn reader(&self) -> &Connection {
        &self.conn
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `work` in one transaction, which is committed when it succeeds.
    ///
    /// # Errors
    /// Those of `work`, and of the commit; then nothing has happened.
    pub fn transact<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Connection) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        #[cfg(feature = "defects")]
        if crate::defects::Defect::UnsyncedCommit.is_planted() {
            return self.transact_late(work);
        }
        let tx = self
            .conn
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::from)?;
        let value = work(&tx)?;
        tx.commit().map_err(StoreError::from)?;
        Ok(value)
    }

    /// The defect: what is done is committed by whatever is done next.
    #[cfg(feature = "defects")]
    fn transact_late<T, E: From<StoreError>>(
        &mut self,
        work: impl FnOnce(&Connection) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        let run = |sql| self.conn.execute_batch(sql).map_err(StoreError::from);
        if !self.conn.is_autocommit() {
            run("COMMIT")?;
        }
        run("BEGIN IMMEDIATE")?;
        let done = work(&self.conn);
        if done.is_err() {
            run("ROLLBACK")?;
        }
        done
    }
}

/// Opens the file a second time, to read beside the writer.
///
/// # Errors
/// Where it cannot be opened.
pub fn open_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    prepare(&conn)?;
    Ok(conn)
}

fn prepare(conn: &Connection) -> Result<()> {
    conn.busy_timeout(Duration::from_secs(10))?;
    conn.set_prepared_statement_cache_capacity(128);
    // Else every statement with `LIMIT ?` is planned anew at each use; indexes are named anyway.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "cache_size", -8_192)?; // 8 MiB
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(())
}

/// Moves a damaged file away, its journal with it, to a name that says when.
fn set_aside(path: &Path, now_ms: i64) -> Result<PathBuf> {
    let named = |suffix: &str, tail: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(tail);
        name.push(suffix);
        PathBuf::from(name)
    };
    let tail = format!(".damaged-{now_ms}");
    for suffix in ["-wal", "-shm", ""] {
        let from = named(suffix, "");
        if from.exists() {
            std::fs::rename(from, named(suffix, &tail))?;
        }
    }
    Ok(named("", &tail))
}

/// A small fact by name.
///
/// # Errors
/// SQLite's.
pub fn meta<T: rusqlite::types::FromSql>(conn: &Connection, name: &str) -> Result<Option<T>> {
    use rusqlite::OptionalExtension as _;
    let mut statement = conn.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

/// Sets a small fact.
///
/// # Errors
/// SQLite's.
pub fn set_meta(conn: &Connection, name: &str, value: impl rusqlite::ToSql) -> Result<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?
        .execute(rusqlite::params![name, value])?;
    Ok(())
}

/// Forgets a small fact.
///
/// # Errors
/// SQLite's.
pub fn clear_meta(conn: &Connection, name: &str) -> Result<()> {
    conn.prepare_cached("DELETE FROM meta WHERE name = ?1")?
        .execute([name])?;
    Ok(())
}
