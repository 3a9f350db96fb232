//! Reads files into tables of text: CSV in UTF-8 (with a byte order mark or without), UTF-16 or
//! GB18030, separated by commas, semicolons or tabs; XLSX with its sheets.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};
use encoding_rs::{Encoding, GB18030, UTF_8};

use super::columns::{self, Kind};
use super::report::{BadRow, Reason};

/// A table of one kind.
#[derive(Clone, Debug)]
pub struct Table {
    /// The file's name.
    pub file: String,
    /// The sheet's name; `None` in CSV.
    pub sheet: Option<String>,
    /// What its rows are; `None` where no header tells.
    pub kind: Option<Kind>,
    /// The headers as written.
    pub header: Vec<String>,
    /// The rows below the header that are not empty.
    pub rows: Vec<TableRow>,
}

/// A row.
#[derive(Clone, Debug)]
pub struct TableRow {
    /// Its number in the file, the first row being 1, as spreadsheets count.
    pub number: u64,
    /// Its cells, without the blanks around them.
    pub cells: Vec<String>,
}

/// How many rows may stand above the header: a title, the name of who filled it in.
const ROWS_ABOVE_HEADER: usize = 5;

/// Reads a file: by its content, not by its name.
///
/// # Errors
/// The one thing that is wrong with the whole file.
pub fn read(file: &str, bytes: &[u8]) -> Result<Vec<Table>, Box<BadRow>> {
    let whole = |reason| Box::new(BadRow::of_file(file, reason));
    if bytes.starts_with(b"PK\x03\x04") {
        return read_xlsx(file, bytes)
            .map_err(|error| whole(Reason::Unreadable(error.to_string())));
    }
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(whole(Reason::OldExcel));
    }
    let text = decode(bytes).ok_or_else(|| whole(Reason::Encoding))?;
    // The reader counts the two bytes of a Windows line end in two rows.
    let text = text.replace("\r\n", "\n");
    let rows = read_csv(&text).map_err(|error| whole(Reason::Unreadable(error.to_string())))?;
    Ok(vec![table(file, None, rows)])
}

fn decode(bytes: &[u8]) -> Option<String> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let (text, is_broken) = encoding.decode_without_bom_handling(bytes.get(mark..)?);
        return (!is_broken).then(|| text.into_owned());
    }
    let fits = |encoding: &'static Encoding| {
        encoding.decode_without_bom_handling_and_without_replacement(bytes)
    };
    // GB18030 text is almost never valid UTF-8 by chance, but the other way round it often is.
    fits(UTF_8).or_else(|| fits(GB18030)).map(Into::into)
}

fn read_csv(text: &str) -> Result<Vec<TableRow>, csv::Error> {
    let sample: String = text.lines().take(ROWS_ABOVE_HEADER).collect();
    let delimiter = [b',', b'\t', b';']
        .into_iter()
        .max_by_key(|delimiter| {
            let count = sample.bytes().filter(|byte| byte == delimiter).count();
            (count, *delimiter == b',')
        })
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    // A spreadsheet counts a cell of several lines as one row.
    let mut lines_in_cells = 0;
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let number = line - lines_in_cells;
        let breaks = record.iter().flat_map(str::bytes);
        lines_in_cells += breaks.filter(|byte| *byte == b'\n').count() as u64;
        rows.push(TableRow {
            number,
            cells: record.iter().map(|cell| cell.trim().to_owned()).collect(),
        });
    }
    Ok(rows)
}

fn read_xlsx(file: &str, bytes: &[u8]) -> Result<Vec<Table>, calamine::XlsxError> {
    let mut book = Xlsx::new(Cursor::new(bytes))?;
    let mut tables = Vec::new();
    for sheet in book.sheet_names() {
        let range = book.worksheet_range(&sheet)?;
        let first = range.start().map_or(0, |(row, _)| u64::from(row)) + 1;
        let rows = range.rows().zip(first..).map(|(cells, number)| TableRow {
            number,
            cells: cells.iter().map(cell_text).collect(),
        });
        let read = table(file, Some(sheet), rows.collect());
        if !read.header.is_empty() {
            tables.push(read);
        }
    }
    Ok(tables)
}

fn cell_text(cell: &Data) -> String {
    match cell {
        Data::DateTime(at) => {
            let (year, month, day, ..) = at.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        // Spreadsheets make floating-point numbers of 工号; whole ones print without a point.
        other => other.to_string().trim().to_owned(),
    }
}

/// Finds the header among the first rows that are not empty.
fn table(file: &str, sheet: Option<String>, rows: Vec<TableRow>) -> Table {
    let is_empty = |row: &TableRow| row.cells.iter().all(String::is_empty);
    let mut rows: Vec<TableRow> = rows.into_iter().filter(|row| !is_empty(row)).collect();
    let kind_of = |row: &TableRow| {
        let mut headers = row.cells.iter().map(|cell| columns::normalised(cell));
        headers.find_map(|header| Kind::of_header(&header))
    };
    let above = rows.iter().take(ROWS_ABOVE_HEADER);
    let header_at = above.clone().position(|row| kind_of(row).is_some());
    let kind = header_at.and_then(|at| rows.get(at)).and_then(kind_of);
    let mut body = rows.split_off(header_at.map_or(rows.len().min(1), |at| at + 1));
    if kind.is_none() {
        body.clear();
    }
    Table {
        file: file.to_owned(),
        sheet,
        kind,
        header: rows.pop().map(|row| row.cells).unwrap_or_default(),
        rows: body,
    }
}
