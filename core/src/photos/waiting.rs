//! What is noted of files between rounds: the uploads that were begun, what somebody wants to look
//! at, and what waits after a failure.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::PhotoError;
use super::transfer::Delayed;
use crate::keys::Hash;
use crate::model::photo::parse_hash;
use crate::notebook::Notebook;
use crate::store::photos::LONGEST_WAIT_MS;
use crate::store::{StoreError, photos};

impl Notebook {
    /// Notes the upload that was begun for a file, so that a later round goes on with it; `None`
    /// where the relay no longer knows of it.
    ///
    /// # Errors
    /// The store's.
    pub fn upload_begun(&mut self, hash: &Hash, url: Option<&str>) -> Result<(), PhotoError> {
        self.store.transact(|conn| {
            conn.prepare_cached(
                "INSERT INTO transfer (hash, url) VALUES (?1, ?2)
                 ON CONFLICT (hash) DO UPDATE SET url = ?2",
            )?
            .execute(params![hash, url])?;
            Ok::<_, PhotoError>(())
        })
    }

    /// Wants a photo's file here, by its hash in hexadecimal, as soon as the network allows: a
    /// thumbnail that a list shows; an original where `is_urgent`, because somebody waits for it.
    /// Nothing where it is here, or where no record here names it.
    ///
    /// # Errors
    /// The store's.
    pub fn want_photo(&mut self, hash: &str, is_urgent: bool) -> Result<(), PhotoError> {
        let Some(hash) = parse_hash(hash) else {
            return Ok(());
        };
        let conn = self.reader();
        let is_here =
            photos::held(conn, &hash)?.is_some() && self.photo_folder().path(&hash).is_file();
        if is_here || photos::naming(conn, &hash)?.is_empty() {
            return Ok(());
        }
        let now_ms = self.env.now_ms();
        self.store.transact(|conn| {
            photos::remove_absent(conn, &hash)?;
            conn.prepare_cached(
                "INSERT INTO photo_wanted (hash, asked_ms, is_urgent) VALUES (?1, ?2, ?3)
                 ON CONFLICT (hash) DO UPDATE SET is_urgent = max(is_urgent, ?3)",
            )?
            .execute(params![hash, now_ms, is_urgent])?;
            if is_urgent {
                retry(conn, &hash)?;
            }
            Ok::<_, PhotoError>(())
        })
    }

    /// Lets every file that waits after a failure be tried again at once: somebody asks for it, or
    /// the network is another.
    ///
    /// # Errors
    /// The store's.
    pub fn retry_photos(&mut self) -> Result<(), PhotoError> {
        self.store.transact(|conn| {
            conn.execute("UPDATE transfer SET not_before_ms = 0", [])?;
            Ok::<_, PhotoError>(())
        })
    }

    /// Wants a file no more urgently than others: whoever waited for it has left.
    ///
    /// # Errors
    /// The store's.
    pub fn calm_photo(&mut self, hash: &str) -> Result<(), PhotoError> {
        let Some(hash) = parse_hash(hash) else {
            return Ok(());
        };
        self.store.transact(|conn| {
            conn.prepare_cached("UPDATE photo_wanted SET is_urgent = 0 WHERE hash = ?1")?
                .execute([hash])?;
            Ok::<_, PhotoError>(())
        })
    }

    /// How long until the first of the files that wait after a failure is to be tried again;
    /// `None` where none does.
    ///
    /// # Errors
    /// The store's.
    pub fn photos_wait(&self) -> Result<Option<Duration>, PhotoError> {
        let now_ms = self.env.now_ms();
        let first: Option<i64> = self
            .reader()
            .prepare_cached(
                "SELECT min(not_before_ms) FROM transfer
                 WHERE not_before_ms BETWEEN ?1 + 1 AND ?1 + ?2",
            )?
            .query_row(params![now_ms, LONGEST_WAIT_MS], |row| row.get(0))?;
        Ok(first.map(|at_ms| Duration::from_millis(at_ms.abs_diff(now_ms))))
    }

    /// The files that wait after a failure, with the reason.
    ///
    /// # Errors
    /// The store's.
    pub fn delayed_photos(&self) -> Result<Vec<Delayed>, PhotoError> {
        let mut statement = self.reader().prepare_cached(
            "SELECT hash, attempts, not_before_ms, problem FROM transfer
             WHERE problem IS NOT NULL ORDER BY not_before_ms, hash",
        )?;
        let rows = statement.query_map([], |row| {
            Ok(Delayed {
                hash: row.get(0)?,
                attempts: row.get(1)?,
                not_before_ms: row.get(2)?,
                problem: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

fn retry(conn: &Connection, hash: &Hash) -> Result<(), StoreError> {
    conn.prepare_cached("UPDATE transfer SET not_before_ms = 0 WHERE hash = ?1")?
        .execute([hash])?;
    Ok(())
}
