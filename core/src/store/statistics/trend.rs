//! Day by day: what was reported, closed out and inspected.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::facts::{Facts, HazardFact};
use crate::calendar::Day;
use crate::id::OrgId;

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

/// Every one of the days, those on which nothing happened too.
pub fn trend(facts: &Facts, spaces: &[OrgId], days: Range<Day>) -> Vec<TrendDay> {
    let within = facts.within(spaces);
    let empty = |day| TrendDay {
        day: Day(day),
        reported: 0,
        closed: 0,
        inspections: 0,
    };
    let mut trend: Vec<TrendDay> = (days.start.0..days.end.0).map(empty).collect();
    let range = days.start.start_ms()..days.end.start_ms();
    let mut note = |at_ms: i64, figure: fn(&mut TrendDay) -> &mut u64| {
        let day = || usize::try_from(Day::at(at_ms).0 - days.start.0).ok();
        let place = range.contains(&at_ms).then(day).flatten();
        if let Some(day) = place.and_then(|place| trend.get_mut(place)) {
            *figure(day) += 1;
        }
    };
    for hazard in within.hazards().filter(|hazard| !hazard.is_void()) {
        note(hazard.at_ms, |day| &mut day.reported);
    }
    for closed_ms in within.hazards().filter_map(HazardFact::closed_ms) {
        note(closed_ms, |day| &mut day.closed);
    }
    for inspection in within.inspections() {
        note(inspection.at_ms, |day| &mut day.inspections);
    }
    trend
}
