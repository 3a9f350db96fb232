//! Days, quarters and deadlines as the users count them: in China Standard Time, which has no
//! daylight saving, so that a day is the same on every device whatever its own zone.

use serde::{Deserialize, Serialize};

/// China Standard Time is eight hours ahead of UTC.
pub const CHINA_OFFSET_MS: i64 = 8 * HOUR_MS;
/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 3_600_000;
/// Milliseconds in a day.
pub const DAY_MS: i64 = 24 * HOUR_MS;
/// Days in a week, Monday to Sunday.
pub const WEEK_DAYS: i32 = 7;

/// A calendar day in China: days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Day(pub i32);

impl Day {
    /// The day in China at an instant (milliseconds since 1970-01-01T00:00:00Z).
    pub fn at(ms: i64) -> Self {
        let day = (ms.saturating_add(CHINA_OFFSET_MS)).div_euclid(DAY_MS);
        Self(i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX }))
    }

    /// The instant at which the day begins.
    pub fn start_ms(self) -> i64 {
        i64::from(self.0) * DAY_MS - CHINA_OFFSET_MS
    }

    /// The instant at which the next day begins.
    pub fn end_ms(self) -> i64 {
        self.start_ms() + DAY_MS
    }

    /// The day from its parts, unchecked beyond arithmetic: month 1 to 12, day 1 to 31.
    ///
    /// Source: Howard Hinnant's `days_from_civil`, proleptic Gregorian calendar.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Self {
        let shifted = if month <= 2 { year - 1 } else { year };
        let era = shifted.div_euclid(400);
        let year_of_era = shifted.rem_euclid(400);
        let month_index = i32::try_from((month + 9) % 12).unwrap_or(0);
        let day_of_year = (153 * month_index + 2) / 5 + i32::try_from(day).unwrap_or(1) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self(era * 146_097 + day_of_era - 719_468)
    }

    /// Year, month (1 to 12) and day (1 to 31).
    ///
    /// Source: Howard Hinnant's `civil_from_days`.
    pub fn ymd(self) -> (i32, u32, u32) {
        let z = self.0 + 719_468;
        let era = z.div_euclid(146_097);
        let day_of_era = z.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_index = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * month_index + 2) / 5 + 1).unsigned_abs();
        let month = if month_index < 10 {
            month_index + 3
        } else {
            month_index - 9
        }
        .unsigned_abs();
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        (year, month, day)
    }

    /// `2026-11-20`.
    pub fn iso(self) -> String {
        let (year, month, day) = self.ymd();
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// The day of an ISO 8601 date such as `2026-11-20`; `None` when it is not one.
    pub fn parse_iso(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-').map(str::parse::<u32>);
        let (year, month, day) = (
            parts.next()?.ok()?,
            parts.next()?.ok()?,
            parts.next()?.ok()?,
        );
        let parsed = Self::from_ymd(i32::try_from(year).ok()?, month, day);
        (parsed.iso() == text).then_some(parsed)
    }

    /// Days since the Monday of its week: 0 for Monday, 6 for Sunday.
    pub fn weekday(self) -> i32 {
        (self.0 + 3).rem_euclid(7)
    }
}

/// A quarter of a year, the period of the statistics that the regulations ask for
/// (Order 16 of 2007, art. 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quarter {
    /// The calendar year.
    pub year: i32,
    /// 1 to 4.
    pub quarter: u32,
}

impl Quarter {
    /// The quarter of a day.
    pub fn of(day: Day) -> Self {
        let (year, month, _) = day.ymd();
        Self {
            year,
            quarter: (month - 1) / 3 + 1,
        }
    }

    /// Its first day.
    pub fn first_day(self) -> Day {
        Day::from_ymd(self.year, (self.quarter - 1) * 3 + 1, 1)
    }

    /// The quarter after it.
    #[must_use]
    pub fn next(self) -> Self {
        if self.quarter == 4 {
            Self {
                year: self.year + 1,
                quarter: 1,
            }
        } else {
            Self {
                year: self.year,
                quarter: self.quarter + 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_survives_the_way_through_its_parts() {
        for day in (-800_000..800_000).step_by(37) {
            let (y, m, d) = Day(day).ymd();
            assert_eq!(Day::from_ymd(y, m, d), Day(day), "{y}-{m}-{d}");
        }
        assert_eq!(Day::from_ymd(1970, 1, 1), Day(0));
        assert_eq!(Day::from_ymd(2026, 11, 20).weekday(), 4);
    }

    #[test]
    fn the_day_turns_at_midnight_in_china() {
        let midnight = Day::from_ymd(2026, 11, 20).start_ms();
        assert_eq!(Day::at(midnight).iso(), "2026-11-20");
        assert_eq!(Day::at(midnight - 1).iso(), "2026-11-19");
    }

    #[test]
    fn an_impossible_date_is_not_a_day() {
        assert_eq!(Day::parse_iso("2026-02-30"), None);
        assert_eq!(Day::parse_iso("2026-2-3"), None);
        assert_eq!(
            Day::parse_iso("2024-02-29"),
            Some(Day::from_ymd(2024, 2, 29))
        );
    }

    #[test]
    fn a_quarter_ends_where_the_next_begins() {
        let quarter = Quarter::of(Day::from_ymd(2026, 11, 20));
        assert_eq!(
            quarter,
            Quarter {
                year: 2026,
                quarter: 4
            }
        );
        assert_eq!(quarter.next().first_day().iso(), "2027-01-01");
    }
}
