//! What goes wrong on purpose, so that the comparison is seen to find it: data is tampered with
//! behind everybody's back, as a fault or a thief would; the comparison knows nothing of it.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, params};
use serde_json::Value;

use super::DemoError;
use super::phone::Phone;

fn open(path: &Path) -> Result<Connection, DemoError> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(Duration::from_secs(10))?;
    Ok(conn)
}

/// The relay's log loses the last change of the hazard with most of them.
pub(super) fn drop_change(relay: &Path) -> Result<String, DemoError> {
    let conn = open(&relay.join("log.db"))?;
    let (seq, id): (i64, vanguard_core::id::DocumentId) = conn.query_row(
        "SELECT max(c.seq), d.id FROM change c JOIN document d USING (doc) WHERE d.kind = 'hazard'
         AND d.last_seq < (SELECT head FROM log) GROUP BY d.doc ORDER BY count(*) DESC, d.doc LIMIT 1",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    conn.execute("DELETE FROM change WHERE seq = ?1", [seq])?;
    Ok(format!(
        "log.db: 删去第 {seq} 条 · change {seq} of hazard {id} deleted"
    ))
}

/// One event's text is another one in the relay's replica.
pub(super) fn flip_event(relay: &Path) -> Result<String, DemoError> {
    let conn = open(&relay.join("replica.db"))?;
    let (doc, text): (i64, String) = conn.query_row(
        "SELECT doc, view FROM record WHERE kind = 'hazard' AND view LIKE '%\"event\":\"graded\"%'
         ORDER BY doc LIMIT 1",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let mut view: Value = serde_json::from_str(&text).unwrap_or_default();
    let events = view["events"].as_array_mut();
    let graded = events.and_then(|all| all.iter_mut().find(|event| event["event"] == "graded"));
    if let Some(event) = graded {
        event["reason"] = "不是任何人写的理由".into();
    }
    conn.execute(
        "UPDATE record SET view = ?2 WHERE doc = ?1",
        params![doc, view.to_string()],
    )?;
    Ok(format!(
        "replica.db: {} 的定级理由被改 · a grade's reason altered",
        view["id"]
    ))
}

/// The largest photo is gone from the relay's folder.
pub(super) fn lose_photo(relay: &Path) -> Result<String, DemoError> {
    let mut files = Vec::new();
    for folder in std::fs::read_dir(relay.join("blobs"))? {
        let folder = folder?.path();
        let is_shelf = folder.file_name().is_some_and(|name| name.len() == 2);
        if is_shelf {
            for file in std::fs::read_dir(folder)? {
                let file = file?;
                files.push((file.metadata()?.len(), file.path()));
            }
        }
    }
    let Some((bytes, path)) = files.into_iter().max() else {
        return Err(DemoError::Options("没有照片 · there is no photo".into()));
    };
    std::fs::remove_file(&path)?;
    Ok(format!(
        "blobs: 删去一张 {bytes} 字节的照片 · a photo of {bytes} bytes deleted"
    ))
}

/// A phone forgets that it still has to send an inspection, as if a receipt had come.
pub(super) fn skip_receipt(phones: &[Phone]) -> Result<String, DemoError> {
    for phone in phones {
        let conn = open(&phone.path)?;
        let forgotten = conn.execute(
            "DELETE FROM outbox WHERE entry = (SELECT max(o.entry) FROM outbox o JOIN document d USING (doc)
             WHERE d.kind = 'inspection' AND (SELECT count(*) FROM outbox p WHERE p.doc = o.doc) = 1)",
            [],
        )?;
        if forgotten > 0 {
            return Ok(format!(
                "手机 phone {}: 未收到回执的检查被当作已回执 · an inspection taken for acknowledged",
                phone.who
            ));
        }
    }
    Err(DemoError::Options(
        "没有可破坏的手机 · no phone has anything unsent".into(),
    ))
}
