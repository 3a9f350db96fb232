//! Counts by value, and rates.

use std::collections::HashMap;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

/// How many records have a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Count<K> {
    /// The value; `None` for records that have none.
    pub value: Option<K>,
    /// How many.
    pub count: u64,
}

/// How many hazards have a value, void ones apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tally<K> {
    /// The value; `None` for hazards that have none.
    pub value: Option<K>,
    /// How many were reported.
    pub reported: u64,
    /// How many of them are open.
    pub open: u64,
    /// How many of them are overdue.
    pub overdue: u64,
}

/// A rate as the two numbers that it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rate {
    /// How many did.
    pub numerator: u64,
    /// How many could have; never zero.
    pub denominator: u64,
}

impl Rate {
    /// The rate; `None`, that is unknown, where nothing could have been done.
    pub fn of(numerator: u64, denominator: u64) -> Option<Self> {
        (denominator > 0).then_some(Self {
            numerator,
            denominator,
        })
    }
}

/// Counts by value, in the order of the vocabulary, those without a value last.
pub(super) fn counts<K: Copy + PartialEq>(
    vocabulary: &[K],
    found: impl Iterator<Item = Option<K>>,
) -> Vec<Count<K>> {
    let mut counts: Vec<Count<K>> = vocabulary
        .iter()
        .map(|value| Some(*value))
        .chain([None])
        .map(|value| Count { value, count: 0 })
        .collect();
    for value in found {
        if let Some(place) = counts.iter_mut().find(|place| place.value == value) {
            place.count += 1;
        }
    }
    counts.retain(|count| count.count > 0);
    counts
}

/// Counts by value, the highest first.
pub(super) fn ranked<K: Copy + Eq + Hash + Ord>(
    found: impl Iterator<Item = Option<K>>,
) -> Vec<Count<K>> {
    let mut sums: HashMap<Option<K>, u64> = HashMap::new();
    for value in found {
        *sums.entry(value).or_default() += 1;
    }
    let mut counts: Vec<Count<K>> = sums
        .into_iter()
        .map(|(value, count)| Count { value, count })
        .collect();
    counts.sort_unstable_by(|a, b| b.count.cmp(&a.count).then(a.value.cmp(&b.value)));
    counts
}
