//! Repeat hazards: zones, and places within them, where several were reported in a period.

use std::collections::HashMap;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::groups;
use crate::id::{OrgId, ZoneId};
use crate::store::Result;

/// Where several hazards were reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RepeatHazards {
    /// The zone.
    pub zone: Option<ZoneId>,
    /// The place within it, as reported; `None` where the zone as a whole is meant.
    pub place: Option<String>,
    /// How many were reported there, void ones apart.
    pub count: u64,
    /// How many of them are open.
    pub open: u64,
    /// When the latest was reported, in milliseconds.
    pub last_reported_ms: i64,
}

const PLACES: &str = "SELECT zone, trim(json_extract(view, '$.fields.place')), at_ms, is_open
    FROM record INDEXED BY hazard_places WHERE kind = 'hazard' AND status <> 'void' AND at_ms >= ?1 AND at_ms < ?2
        AND {spaces}";

/// Zones and places where at least `least` hazards were reported from `from_ms` (included) to
/// `to_ms` (not included), those with most first.
///
/// # Errors
/// SQLite's.
pub fn repeat_hazards(
    conn: &Connection,
    spaces: &[OrgId],
    (from_ms, to_ms): (i64, i64),
    least: u64,
) -> Result<Vec<RepeatHazards>> {
    let found: Vec<(Option<ZoneId>, Option<String>, i64, bool)> =
        groups(conn, PLACES, spaces, &[from_ms, to_ms], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
    let mut places: HashMap<(Option<ZoneId>, Option<String>), RepeatHazards> = HashMap::new();
    let mut note = |zone: Option<ZoneId>, place: Option<String>, at_ms: i64, is_open: bool| {
        let repeat = places
            .entry((zone, place.clone()))
            .or_insert(RepeatHazards {
                zone,
                place,
                count: 0,
                open: 0,
                last_reported_ms: at_ms,
            });
        repeat.count += 1;
        repeat.open += u64::from(is_open);
        repeat.last_reported_ms = repeat.last_reported_ms.max(at_ms);
    };
    for (zone, place, at_ms, is_open) in found {
        if zone.is_some() {
            note(zone, None, at_ms, is_open);
        }
        if let Some(place) = place.filter(|place| !place.is_empty()) {
            note(zone, Some(place), at_ms, is_open);
        }
    }
    let mut repeats: Vec<RepeatHazards> = places
        .into_values()
        .filter(|repeat| repeat.count >= least)
        .collect();
    repeats.sort_by(|a, b| {
        let key = |r: &RepeatHazards| (r.count, r.last_reported_ms);
        (key(b).cmp(&key(a))).then_with(|| (a.zone, &a.place).cmp(&(b.zone, &b.place)))
    });
    Ok(repeats)
}
