//! Numbered migrations: `PRAGMA user_version` says how many of them a file has had.

use rusqlite::{Connection, TransactionBehavior};

use super::{Result, StoreError};

/// Makes the migrations that a file has not had yet, each in a transaction with its number. Others
/// may do the same at the same time.
///
/// # Errors
/// [`StoreError::TooNew`] where a newer program has written the file, which is left as it is;
/// SQLite's.
pub fn migrate(conn: &mut Connection, migrations: &[&str]) -> Result<()> {
    while made(conn, migrations)? < migrations.len() {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        let number = made(&tx, migrations)?; // others may have come first
        if let Some(sql) = migrations.get(number) {
            tx.execute_batch(sql)?;
            tx.pragma_update(None, "user_version", number + 1)?;
        }
        tx.commit()?;
    }
    Ok(())
}

/// How many migrations a file has had.
fn made(conn: &Connection, migrations: &[&str]) -> Result<usize> {
    let found = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = migrations.len();
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIGRATIONS: [&str; 2] = [
        "CREATE TABLE one (id INTEGER PRIMARY KEY)",
        "INSERT INTO one VALUES (1)",
    ];

    #[test]
    fn each_is_made_once_whoever_opens_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.db");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut conn = Connection::open(&path).unwrap();
                    conn.busy_timeout(std::time::Duration::from_mins(1))
                        .unwrap();
                    migrate(&mut conn, &MIGRATIONS).unwrap();
                });
            }
        });
        let mut conn = Connection::open(&path).unwrap();
        let rows: usize = conn
            .query_row("SELECT count(*) FROM one", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 1);
        let older = migrate(&mut conn, &MIGRATIONS[..1]);
        assert!(matches!(
            older,
            Err(StoreError::TooNew { found: 2, known: 1 })
        ));
    }
}
