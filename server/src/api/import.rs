//! `POST /imports`: the organisation from spreadsheets, by the very code of `vanguard import`. First
//! looked at, then done in the hand of whoever is signed in.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::State;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vanguard_core::Verb;
use vanguard_core::id::MemberId;
use vanguard_core::model::{Author, Role};
use vanguard_core::rules::{Directory, Refusal};

use super::extract::Positioned;
use super::hand::caught_up;
use super::problems::{WriteProblems, not_done, refused};
use super::records::Words;
use crate::http::auth::ConsoleAuth;
use crate::http::json::JsonWithFiles;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::App;
use crate::import::{BadRow, Counts, Group, Plan, Table, plan, read};
use crate::relay::{Act, ActError};

/// A file of a spreadsheet program.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportFile {
    /// Its name, for telling where what is.
    name: String,
    /// Its bytes in base64: CSV or XLSX.
    content: String,
}

/// Files to import.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Import {
    /// The files; rows of one may refer to rows of another.
    #[schema(min_items = 1, max_items = 20)]
    files: Vec<ImportFile>,
    /// Whether they are only looked at.
    is_preview: bool,
}

/// What comes, or would come, of files.
#[derive(Serialize, ToSchema)]
pub(super) struct Imported {
    /// Whether it is done; never of a preview, nor where a row is bad.
    is_done: bool,
    /// What there is of each kind.
    counts: Vec<ImportCount>,
    /// Every bad row, in the order of the files; with one of them nothing is imported.
    bad: Vec<ImportBadRow>,
    /// The tables that were read.
    tables: Vec<ImportTable>,
}

/// How much there is of a kind.
#[derive(Serialize, ToSchema)]
pub(super) struct ImportCount {
    /// What it is.
    words: Words,
    /// How many rows are new.
    new: usize,
    /// How many are there already, and are left as they are.
    known: usize,
}

/// A row, or a file, that is not right.
#[derive(Serialize, ToSchema)]
pub(super) struct ImportBadRow {
    /// The file.
    file: String,
    /// The sheet; null in CSV.
    sheet: Option<String>,
    /// The row as spreadsheets count; null where it is the whole file or sheet.
    row: Option<u64>,
    /// The column's header, where it is one cell.
    column: Option<String>,
    /// What is wrong.
    words: Words,
}

/// A table of a file.
#[derive(Serialize, ToSchema)]
pub(super) struct ImportTable {
    /// The file.
    file: String,
    /// The sheet; null in CSV.
    sheet: Option<String>,
    /// What its rows are; null where no header tells.
    words: Option<Words>,
    /// The headers.
    header: Vec<String>,
    /// How many rows it has below them.
    count: usize,
    /// The bad ones, 200 at most, and the first ten.
    rows: Vec<ImportRow>,
}

/// A row of a table.
#[derive(Serialize, ToSchema)]
pub(super) struct ImportRow {
    /// Its number as spreadsheets count.
    number: u64,
    /// Its cells.
    cells: Vec<String>,
}

/// So many rows of a table are shown though nothing is wrong with them.
const SAMPLE_ROWS: usize = 10;
/// So many bad rows of a table are shown with their cells; all are named.
const BAD_ROWS: usize = 200;
/// The most files at a time.
const MOST_FILES: usize = 20;

/// 导入. Looks at spreadsheets of the organisation, and brings them in where every row is right:
/// all or nothing, in the hand of whoever is signed in.
#[utoipa::path(
    post, path = "/imports", tag = "decide", request_body = Import, security(("session" = [])),
    responses(
        (status = 200, description = "What comes of them", body = Imported,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        WriteProblems,
    )
)]
pub(super) async fn import_files(
    State(app): State<App>,
    auth: ConsoleAuth,
    JsonWithFiles(Import { files, is_preview }): JsonWithFiles<Import>,
) -> Result<Positioned<Imported>, Problem> {
    let author = keeper(&app.relay.directory(), auth.session.member).map_err(refused)?;
    let files = contents(files)?;
    caught_up(&app).await;
    let known = app.relay.known().await?;
    let (directory, env) = (app.relay.directory(), Arc::clone(&app.env));
    let judged = tokio::task::spawn_blocking(move || {
        let (tables, unreadable) = tables_of(&files);
        let planned = plan(&tables, &known, &directory, env.as_ref());
        (tables, unreadable, planned)
    });
    let (tables, mut bad, planned) = judged.await.map_err(|_| ProblemKind::Internal)?;
    let mut position = app.relay.replica().position();
    let (mut is_done, mut counts) = (false, Counts::default());
    match planned {
        Err(more) => bad.extend(more.iter().map(ImportBadRow::of)),
        Ok(plan) => {
            counts.clone_from(&plan.counts);
            if bad.is_empty() && !is_preview {
                match bring_in(&app, author, plan).await? {
                    Ok(at) => (is_done, position) = (true, at),
                    Err(row) => bad.push(row),
                }
            }
        }
    }
    let body = Imported {
        is_done,
        counts: counts.into_iter().map(ImportCount::of).collect(),
        tables: tables.iter().map(|table| shown(table, &bad)).collect(),
        bad,
    };
    Ok(Positioned::ok(position, body))
}

