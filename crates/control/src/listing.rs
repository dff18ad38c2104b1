//! Which rows of a list, in which order: `limit`, `skip` and `sort`.

use std::cmp::Ordering;

use serde::Serialize;
use serde_json::Value;

use crate::Refusal;

/// What a caller wants to see of a list; by default all of it, as it comes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// At most so many rows.
    pub(crate) limit: Option<usize>,
    /// Without the first so many.
    pub(crate) skip: usize,
    /// In this order.
    pub(crate) sort: Option<Sort>,
}

/// A field of the rows, and which way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) field: String,
    pub(crate) descending: bool,
}

impl Listing {
    /// The rows that the caller wants to see.
    pub(crate) fn apply<Row: Serialize + Default>(&self, mut rows: Vec<Row>) -> Result<Vec<Row>, Refusal> {
        if let Some(sort) = &self.sort {
            rows = sort.apply(rows)?;
        }
        let limit = self.limit.unwrap_or(usize::MAX);
        Ok(rows.into_iter().skip(self.skip).take(limit).collect())
    }
}

impl Sort {
    fn apply<Row: Serialize + Default>(&self, rows: Vec<Row>) -> Result<Vec<Row>, Refusal> {
        self.check::<Row>()?;
        let mut keyed: Vec<(Value, Row)> = rows.into_iter().map(|row| (self.key(&row), row)).collect();
        keyed.sort_by(|(left, _), (right, _)| {
            let order = compare(left, right);
            if self.descending { order.reverse() } else { order }
        });
        Ok(keyed.into_iter().map(|(_, row)| row).collect())
    }

    /// An empty row has the fields of all; so a wrong name is told even while the list is empty.
    fn check<Row: Serialize + Default>(&self) -> Result<(), Refusal> {
        let Ok(Value::Object(fields)) = serde_json::to_value(Row::default()) else { return Ok(()) };
        if fields.contains_key(&self.field) {
            return Ok(());
        }
        let known: Vec<&str> = fields.keys().map(String::as_str).collect();
        Err(Refusal::Bad(format!("cannot sort by `{}`; the fields are {}", self.field, known.join(", "))))
    }

    fn key<Row: Serialize>(&self, row: &Row) -> Value {
        match serde_json::to_value(row) {
            Ok(Value::Object(mut fields)) => fields.remove(&self.field).unwrap_or_default(),
            // A row is a struct of plain values; anything else sorts as nothing.
            Ok(_) | Err(_) => Value::Null,
        }
    }
}

/// Nothing before something, numbers by size, texts by letter, lists by their first difference.
fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => match (left.as_u64(), right.as_u64()) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => left.as_f64().unwrap_or_default().total_cmp(&right.as_f64().unwrap_or_default()),
        },
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Array(left), Value::Array(right)) => left
            .iter()
            .zip(right)
            .map(|(left, right)| compare(left, right))
            .find(|order| order.is_ne())
            .unwrap_or(left.len().cmp(&right.len())),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        _ => right.is_null().cmp(&left.is_null()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BackendRow, WorkerRow};

    #[track_caller]
    fn check(limit: Option<usize>, skip: usize, sort: Option<&str>, expected: &str) {
        let rows = [(1, Some(30), 2.5), (2, None, 10.0), (10, Some(4), 0.5)].map(|(slot, pid, cpu_percent)| WorkerRow {
            slot,
            pid,
            cpu_percent,
            ..WorkerRow::default()
        });
        let sort = sort.map(|text| Sort { field: text.trim_start_matches('-').to_owned(), descending: text.starts_with('-') });
        let shown = match (Listing { limit, skip, sort }).apply(rows.to_vec()) {
            Ok(rows) => rows.iter().map(|row| row.slot.to_string()).collect::<Vec<_>>().join(" "),
            Err(refusal) => refusal.to_string(),
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_list_is_cut_and_sorted_as_asked() {
        check(None, 0, None, "1 2 10");
        check(Some(2), 0, None, "1 2");
        check(Some(0), 0, None, "");
        check(Some(2), 2, None, "10");
        check(None, 9, None, "");
        check(None, 0, Some("-slot"), "10 2 1");
        check(None, 0, Some("pid"), "2 10 1");
        check(None, 0, Some("-pid"), "1 10 2");
        check(None, 0, Some("cpu_percent"), "10 1 2");
        check(Some(1), 1, Some("-slot"), "2");
    }

    #[test]
    fn a_wrong_field_is_named_with_the_right_ones_even_for_an_empty_list() {
        let listing = Listing { sort: Some(Sort { field: "sise".to_owned(), descending: false }), ..Listing::default() };
        let refusal = listing.apply(Vec::<BackendRow>::new()).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "cannot sort by `sise`; the fields are address, condition, hosts, id, last_error, max_requests, name, port, requests, scheme, since_seconds, waited_ms, weight"
        );
    }

    #[test]
    fn lists_sort_by_their_first_difference() {
        let rows = [&["b"][..], &["a", "c"], &["a"], &[]]
            .map(|hosts| BackendRow { hosts: hosts.iter().map(|&host| host.to_owned()).collect(), ..BackendRow::default() });
        let listing = Listing { sort: Some(Sort { field: "hosts".to_owned(), descending: false }), ..Listing::default() };
        let hosts: Vec<String> = listing.apply(rows.to_vec()).unwrap().iter().map(|row| row.hosts.join(" ")).collect();
        assert_eq!(hosts, ["", "a", "a c", "b"]);
    }
}
