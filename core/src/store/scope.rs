//! Which spaces this device follows, and what it forgets when it no longer does.
//!
//! Whoever loses a role loses what it let them see, except what is assigned to them and what this
//! device has not sent yet; that goes once it is answered.

use rusqlite::{Connection, params};

use super::documents::{self, DocKey};
use super::{Result, query};
use crate::id::{DocumentId, MemberId, OrgId};
use crate::keys::sha256;
use crate::model::DocumentKind;
use crate::model::hazard::{Hazard, HazardEvent, Party};
use crate::wire::Followed;

/// The spaces that this device follows, in order.
///
/// # Errors
/// SQLite's.
pub fn followed(conn: &Connection) -> Result<Vec<Followed>> {
    let mut statement = conn.prepare_cached("SELECT id, sees_violations FROM space ORDER BY id")?;
    let rows = statement.query_map([], |row| {
        Ok(Followed {
            space: row.get(0)?,
            sees_violations: row.get(1)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// A digest of what is followed, by which both sides see that they mean the same.
pub fn digest(scope: &[Followed]) -> [u8; 8] {
    let mut sorted = scope.to_vec();
    sorted.sort_unstable();
    let mut bytes = Vec::with_capacity(sorted.len() * 17);
    for followed in sorted {
        bytes.extend_from_slice(followed.space.as_bytes());
        bytes.push(u8::from(followed.sees_violations));
    }
    let hash = sha256(&bytes);
    std::array::from_fn(|i| hash[i])
}

/// Follows just these spaces from now on. New ones are to be taken, and so is one again of which
/// the member now sees more; what they may no longer see is forgotten.
///
/// # Errors
/// SQLite's, or a damaged row.
pub fn follow(conn: &Connection, scope: &[Followed], member: MemberId) -> Result<()> {
    let before = followed(conn)?;
    for old in &before {
        if !scope.iter().any(|new| new.space == old.space) {
            conn.execute("DELETE FROM space WHERE id = ?1", [old.space])?;
        }
    }
    for new in scope {
        conn.prepare_cached(
            "INSERT INTO space (id, sees_violations) VALUES (?1, ?2)
             ON CONFLICT (id) DO UPDATE SET sees_violations = ?2, open_done = NULL,
                 after_seq = NULL, is_complete = is_complete AND sees_violations >= ?2
             WHERE sees_violations <> ?2",
        )?
        .execute(params![new.space, new.sees_violations])?;
    }
    for old in before {
        let now = scope.iter().find(|new| new.space == old.space);
        let has_lost = now.is_none_or(|new| old.sees_violations && !new.sees_violations);
        if has_lost {
            forget_in(conn, old.space, member)?;
        }
    }
    Ok(())
}

fn forget_in(conn: &Connection, space: OrgId, member: MemberId) -> Result<()> {
    let mut statement = conn.prepare_cached("SELECT doc FROM document WHERE space = ?1")?;
    let keys: Vec<i64> = statement
        .query_map([space], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    keys.into_iter()
        .try_for_each(|key| forget_unseen(conn, DocKey(key), member))
}

/// Forgets a document that the member may not see, unless something of it, or one of its photos, is
/// still unsent.
///
/// # Errors
/// SQLite's, or a damaged row.
pub fn forget_unseen(conn: &Connection, key: DocKey, member: MemberId) -> Result<()> {
    let is_unseen = conn
        .prepare_cached(
            "SELECT 1 FROM document d LEFT JOIN record r USING (doc)
             LEFT JOIN space s ON s.id = d.space
             WHERE d.doc = ?1 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.doc = d.doc)
             AND NOT EXISTS (SELECT 1 FROM photo p JOIN blob b ON b.hash = p.hash
                 WHERE p.doc = d.doc AND b.is_owed)
             AND (s.id IS NULL OR (d.kind = 'violation' AND NOT s.sees_violations
                 AND r.creator IS NOT ?2))",
        )?
        .exists(params![key.0, member])?;
    if is_unseen && !was_assigned(conn, key, member)? {
        documents::remove(conn, key)?;
    }
    Ok(())
}

/// Whether a hazard was ever assigned to the member, who then sees it wherever it lies.
fn was_assigned(conn: &Connection, key: DocKey, member: MemberId) -> Result<bool> {
    let mut statement = conn.prepare_cached("SELECT id FROM document WHERE doc = ?1")?;
    let id: DocumentId = statement.query_row([key.0], |row| row.get(0))?;
    let Some((DocumentKind::Hazard, _)) = query::kind_of(conn, id)? else {
        return Ok(false);
    };
    let row = query::get::<Hazard>(conn, id)?;
    let events = row.iter().flat_map(|row| &row.view.events);
    let mut assignments = events.filter(|folded| folded.superseded.is_none());
    Ok(assignments.any(|folded| match &folded.event.body {
        HazardEvent::Assigned(assignment) => assignment.person == Party::Member(member),
        _ => false,
    }))
}
