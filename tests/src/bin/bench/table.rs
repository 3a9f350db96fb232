//! The figures: a table for people, JSON for comparison.

use serde_json::{Value, json};

/// A figure beside its limit.
struct Row {
    name: String,
    unit: &'static str,
    value: f64,
    limit: Option<(String, f64)>,
    reach: Option<f64>,
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
            reach: reach.into(),
        });
    }

    /// Prints the table.
    pub(crate) fn print(&self) {
        println!("| figure | measured | limit, same run | ratio | to reach |");
        println!("|---|---|---|---|---|");
        for row in &self.0 {
            let (limit, ratio) = match &row.limit {
                Some((name, limit)) => (
                    format!("{name}: {limit:.3} {}", row.unit),
                    format!("{:.2}", row.value / limit),
                ),
                None => (String::new(), String::new()),
            };
            let reach = row
                .reach
                .map_or(String::new(), |reach| format!("≤ {reach}"));
            let (name, value, unit) = (&row.name, row.value, row.unit);
            println!("| {name} | {value:.3} {unit} | {limit} | {ratio} | {reach} |");
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
                    "ratio": row.limit.as_ref().map(|(_, limit)| row.value / limit),
                    "reach": row.reach,
                })
            })
            .collect();
        serde_json::to_string_pretty(&rows).unwrap()
    }
}
