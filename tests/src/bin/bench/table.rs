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
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        self.limit.as_ref().map(|(_, limit)| self.value / limit)
    }

    fn is_reached(&self) -> Option<bool> {
        Some(match self.reach? {
            Reach::Times(most) => self.ratio()? <= most,
            Reach::Value(most) => self.value <= most,
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
                    "reach": row.reach.map(|(Reach::Times(most) | Reach::Value(most))| most),
                    "is_reached": row.is_reached(),
                })
            })
            .collect();
        serde_json::to_string_pretty(&rows).unwrap()
    }
}
