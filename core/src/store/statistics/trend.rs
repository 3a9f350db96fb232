//! Day by day: what was reported, closed out and inspected.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::groups;
use crate::calendar::Day;
use crate::id::OrgId;
use crate::store::Result;

/// What happened on a day in China.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrendDay {
    /// The day.
    pub day: Day,
    /// Hazards reported, void ones apart.
    pub reported: u64,
    /// Hazards closed out.
    pub closed: u64,
    /// Inspections submitted.
    pub inspections: u64,
}

// Days in China: its offset and the length of a day, in milliseconds.
const REPORTED: &str = "SELECT (at_ms + 28800000) / 86400000, count(*)
    FROM record INDEXED BY hazard_figures
    WHERE kind = 'hazard' AND status <> 'void' AND at_ms >= ?1 AND at_ms < ?2 AND {spaces}
    GROUP BY 1";
const CLOSED: &str = "SELECT (closed_ms + 28800000) / 86400000, count(*)
    FROM record INDEXED BY hazard_figures
    WHERE kind = 'hazard' AND status = 'closed' AND closed_ms >= ?1 AND closed_ms < ?2
        AND {spaces} GROUP BY 1";
const INSPECTED: &str = "SELECT (at_ms + 28800000) / 86400000, count(*) FROM record
    WHERE kind = 'inspection' AND at_ms >= ?1 AND at_ms < ?2 AND {spaces} GROUP BY 1";

/// Every day from `from` (included) to `to` (not included), those on which nothing happened too.
///
/// # Errors
/// SQLite's.
pub fn trend(conn: &Connection, spaces: &[OrgId], from: Day, to: Day) -> Result<Vec<TrendDay>> {
    let empty = |day| TrendDay {
        day: Day(day),
        reported: 0,
        closed: 0,
        inspections: 0,
    };
    let mut days: Vec<TrendDay> = (from.0..to.0).map(empty).collect();
    let range = [from.start_ms(), to.start_ms()];
    let mut note = |sql, figure: fn(&mut TrendDay) -> &mut u64| -> Result<()> {
        let found: Vec<(i32, u64)> = groups(conn, sql, spaces, &range, |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        for (day, count) in found {
            let place = usize::try_from(day - from.0).ok();
            if let Some(day) = place.and_then(|place| days.get_mut(place)) {
                *figure(day) = count;
            }
        }
        Ok(())
    };
    note(REPORTED, |day| &mut day.reported)?;
    note(CLOSED, |day| &mut day.closed)?;
    note(INSPECTED, |day| &mut day.inspections)?;
    Ok(days)
}
