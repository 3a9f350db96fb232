//! Reads one row's cells into what they mean, and gathers what is wrong with them. A cell that is
//! wrong reads as nothing, so that the rest of the row is judged as well.

use std::collections::HashMap;

use vanguard_core::calendar::Day;
use vanguard_core::catalogue::Language;

use super::boundary;
use super::columns::{Column, Kind, normalised};
use super::report::{BadRow, Reason};
use super::table::{Table, TableRow};

/// The most characters of a cell.
const CELL_CHARS: usize = 500;

/// A row being read.
pub(super) struct RowReader<'a, 'b> {
    pub(super) table: &'a Table,
    pub(super) row: &'a TableRow,
    pub(super) bad: &'b mut Vec<BadRow>,
}

/// What a value of an enumeration is called.
pub(super) trait Named: Copy + 'static {
    /// Every value.
    fn all() -> &'static [Self];
    /// All the names that a cell may use, the Chinese one first.
    fn names(self) -> [&'static str; 3];
}

macro_rules! named {
    ($($name:ty),+ $(,)?) => {$(
        impl Named for $name {
            fn all() -> &'static [Self] {
                Self::ALL
            }

            fn names(self) -> [&'static str; 3] {
                [self.label(Language::Chinese), self.label(Language::English), self.as_str()]
            }
        }
    )+};
}

named! {
    vanguard_core::model::organisation::PartyOrgKind,
    vanguard_core::model::organisation::UnitKind,
    vanguard_core::model::zone::ZoneKind,
    vanguard_core::model::post::PostKind,
    vanguard_core::model::post::PostStatus,
    vanguard_core::model::template::DutyFrequency,
    vanguard_core::model::Role,
}

impl<'a> RowReader<'a, '_> {
    /// Notes that a cell is wrong. That a whole column is missing is told once, elsewhere.
    pub(super) fn wrong(&mut self, column: Column, reason: Reason) {
        if reason == Reason::Empty && self.position(column).is_none() {
            return;
        }
        self.bad.push(BadRow {
            file: self.table.file.clone(),
            sheet: self.table.sheet.clone(),
            row: Some(self.row.number),
            column: Some(column.zh.to_owned()),
            reason,
        });
    }

    /// The text of a cell; empty where there is none.
    pub(super) fn cell(&self, column: Column) -> &'a str {
        let cell = self.position(column).and_then(|at| self.row.cells.get(at));
        cell.map_or("", String::as_str)
    }

    fn position(&self, column: Column) -> Option<usize> {
        let mut headers = self.table.header.iter();
        headers.position(|header| column.is(&normalised(header)))
    }

    /// The text of a cell that may be empty.
    pub(super) fn text(&mut self, column: Column) -> String {
        let text = self.cell(column);
        if text.chars().count() > CELL_CHARS {
            self.wrong(column, Reason::TooLong(CELL_CHARS));
            return String::new();
        }
        text.to_owned()
    }

    /// The text of a cell that must not be empty.
    pub(super) fn required(&mut self, column: Column) -> Option<String> {
        let text = self.text(column);
        if text.is_empty() {
            if self.cell(column).is_empty() {
                self.wrong(column, Reason::Empty);
            }
            return None;
        }
        Some(text)
    }

    /// The parts of a cell, with any of the usual signs between them.
    pub(super) fn names(&mut self, column: Column) -> Vec<String> {
        self.parts(column, &['、', '，', ',', '；', ';', '\n'])
    }

    /// The sentences of a cell, with semicolons or new lines between them.
    pub(super) fn sentences(&mut self, column: Column) -> Vec<String> {
        self.parts(column, &['；', ';', '\n'])
    }

    fn parts(&mut self, column: Column, between: &[char]) -> Vec<String> {
        let text = self.cell(column);
        let parts = text.split(between).map(str::trim);
        parts
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// A value of an enumeration; nothing where the cell is empty.
    pub(super) fn value<T: Named>(&mut self, column: Column) -> Option<T> {
        let text = self.cell(column);
        if text.is_empty() {
            return None;
        }
        self.value_of(column, text)
    }

    /// A value of an enumeration in a cell that must not be empty.
    pub(super) fn required_value<T: Named>(&mut self, column: Column) -> Option<T> {
        self.required(column)
            .and_then(|text| self.value_of(column, &text))
    }

    /// The value of an enumeration that a text names.
    pub(super) fn value_of<T: Named>(&mut self, column: Column, text: &str) -> Option<T> {
        let is_it = |value: &&T| {
            let mut names = value.names().into_iter();
            names.any(|name| name.eq_ignore_ascii_case(text))
        };
        let found = T::all().iter().find(is_it).copied();
        if found.is_none() {
            let called = |at: usize| T::all().iter().map(move |value| value.names()[at]);
            let chinese: Vec<_> = called(0).collect();
            let english: Vec<_> = called(1).collect();
            let reason = Reason::NotAValue {
                text: text.to_owned(),
                possible: (chinese.join("、"), english.join(", ")),
            };
            self.wrong(column, reason);
        }
        found
    }

    /// What a cell names; nothing where it is empty.
    pub(super) fn reference<T: Copy>(
        &mut self,
        column: Column,
        kind: Kind,
        index: &HashMap<String, T>,
    ) -> Option<T> {
        let name = self.cell(column);
        if name.is_empty() {
            return None;
        }
        self.reference_to(column, kind, name, index)
    }

    /// What a text names.
    pub(super) fn reference_to<T: Copy>(
        &mut self,
        column: Column,
        kind: Kind,
        name: &str,
        index: &HashMap<String, T>,
    ) -> Option<T> {
        let found = index.get(name).copied();
        if found.is_none() {
            let name = name.to_owned();
            self.wrong(column, Reason::Unknown { kind, name });
        }
        found
    }

    /// A date; nothing where the cell is empty.
    pub(super) fn date(&mut self, column: Column) -> Option<Day> {
        let text = self.cell(column);
        if text.is_empty() {
            return None;
        }
        let day = parse_date(text);
        if day.is_none() {
            self.wrong(column, Reason::NotADate(text.to_owned()));
        }
        day
    }

    /// A boundary; nothing where the cell is empty.
    pub(super) fn boundary(&mut self, column: Column) -> Option<String> {
        let text = self.cell(column);
        if text.is_empty() {
            return None;
        }
        let geometry = boundary::polygon(text);
        if geometry.is_none() {
            self.wrong(column, Reason::NotABoundary);
        }
        geometry
    }
}

/// A date as people here write it: 2026-01-31, 2026/1/31, 2026.1.31 or 2026年1月31日.
fn parse_date(text: &str) -> Option<Day> {
    let text = text.trim_end_matches('日');
    let mut parts = text.split(['-', '/', '.', '年', '月']);
    let year: i32 = parts.next()?.parse().ok()?;
    let month: u32 = parts.next()?.parse().ok()?;
    let day: u32 = parts.next()?.parse().ok()?;
    if parts.next().is_some() || !(1900..=2999).contains(&year) {
        return None;
    }
    let found = Day::from_ymd(year, month, day);
    (found.ymd() == (year, month, day)).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_people_write_them() {
        let day = Some(Day::from_ymd(2026, 1, 31));
        for text in ["2026-01-31", "2026/1/31", "2026.1.31", "2026年1月31日"] {
            assert_eq!(parse_date(text), day, "{text}");
        }
        for text in ["2026-02-30", "31.1.2026", "2026-01", "2026-01-31-1", "昨天"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
