//! The ledger as a workbook: real dates and numbers, widths to read by, a header that stays. A
//! hazard's number leads to its page at this relay, where its photos are.

use rust_xlsxwriter::{
    Color, Format, FormatAlign, FormatBorder, FormatUnderline, Url, Workbook, XlsxError,
};
use vanguard_core::calendar::{CHINA_OFFSET_MS, DAY_MS};
use vanguard_core::catalogue::Language;
use vanguard_core::store::ledger::{LedgerColumn, LedgerRow};

/// The media type of a workbook.
pub(super) const MEDIA: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Spreadsheets count days from 1899-12-30.
const SHEET_DAY_OF_1970: f64 = 25_569.0;

/// Writes rows under the ledger's columns; the relay's pages are at `public_url`.
///
/// # Errors
/// Where the library cannot write it.
pub(super) fn write(
    rows: &[LedgerRow],
    language: Language,
    public_url: &str,
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let bordered = || Format::new().set_border(FormatBorder::Thin);
    let text = bordered().set_text_wrap().set_align(FormatAlign::Top);
    let time = bordered()
        .set_num_format("yyyy-mm-dd hh:mm")
        .set_align(FormatAlign::Top);
    let link = bordered()
        .set_align(FormatAlign::Top)
        .set_font_color(Color::Blue)
        .set_underline(FormatUnderline::Single);
    let count = bordered().set_align(FormatAlign::Top);
    let head = bordered()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Center)
        .set_background_color(0x00E8_EDF3);
    for (at, column) in (0..).zip(LedgerColumn::ALL) {
        sheet.set_column_width(at, width(*column))?;
        sheet.write_with_format(0, at, column.label(language), &head)?;
    }
    for (line, row) in (1..).zip(rows) {
        for (at, column) in (0..).zip(LedgerColumn::ALL) {
            match cell(row, *column) {
                Cell::Empty => sheet.write_blank(line, at, &text)?,
                Cell::Text => {
                    sheet.write_with_format(line, at, row.text(*column, language), &text)?
                }
                Cell::Instant(ms) => sheet.write_with_format(line, at, sheet_time(ms), &time)?,
                Cell::Count(photos) => sheet.write_with_format(line, at, photos, &count)?,
                Cell::Page => {
                    let page = Url::new(format!("{public_url}/hazards/{}", row.hazard));
                    let page = page.set_text(&row.number);
                    sheet.write_with_format(line, at, page, &link)?
                }
            };
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    sheet
        .set_landscape()
        .set_paper_size(9)
        .set_repeat_rows(0, 0)?;
    let last = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let columns = u16::try_from(LedgerColumn::ALL.len()).unwrap_or(1);
    sheet.autofilter(0, 0, last, columns - 1)?;
    book.save_to_buffer()
}

/// What a cell holds.
enum Cell {
    Empty,
    Text,
    /// In milliseconds.
    Instant(i64),
    /// So many photos.
    Count(u32),
    /// The number, which leads to the hazard's page.
    Page,
}

fn cell(row: &LedgerRow, column: LedgerColumn) -> Cell {
    use LedgerColumn as C;
    let count = |photos: &[_]| Cell::Count(u32::try_from(photos.len()).unwrap_or(u32::MAX));
    let instant = |ms: Option<i64>| ms.map_or(Cell::Empty, Cell::Instant);
    match column {
        C::Number => Cell::Page,
        C::InspectedAt => Cell::Instant(row.inspected_at_ms),
        C::Deadline => instant(row.deadline_ms),
        C::CompletedAt => instant(row.completed_at_ms),
        C::VerifiedAt => instant(row.verified_at_ms),
        C::PhotosBefore => count(&row.photos_before),
        C::PhotosAfter => count(&row.photos_after),
        _ => Cell::Text,
    }
}

/// An instant as spreadsheets count, in China's time.
#[allow(clippy::cast_precision_loss)] // milliseconds of millennia fit into 53 bits
fn sheet_time(ms: i64) -> f64 {
    (ms + CHINA_OFFSET_MS) as f64 / DAY_MS as f64 + SHEET_DAY_OF_1970
}

/// A column's width, in characters.
const fn width(column: LedgerColumn) -> f64 {
    use LedgerColumn as C;
    match column {
        C::Description | C::Requirements => 36.0,
        C::Number | C::Place | C::Item | C::ContingencyPlan | C::Funds => 20.0,
        C::InspectedAt | C::Deadline | C::CompletedAt | C::VerifiedAt | C::ClosedOut => 17.0,
        C::InspectingUnit | C::ResponsibleUnit | C::Nature => 16.0,
        _ => 11.0,
    }
}
