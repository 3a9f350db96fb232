//! `GET /ledger`: the ledger as JSON by pages, or whole as CSV that Excel opens in Chinese.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use rusqlite::Connection;
use serde::Serialize;
use utoipa::ToSchema;
use vanguard_core::catalogue::Language;
use vanguard_core::model::DocumentKind;
use vanguard_core::store::StoreError;
use vanguard_core::store::ledger::{self, LedgerColumn, LedgerRow};
use vanguard_core::store::query::Filter;

use super::extract::{POSITION, Parameters, Positioned};
use super::filters::{HazardParameters, ListParameters as _, cursor_text};
use super::problems::ReadProblems;
use super::reading::Reader;
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
/// `Accept: text/csv` all of it (50,000 rows at most) as CSV with a byte order mark.
#[utoipa::path(
    get, path = "/ledger", tag = "review", params(HazardParameters), security(("session" = [])),
    responses(
        (status = 200, description = "The ledger", content(
            (LedgerPage = "application/json"),
            (String = "text/csv"),
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
    if wants_csv(&headers) {
        let sheet = replica.read(move |conn| sheet(conn, &filter, reader));
        let sheet = sheet.await?.map_err(|error| {
            tracing::error!(%error, "the ledger cannot be written as CSV");
            Problem::from(ProblemKind::Internal)
        })?;
        let name = HeaderValue::from_static("attachment; filename=\"ledger.csv\"");
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/csv; charset=utf-8"),
            ),
            (header::CONTENT_DISPOSITION, name),
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

fn wants_csv(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let mut ranges = accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .map(|range| range.split(';').next().unwrap_or_default().trim());
    let first = ranges.find(|range| {
        matches!(
            *range,
            "text/csv" | "text/*" | "application/json" | "application/*" | "*/*"
        )
    });
    matches!(first, Some("text/csv" | "text/*"))
}

/// The most rows of a sheet, and how many are read at a time.
const SHEET_LIMIT: usize = 50_000;
const STEP: usize = 500;

fn sheet(
    conn: &Connection,
    filter: &Filter,
    reader: ledger::Reader,
) -> Result<Result<Vec<u8>, csv::Error>, StoreError> {
    // The mark by which Excel sees that it is UTF-8.
    let mut writer = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    let columns = LedgerColumn::ALL;
    let mut written = writer.write_record(columns.iter().map(|c| c.label(reader.language)));
    let mut after = None;
    for _ in 0..SHEET_LIMIT / STEP {
        let page = ledger::rows(conn, filter, reader, after, STEP)?;
        for row in &page.rows {
            let cells = columns
                .iter()
                .map(|column| cell(row, *column, reader.language));
            written = written.and_then(|()| writer.write_record(cells));
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let sheet = || {
        writer
            .into_inner()
            .map_err(|error| error.into_error().into())
    };
    Ok(written.and_then(|()| sheet()))
}

/// A cell that no spreadsheet takes for a formula.
fn cell(row: &LedgerRow, column: LedgerColumn, language: Language) -> String {
    let text = row.text(column, language);
    match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{text}"),
        _ => text,
    }
}
