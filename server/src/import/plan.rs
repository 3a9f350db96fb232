//! Judges all rows of all tables, and puts what they say into an order in which everything that is
//! referred to comes first. Pure: tables and what is known go in, acts or bad rows come out.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

use uuid::Uuid;
use vanguard_core::Env;
use vanguard_core::catalogue::Language;
use vanguard_core::id::OrgId;
use vanguard_core::model::organisation::PartyOrgKind;
use vanguard_core::rules::Directory;

use super::Known;
use super::columns::{self, Column, Kind};
use super::report::{BadRow, Reason};
use super::row::RowReader;
use super::rows::{self, Index};
use super::table::{Table, TableRow};
use crate::relay::Act;

/// How many rows of each kind are new, and how many are there already.
pub type Counts = BTreeMap<Kind, (usize, usize)>;

/// What an import will do.
#[derive(Debug, Default)]
pub struct Plan {
    /// What rows become, in an order in which everything that is referred to comes first.
    pub groups: Vec<Group>,
    /// What comes of each kind.
    pub counts: Counts,
}

/// What one row becomes: acts in order that belong together.
#[derive(Debug)]
pub struct Group {
    /// The row's file.
    pub file: String,
    /// Its sheet; `None` in CSV.
    pub sheet: Option<String>,
    /// Its number as spreadsheets count.
    pub row: u64,
    /// The acts.
    pub acts: Vec<Act>,
}

/// A row that is not there yet, with the id that it gets.
struct NewRow<'a> {
    table: &'a Table,
    row: &'a TableRow,
    id: Uuid,
}

/// Judges all rows.
///
/// # Errors
/// Every row that is not right, in the order of the tables.
pub fn plan(
    tables: &[Table],
    known: &Known,
    directory: &Directory,
    env: &dyn Env,
) -> Result<Plan, Vec<BadRow>> {
    let mut bad = Vec::new();
    for table in tables {
        check_header(table, &mut bad);
    }
    let mut plan = Plan::default();
    let mut names = known.clone();
    let mut new: HashMap<Kind, Vec<NewRow<'_>>> = HashMap::new();
    for kind in Kind::ALL {
        let rows = new_rows(
            tables,
            *kind,
            known,
            &mut names,
            env,
            &mut plan.counts,
            &mut bad,
        );
        new.insert(*kind, rows);
    }
    let temporary = temporary_branches(new.get(&Kind::Organisations), &names);
    let is_temporary = |org: OrgId| {
        let existing = directory.org(org);
        existing.is_some_and(|org| org.kind == PartyOrgKind::TemporaryBranch)
            || temporary.contains(&org)
    };
    let index = Index {
        names: &names,
        is_temporary: &is_temporary,
        env,
        now_ms: env.now_ms(),
    };
    for kind in Kind::ALL {
        let rows = new.get(kind).map_or(&[][..], Vec::as_slice);
        let groups = match kind {
            Kind::Organisations => {
                let key = columns::PARENT_ORG;
                tree(rows, key, &mut bad, |reader, id| {
                    let (act, parent) = rows::organisation(reader, &index, id)?;
                    Some((act, parent.map(|parent| parent.0)))
                })
            }
            Kind::Units => tree(rows, columns::PARENT_UNIT, &mut bad, |reader, id| {
                let (act, parent) = rows::unit(reader, &index, id)?;
                Some((act, parent.map(|parent| parent.0)))
            }),
            Kind::Members => each(rows, &mut bad, |reader, id| {
                rows::member(reader, &index, id)
            }),
            Kind::Zones => each(rows, &mut bad, |reader, id| rows::zone(reader, &index, id)),
            Kind::Posts => each(rows, &mut bad, |reader, id| rows::post(reader, &index, id)),
        };
        plan.groups.extend(groups);
    }
    if bad.is_empty() {
        return Ok(plan);
    }
    let place = |row: &BadRow| {
        let is_it = |table: &Table| table.file == row.file && table.sheet == row.sheet;
        (tables.iter().position(is_it), row.row)
    };
    bad.sort_by_key(place);
    Err(bad)
}

fn check_header(table: &Table, bad: &mut Vec<BadRow>) {
    let mut wrong = |column: Option<&str>, reason| {
        bad.push(BadRow {
            file: table.file.clone(),
            sheet: table.sheet.clone(),
            row: None,
            column: column.map(str::to_owned),
            reason,
        });
    };
    let Some(kind) = table.kind else {
        return wrong(None, Reason::UnknownTable);
    };
    let mut seen = HashSet::new();
    for written in table.header.iter().filter(|header| !header.is_empty()) {
        let header = columns::normalised(written);
        if columns::IGNORED.contains(&header.as_str()) {
            continue;
        }
        match kind.columns().iter().position(|column| column.is(&header)) {
            None => wrong(Some(written), Reason::UnknownColumn),
            Some(column) if !seen.insert(column) => wrong(Some(written), Reason::ColumnTwice),
            Some(_) => {}
        }
    }
    for (at, column) in kind.columns().iter().enumerate() {
        if column.is_required && !seen.contains(&at) {
            wrong(None, Reason::ColumnMissing(*column));
        }
    }
}

