//! A filter as SQL, put together from fixed fragments; values travel only as parameters.

use rusqlite::types::Value;

use super::{Filter, PageKey, SELECT};
use crate::id::OrgId;
use crate::model::DocumentKind;
use crate::store::search;

/// What a list asks, as it grows.
pub(super) struct Query {
    from: &'static str,
    index: &'static str,
    conditions: Vec<String>,
    values: Vec<Value>,
    order: &'static str,
}

impl Query {
    /// The records of a kind that the filter leaves, from `after` on.
    pub(super) fn new(kind: DocumentKind, filter: &Filter, after: Option<PageKey>) -> Self {
        let typed = filter.text.as_deref().map(search::match_expression);
        let mut query = Self {
            from: "FROM record r",
            index: "",
            conditions: Vec::new(),
            values: Vec::new(),
            order: "ORDER BY r.at_ms DESC, r.doc DESC",
        };
        match typed {
            Some(Some(expression)) => {
                query.from = "FROM search CROSS JOIN record r ON r.doc = search.rowid";
                query.order = "ORDER BY search.rowid DESC";
                query.equal("search MATCH", Value::Text(expression));
                if let Some(after) = after {
                    query.equal("search.rowid <", Value::Integer(after.doc));
                }
            }
            Some(None) => query.conditions.push("0".into()),
            None => {
                query.index = index_for(filter);
                if let Some(after) = after {
                    let at = query.bind(Value::Integer(after.at_ms));
                    let doc = query.bind(Value::Integer(after.doc));
                    let earlier = format!("(r.at_ms, r.doc) < ({at}, {doc})");
                    query.conditions.push(earlier);
                }
            }
        }
        query.equal("r.kind =", Value::Text(kind.as_str().into()));
        query.restrict(filter);
        query
    }

    fn restrict(&mut self, filter: &Filter) {
        let blob = |bytes: &[u8; 16]| Value::Blob(bytes.to_vec());
        let text = |text: &str| Value::Text(text.to_owned());
        let of_spaces = |spaces: &[OrgId]| -> Vec<Value> {
            spaces.iter().map(|space| blob(space.as_bytes())).collect()
        };
        if !filter.spaces.is_empty() {
            let condition = self.any_of("r.space", of_spaces(&filter.spaces));
            self.conditions.push(condition);
        }
        if !filter.status.is_empty() {
            let statuses = filter.status.iter().map(|status| text(status));
            let condition = self.any_of("r.status", statuses.collect());
            self.conditions.push(condition);
        }
        if let Some((member, spaces)) = &filter.by_or_in {
            let creator = self.bind(blob(member.as_bytes()));
            let in_spaces = self.any_of("r.space", of_spaces(spaces));
            self.conditions
                .push(format!("(r.creator = {creator} OR {in_spaces})"));
        }
        let equalities = [
            ("r.zone =", filter.zone.map(|id| blob(id.as_bytes()))),
            ("r.unit =", filter.unit.map(|id| blob(id.as_bytes()))),
            ("r.creator =", filter.creator.map(|id| blob(id.as_bytes()))),
            (
                "r.assignee =",
                filter.assignee.map(|id| blob(id.as_bytes())),
            ),
            ("r.category =", filter.category.as_deref().map(text)),
            ("r.grade =", filter.grade.as_deref().map(text)),
            ("r.nature =", filter.nature.as_deref().map(text)),
            ("r.shift =", filter.shift.map(|shift| text(shift.as_str()))),
            ("r.rota =", filter.rota.map(|rota| text(rota.as_str()))),
            ("r.at_ms >=", filter.from_ms.map(Value::Integer)),
            ("r.at_ms <", filter.to_ms.map(Value::Integer)),
            ("r.closed_ms >=", filter.closed_from_ms.map(Value::Integer)),
            ("r.closed_ms <", filter.closed_to_ms.map(Value::Integer)),
            ("r.code =", filter.code.as_deref().map(text)),
            ("r.name =", filter.name.as_deref().map(text)),
        ];
        for (left, value) in equalities {
            if let Some(value) = value {
                self.equal(left, value);
            }
        }
        match filter.is_open {
            Some(true) => self.conditions.push("r.is_open".into()),
            Some(false) => self.conditions.push("NOT r.is_open".into()),
            None => {}
        }
        if let Some(now_ms) = filter.overdue_at_ms {
            self.conditions.push("r.is_open".into());
            self.equal("r.deadline_ms <", Value::Integer(now_ms));
        }
        for (column, wanted) in [
            ("r.is_conflicted", filter.is_conflicted),
            ("r.is_superseded", filter.is_superseded),
        ] {
            match wanted {
                Some(true) => {
                    self.conditions
                        .push("(r.is_conflicted OR r.is_superseded)".into());
                    self.conditions.push(column.into());
                }
                Some(false) => self.conditions.push(format!("NOT {column}")),
                None => {}
            }
        }
    }

    fn bind(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("?{}", self.values.len())
    }

    fn equal(&mut self, left: &str, value: Value) {
        let bound = self.bind(value);
        self.conditions.push(format!("{left} {bound}"));
    }

    fn any_of(&mut self, column: &str, values: Vec<Value>) -> String {
        let bound: Vec<String> = values.into_iter().map(|value| self.bind(value)).collect();
        format!("{column} IN ({})", bound.join(", "))
    }

    /// The SQL of its first `limit` records, and what travels with it.
    pub(super) fn list(mut self, limit: usize) -> (String, Vec<Value>) {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let limit = self.bind(Value::Integer(limit));
        let conditions = self.conditions.join(" AND ");
        let Self {
            from, index, order, ..
        } = self;
        let sql = format!("{SELECT} {from} {index} WHERE {conditions} {order} LIMIT {limit}");
        (sql, self.values)
    }

    /// The SQL of how many they are, and what travels with it.
    pub(super) fn count(self) -> (String, Vec<Value>) {
        let conditions = self.conditions.join(" AND ");
        let Self { from, index, .. } = self;
        let sql = format!("SELECT count(*) {from} {index} WHERE {conditions}");
        (sql, self.values)
    }
}

/// The index of a list: of the restrictions given, the one that leaves least. SQLite has no
/// statistics of a file that grows on a phone, so it is told.
fn index_for(filter: &Filter) -> &'static str {
    if filter.code.is_some() {
        "INDEXED BY record_by_code"
    } else if filter.is_conflicted == Some(true) || filter.is_superseded == Some(true) {
        "INDEXED BY record_unsettled"
    } else if filter.assignee.is_some() {
        "INDEXED BY record_by_assignee"
    } else if filter.zone.is_some() {
        "INDEXED BY record_by_zone"
    } else if filter.creator.is_some() {
        "INDEXED BY record_by_creator"
    } else if filter.status.len() == 1 {
        // Before those that are open: one status is some of them, or none.
        "INDEXED BY record_by_status"
    } else if filter.overdue_at_ms.is_some() || filter.is_open == Some(true) {
        "INDEXED BY record_open"
    } else if filter.spaces.len() == 1 {
        "INDEXED BY record_by_space"
    } else {
        "INDEXED BY record_by_time"
    }
}
