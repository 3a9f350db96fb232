//! `GET /ledger`: the ledger as JSON by pages, or whole as a workbook, or as CSV that Excel opens
//! in Chinese.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;
use vanguard_core::catalogue::Language;
use vanguard_core::id::DocumentId;
use vanguard_core::model::DocumentKind;
use vanguard_core::model::hazard::Hazard;
use vanguard_core::store::StoreError;
use vanguard_core::store::ledger::{self, LedgerColumn, LedgerRow};
use vanguard_core::store::query::Filter;

use super::extract::{Id, POSITION, Parameters, Positioned};
use super::filters::{HazardParameters, ListParameters as _, cursor_text};
use super::problems::ReadProblems;
use super::reading::Reader;
use super::workbook;
use crate::http::auth::ConsoleAuth;
use crate::http::language;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::state::App;

/// A page of the ledger, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct LedgerPage {
    /// Its rows.
    rows: Vec<LedgerRow>,
    /// What to give as `after` for the next page; null after the last.
    next: Option<String>,
}

/// 台账. The ledger, with labels in the language of `Accept-Language`: a page as JSON, or with
/// `Accept: text/csv` all of it (50,000 rows at most) as CSV with a byte order mark, or as a
/// workbook with the media type of XLSX. Sheets say how many photos there are; a workbook's numbers
/// lead to the hazards' pages, which show them.
#[utoipa::path(
    get, path = "/ledger", tag = "review", params(HazardParameters), security(("session" = [])),
    responses(
        (status = 200, description = "The ledger", content(
            (LedgerPage = "application/json"),
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ), headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        ReadProblems,
    )
)]
pub(super) async fn ledger(
    State(app): State<App>,
    auth: ConsoleAuth,
    headers: HeaderMap,
    Parameters(parameters): Parameters<HazardParameters>,
) -> Result<Response, Problem> {
    let now_ms = app.env.now_ms();
    let language = language::preferred(&headers);
    let reader = ledger::Reader { language, now_ms };
    let mut filter = parameters.filter(now_ms)?;
    let (after, limit) = parameters.page()?;
    Reader::of(&app, &auth).narrow(DocumentKind::Hazard, &mut filter);
    let replica = app.relay.replica();
    let position = replica.position();
    if let Some(format) = wanted_sheet(&headers) {
        let public_url = app.public_url.clone();
        let sheet = replica.read_all(move |conn| {
            let rows = whole(conn, &filter, reader)?;
            Ok(format.write(&rows, language, &public_url))
        });
        let sheet = sheet.await?.map_err(|error| {
            tracing::error!(%error, "the ledger cannot be written as a sheet");
            Problem::from(ProblemKind::Internal)
        })?;
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static(format.media()),
            ),
            (
                header::CONTENT_DISPOSITION,
                HeaderValue::from_static(format.disposition()),
            ),
            (
                header::VARY,
                HeaderValue::from_static("accept, accept-language"),
            ),
            (POSITION, HeaderValue::from(position)),
        ];
        return Ok((headers, sheet).into_response());
    }
    let page = replica.read(move |conn| ledger::rows(conn, &filter, reader, after, limit));
    let page = page.await?;
    let body = LedgerPage {
        rows: page.rows,
        next: page.next.map(cursor_text),
    };
    Ok(Positioned::ok(position, body).into_response())
}

/// 台账行. The ledger's row of one hazard: its number, and names instead of ids.
#[utoipa::path(
    get, path = "/ledger/{id}", tag = "review", security(("session" = [])),
    params(("id" = Uuid, Path, description = "The hazard")),
    responses(
        (status = 200, description = "The row", body = LedgerRow,
            headers(("vanguard-position" = u64, description = "The log's position that the answer reflects"))),
        ReadProblems,
    )
)]
pub(super) async fn ledger_row(
    State(app): State<App>,
    auth: ConsoleAuth,
    headers: HeaderMap,
    Id(id): Id,
) -> Result<Positioned<LedgerRow>, Problem> {
    let reader = Reader::of(&app, &auth);
    let ledger_reader = ledger::Reader {
        language: language::preferred(&headers),
        now_ms: app.env.now_ms(),
    };
    let replica = app.relay.replica();
    let position = replica.position();
    let row = replica.read(move |conn| {
        let found = reader.find::<Hazard>(conn, DocumentId(id))?;
        found
            .map(|view| ledger::row(conn, view, ledger_reader))
            .transpose()
    });
    let row = row.await?.ok_or(ProblemKind::NotFound)?;
    Ok(Positioned::ok(position, row))
}

/// A form in which the whole ledger is handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sheet {
    Csv,
    Workbook,
}

impl Sheet {
    const fn media(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Workbook => workbook::MEDIA,
        }
    }

    const fn disposition(self) -> &'static str {
        match self {
            Self::Csv => "attachment; filename=\"ledger.csv\"",
            Self::Workbook => "attachment; filename=\"ledger.xlsx\"",
        }
    }

    fn write(
        self,
        rows: &[LedgerRow],
        language: Language,
        public_url: &str,
    ) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Csv => csv_sheet(rows, language),
            Self::Workbook => Ok(workbook::write(rows, language, public_url)?),
        }
    }
}

/// The form that `Accept` names first; `None` for JSON.
fn wanted_sheet(headers: &HeaderMap) -> Option<Sheet> {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let ranges = accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .map(|range| range.split(';').next().unwrap_or_default().trim());
    let mut known = ranges.filter_map(|range| match range {
        "text/csv" | "text/*" => Some(Some(Sheet::Csv)),
        workbook::MEDIA => Some(Some(Sheet::Workbook)),
        "application/json" | "application/*" | "*/*" => Some(None),
        _ => None,
    });
    known.next().flatten()
}

/// The most rows of a sheet, and how many are read at a time.
const SHEET_LIMIT: usize = 50_000;
const STEP: usize = 500;

fn whole(
    conn: &Connection,
    filter: &Filter,
    reader: ledger::Reader,
) -> Result<Vec<LedgerRow>, StoreError> {
    let mut rows = Vec::new();
    let mut after = None;
    while rows.len() < SHEET_LIMIT {
        let page = ledger::rows(conn, filter, reader, after, STEP)?;
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(rows)
}

fn csv_sheet(rows: &[LedgerRow], language: Language) -> anyhow::Result<Vec<u8>> {
    // The mark by which Excel sees that it is UTF-8.
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    let columns = LedgerColumn::ALL;
    writer.write_record(columns.iter().map(|column| column.label(language)))?;
    for row in rows {
        writer.write_record(columns.iter().map(|column| cell(row, *column, language)))?;
    }
    Ok(writer
        .into_inner()
        .map_err(csv::IntoInnerError::into_error)?)
}

/// A cell that no spreadsheet takes for a formula.
fn cell(row: &LedgerRow, column: LedgerColumn, language: Language) -> String {
    let text = row.text(column, language);
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{text}"),
        _ => text,
    }
}