/// The rows of a kind that are not there yet. Their names are in the index afterwards, right or
/// wrong, so that a mistake in one row is not told again in each row that refers to it.
fn new_rows<'a>(
    tables: &'a [Table],
    kind: Kind,
    known: &Known,
    names: &mut Known,
    env: &dyn Env,
    counts: &mut Counts,
    bad: &mut Vec<BadRow>,
) -> Vec<NewRow<'a>> {
    let Some(key) = kind.columns().first().copied() else {
        return Vec::new();
    };
    let mut new = Vec::new();
    let mut first: HashMap<&str, String> = HashMap::new();
    for table in tables.iter().filter(|table| table.kind == Some(kind)) {
        for row in &table.rows {
            let mut reader = RowReader { table, row, bad };
            let name = reader.cell(key);
            if name.is_empty() {
                reader.wrong(key, Reason::Empty);
                continue;
            }
            if let Some(first) = first.get(name) {
                let first = first.clone();
                reader.wrong(key, Reason::Twice { first });
                continue;
            }
            let mut place = BadRow::of_file(&table.file, Reason::Empty);
            place.sheet.clone_from(&table.sheet);
            place.row = Some(row.number);
            first.insert(name, place.place());
            let count = counts.entry(kind).or_default();
            if known.has(kind, name) {
                count.1 += 1;
                continue;
            }
            count.0 += 1;
            let id = env.uuid_v7();
            names.insert(kind, name, id);
            new.push(NewRow { table, row, id });
        }
    }
    new
}

impl NewRow<'_> {
    fn group(&self, acts: Vec<Act>) -> Group {
        Group {
            file: self.table.file.clone(),
            sheet: self.table.sheet.clone(),
            row: self.row.number,
            acts,
        }
    }
}

impl Known {
    fn has(&self, kind: Kind, name: &str) -> bool {
        match kind {
            Kind::Organisations => self.orgs.contains_key(name),
            Kind::Units => self.units.contains_key(name),
            Kind::Members => self.members.contains_key(name),
            Kind::Zones => self.zones.contains_key(name),
            Kind::Posts => self.posts.contains_key(name),
        }
    }

    fn insert(&mut self, kind: Kind, name: &str, id: Uuid) {
        fn put<K: From<DocumentId> + Eq + Hash>(
            map: &mut HashMap<String, K>,
            name: &str,
            id: Uuid,
        ) {
            map.insert(name.to_owned(), K::from(DocumentId(id)));
        }
        use vanguard_core::id::DocumentId;
        match kind {
            Kind::Organisations => put(&mut self.orgs, name, id),
            Kind::Units => put(&mut self.units, name, id),
            Kind::Members => put(&mut self.members, name, id),
            Kind::Zones => put(&mut self.zones, name, id),
            Kind::Posts => put(&mut self.posts, name, id),
        }
    }
}

/// The temporary branches among new organisations.
fn temporary_branches(rows: Option<&Vec<NewRow<'_>>>, names: &Known) -> HashSet<OrgId> {
    let kind = PartyOrgKind::TemporaryBranch;
    let called = [
        kind.label(Language::Chinese),
        kind.label(Language::English),
        kind.as_str(),
    ];
    let rows = rows.into_iter().flatten();
    rows.filter_map(|new| {
        let mut ignored = Vec::new();
        let reader = RowReader {
            table: new.table,
            row: new.row,
            bad: &mut ignored,
        };
        let kind = reader.cell(columns::KIND);
        let is_it = called.iter().any(|name| name.eq_ignore_ascii_case(kind));
        let org = names.orgs.get(reader.cell(columns::ORG_NAME)).copied();
        org.filter(|_| is_it)
    })
    .collect()
}

/// Rows that need no order among themselves.
fn each(
    rows: &[NewRow<'_>],
    bad: &mut Vec<BadRow>,
    mut read: impl FnMut(&mut RowReader<'_, '_>, Uuid) -> Option<Vec<Act>>,
) -> Vec<Group> {
    let mut groups = Vec::new();
    for new in rows {
        let mut reader = RowReader {
            table: new.table,
            row: new.row,
            bad,
        };
        groups.extend(read(&mut reader, new.id).map(|acts| new.group(acts)));
    }
    groups
}

/// Rows of which one lies above another: the upper ones first.
fn tree(
    rows: &[NewRow<'_>],
    parent_column: Column,
    bad: &mut Vec<BadRow>,
    mut read: impl FnMut(&mut RowReader<'_, '_>, Uuid) -> Option<(Act, Option<Uuid>)>,
) -> Vec<Group> {
    let mut waiting = Vec::new();
    for new in rows {
        let mut reader = RowReader {
            table: new.table,
            row: new.row,
            bad,
        };
        if let Some((act, parent)) = read(&mut reader, new.id) {
            waiting.push((new, act, parent));
        }
    }
    let mut groups = Vec::new();
    let mut unplaced: HashSet<Uuid> = waiting.iter().map(|(new, ..)| new.id).collect();
    loop {
        let before = waiting.len();
        let is_ready = |parent: &Option<Uuid>, unplaced: &HashSet<Uuid>| {
            parent.is_none_or(|parent| !unplaced.contains(&parent))
        };
        let (ready, later): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|(_, _, parent)| is_ready(parent, &unplaced));
        for (new, act, _) in ready {
            unplaced.remove(&new.id);
            groups.push(new.group(vec![act]));
        }
        waiting = later;
        if waiting.is_empty() || waiting.len() == before {
            break;
        }
    }
    for (new, ..) in waiting {
        let mut reader = RowReader {
            table: new.table,
            row: new.row,
            bad,
        };
        reader.wrong(parent_column, Reason::Cycle);
    }
    groups
}
