//! The figures: a table for people, JSON for comparison.

use serde_json::{Value, json};

/// A figure beside its limit.
struct Row {
    name: String,
    unit: &'static str,
    value: f64,
    limit: Option<(String, f64)>,
    reach: Option<Reach>,
}

/// What a figure has to reach.
#[derive(Clone, Copy)]
enum Reach {
    /// At most so many times its limit.
    Times(f64),
    /// At most so much.
    Value(f64),
    /// Its limit, or more.
    AtLeast,
}

impl Reach {
    fn most(self) -> Option<f64> {
        match self {
            Self::Times(most) | Self::Value(most) => Some(most),
            Self::AtLeast => None,
        }
    }
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        self.limit.as_ref().map(|(_, limit)| self.value / limit)
    }

    fn is_reached(&self) -> Option<bool> {
        Some(match self.reach? {
            Reach::Times(most) => self.ratio()? <= most,
            Reach::Value(most) => self.value <= most,
            Reach::AtLeast => self.ratio()? >= 1.0,
        })
    }
}

/// All figures, in the order of their measuring.
#[derive(Default)]
pub(crate) struct Table(Vec<Row>);

impl Table {
    /// A figure alone.
    pub(crate) fn put(&mut self, name: &str, unit: &'static str, value: f64) {
        eprintln!("  {name}: {value:.3} {unit}");
        self.0.push(Row {
            name: name.into(),
            unit,
            value,
            limit: None,
            reach: None,
        });
    }

    /// A figure that should be at most `most`.
    pub(crate) fn put_within(&mut self, name: &str, unit: &'static str, value: f64, most: f64) {
        eprintln!("  {name}: {value:.3} {unit} (at most {most})");
        self.0.push(Row {
            name: name.into(),
            unit,
            value,
            limit: None,
            reach: Some(Reach::Value(most)),
        });
    }

    /// A figure beside its limit; `reach` is the ratio to stay within, where one is set.
    pub(crate) fn put_beside(
        &mut self,
        name: &str,
        unit: &'static str,
        value: f64,
        limit: (&str, f64),
        reach: impl Into<Option<f64>>,
    ) {
        eprintln!("  {name}: {value:.3} {unit} ({}: {:.3})", limit.0, limit.1);
        self.0.push(Row {
            name: name.into(),
            unit,
            value,
            limit: Some((limit.0.into(), limit.1)),
            reach: reach.into().map(Reach::Times),
        });
    }

    /// A figure that must not fall short of what it stands beside.
    pub(crate) fn put_at_least(
        &mut self,
        name: &str,
        unit: &'static str,
        value: f64,
        least: (&str, f64),
    ) {
        self.put_beside(name, unit, value, least, None);
        if let Some(row) = self.0.last_mut() {
            row.reach = Some(Reach::AtLeast);
        }
    }

    /// Prints the table.
    pub(crate) fn print(&self) {
        println!("| figure | measured | limit, same run | ratio | to reach | |");
        println!("|---|---|---|---|---|---|");
        for row in &self.0 {
            let (name, value, unit) = (&row.name, row.value, row.unit);
            let limit = match &row.limit {
                Some((name, limit)) => format!("{name}: {limit:.3} {unit}"),
                None => String::new(),
            };
            let ratio = row
                .ratio()
                .map_or(String::new(), |ratio| format!("{ratio:.2}"));
            let reach = match row.reach {
                Some(Reach::Times(most)) => format!("≤ {most} ×"),
                Some(Reach::Value(most)) => format!("≤ {most} {unit}"),
                Some(Reach::AtLeast) => "≥ 1 ×".into(),
                None => String::new(),
            };
            let verdict = match row.is_reached() {
                Some(true) => "✓",
                Some(false) => "✗",
                None => "",
            };
            println!("| {name} | {value:.3} {unit} | {limit} | {ratio} | {reach} | {verdict} |");
        }
    }

    /// The figures as JSON.
    pub(crate) fn to_json(&self) -> String {
        let rows: Vec<Value> = self
            .0
            .iter()
            .map(|row| {
                json!({
                    "name": row.name,
                    "unit": row.unit,
                    "value": row.value,
                    "limit": row.limit.as_ref().map(|(name, value)| json!({"name": name, "value": value})),
                    "ratio": row.ratio(),
                    "at_most": row.reach.and_then(Reach::most),
                    "at_least": matches!(row.reach, Some(Reach::AtLeast)).then_some(1.0),
                    "is_reached": row.is_reached(),
                })
            })
            .collect();
        serde_json::to_string_pretty(&rows).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_that_holds_less_than_it_acknowledged_has_not_reached_it() {
        let mut table = Table::default();
        for held in [0.0, 9_999.0, 10_000.0] {
            table.put_at_least("held", "", held, ("acknowledged", 10_000.0));
        }
        table.put_beside("took", "s", 2.0, ("bare", 1.0), 1.5);
        let reached: Vec<_> = table.0.iter().map(Row::is_reached).collect();
        assert_eq!(reached, [Some(false), Some(false), Some(true), Some(false)]);
    }
}