/// The hand that an organisation is kept in: an administrator's, else a secretary's.
fn keeper(directory: &Directory, member: MemberId) -> Result<Author, Refusal> {
    let held = directory.grants_of(member);
    let of = |role| held.iter().find(|(_, grant)| grant.role == role);
    let found = of(Role::Admin).or_else(|| of(Role::BranchSecretary));
    let (grant, stored) = found.ok_or(Refusal::Role)?;
    Ok(Author {
        member,
        role: stored.role,
        grant: *grant,
    })
}

fn contents(files: Vec<ImportFile>) -> Result<Vec<(String, Vec<u8>)>, Problem> {
    if files.is_empty() || files.len() > MOST_FILES {
        let zh = format!("须为 1 至 {MOST_FILES} 个文件");
        let en = format!("1 to {MOST_FILES} files");
        return Err(Problem::field("files", &zh, &en));
    }
    let decoded = files.into_iter().map(|ImportFile { name, content }| {
        let bytes = BASE64_STANDARD.decode(content);
        let bytes = bytes.map_err(|_| Problem::field("content", "不是 base64", "no base64"))?;
        Ok((name, bytes))
    });
    decoded.collect()
}

fn tables_of(files: &[(String, Vec<u8>)]) -> (Vec<Table>, Vec<ImportBadRow>) {
    let (mut tables, mut bad) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        match read(name, bytes) {
            Ok(found) => tables.extend(found),
            Err(row) => bad.push(ImportBadRow::of(&row)),
        }
    }
    (tables, bad)
}

/// Does what a plan says in a member's hand. Where the rules do not let them, gives the row.
async fn bring_in(
    app: &App,
    author: Author,
    plan: Plan,
) -> Result<Result<u64, ImportBadRow>, Problem> {
    let rows: Vec<(String, Option<String>, u64, usize)> = plan
        .groups
        .iter()
        .map(|group| {
            let Group {
                file,
                sheet,
                row,
                acts,
            } = group;
            (file.clone(), sheet.clone(), *row, acts.len())
        })
        .collect();
    let acts = plan.groups.into_iter().flat_map(|group| group.acts);
    let acts = acts.map(|act| in_hand_of(author.member, act)).collect();
    match app.relay.act(author, acts).await {
        Ok(position) => {
            caught_up(app).await;
            Ok(Ok(position))
        }
        Err(ActError::Refused { index, refusal }) => {
            let mut before = 0;
            let row = rows.into_iter().find(|(.., count)| {
                before += count;
                index < before
            });
            let (file, sheet, row) = match row {
                Some((file, sheet, row, _)) => (file, sheet, Some(row)),
                None => (String::new(), None, None),
            };
            Ok(Err(ImportBadRow {
                file,
                sheet,
                row,
                column: None,
                words: Words::of(refusal),
            }))
        }
        Err(error) => Err(not_done(error)),
    }
}

/// The same act of somebody who is not the operator.
fn in_hand_of(member: MemberId, mut act: Act) -> Act {
    if let Verb::Create { header, .. } = &mut act.verb {
        header.creator = member;
    }
    act
}

impl ImportBadRow {
    fn of(row: &BadRow) -> Self {
        let words = Words {
            chinese: row.reason.chinese().into(),
            english: row.reason.english().into(),
        };
        Self {
            file: row.file.clone(),
            sheet: row.sheet.clone(),
            row: row.row,
            column: row.column.clone(),
            words,
        }
    }
}

impl ImportCount {
    fn of((kind, (new, known)): (crate::import::columns::Kind, (usize, usize))) -> Self {
        Self {
            words: named(kind),
            new,
            known,
        }
    }
}

fn named(kind: crate::import::columns::Kind) -> Words {
    let (chinese, english) = kind.names();
    Words {
        chinese: chinese.into(),
        english: english.into(),
    }
}

fn shown(table: &Table, bad: &[ImportBadRow]) -> ImportTable {
    let here = bad
        .iter()
        .filter(|row| row.file == table.file && row.sheet == table.sheet);
    let bad: HashSet<u64> = here.filter_map(|row| row.row).take(BAD_ROWS).collect();
    let numbered = table.rows.iter().enumerate();
    let rows = numbered
        .filter(|(at, row)| *at < SAMPLE_ROWS || bad.contains(&row.number))
        .map(|(_, row)| ImportRow {
            number: row.number,
            cells: row.cells.clone(),
        });
    ImportTable {
        file: table.file.clone(),
        sheet: table.sheet.clone(),
        words: table.kind.map(named),
        header: table.header.clone(),
        count: table.rows.len(),
        rows: rows.collect(),
    }
}
