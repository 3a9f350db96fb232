//! What the organisation has already, by the names that its spreadsheets use.

use std::collections::HashMap;
use std::hash::Hash;

use rusqlite::Connection;
use vanguard_core::id::DocumentId;
use vanguard_core::model::organisation::{PartyOrg, Unit};
use vanguard_core::model::people::Member;
use vanguard_core::model::post::VanguardPost;
use vanguard_core::model::zone::ResponsibilityZone;
use vanguard_core::model::{Record, View};
use vanguard_core::store::StoreError;
use vanguard_core::store::query::{self, Filter};

use crate::import::Known;

pub(super) fn read(conn: &Connection) -> Result<Known, StoreError> {
    Ok(Known {
        orgs: by_name(conn, |view: &View<PartyOrg>| view.fields.name.clone())?,
        units: by_name(conn, |view: &View<Unit>| view.fields.name.clone())?,
        members: by_name(conn, |view: &View<Member>| view.fields.number.clone())?,
        zones: by_name(conn, |view: &View<ResponsibilityZone>| {
            view.fields.code.clone()
        })?,
        posts: by_name(conn, |view: &View<VanguardPost>| view.fields.code.clone())?,
    })
}

fn by_name<R: Record, I: From<DocumentId> + Eq + Hash>(
    conn: &Connection,
    name: impl Fn(&View<R>) -> String,
) -> Result<HashMap<String, I>, StoreError> {
    let everything = Filter::default();
    let mut after = None;
    let mut found = HashMap::new();
    loop {
        let page = query::list::<R>(conn, &everything, after, 500)?;
        found.extend(
            page.rows
                .iter()
                .map(|row| (name(&row.view), I::from(row.view.header.id))),
        );
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
    }
}
