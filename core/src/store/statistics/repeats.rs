//! Repeat hazards: zones, and places within them, where several were reported in a period.

use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::facts::{Facts, HazardFact, Number};
use crate::id::{OrgId, ZoneId};

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

/// Zones and places where at least `least` hazards were reported in these milliseconds, those with
/// most first.
pub fn repeat_hazards(
    facts: &Facts,
    spaces: &[OrgId],
    ms: &Range<i64>,
    least: u64,
) -> Vec<RepeatHazards> {
    let within = facts.within(spaces);
    let mut places: HashMap<(Option<Number>, Option<&str>), Sum> = HashMap::new();
    for hazard in within.reported(ms).filter(|hazard| !hazard.is_void()) {
        if hazard.zone.is_some() {
            places.entry((hazard.zone, None)).or_default().add(hazard);
        }
        let place = hazard.place.as_deref().filter(|place| !place.is_empty());
        if place.is_some() {
            places.entry((hazard.zone, place)).or_default().add(hazard);
        }
    }
    let repeats = places.into_iter().filter(|(_, sum)| sum.count >= least);
    let repeats = repeats.map(|((zone, place), sum)| RepeatHazards {
        zone: zone.map(|zone| ZoneId(within.ids().id(zone))),
        place: place.map(str::to_owned),
        count: sum.count,
        open: sum.open,
        last_reported_ms: sum.last_reported_ms,
    });
    let mut repeats: Vec<RepeatHazards> = repeats.collect();
    repeats.sort_by(|a, b| {
        let key = |r: &RepeatHazards| (r.count, r.last_reported_ms);
        (key(b).cmp(&key(a))).then_with(|| (a.zone, &a.place).cmp(&(b.zone, &b.place)))
    });
    repeats
}

/// What was reported at a place.
#[derive(Default)]
struct Sum {
    count: u64,
    open: u64,
    last_reported_ms: i64,
}

impl Sum {
    fn add(&mut self, hazard: &HazardFact) {
        self.count += 1;
        self.open += u64::from(hazard.is_open);
        self.last_reported_ms = self.last_reported_ms.max(hazard.at_ms);
    }
}
