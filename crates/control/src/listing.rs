//! Which rows of a list, in which order: `where`, `limit`, `skip` and `sort`.

mod filter;

use std::cmp::Ordering;

use serde::Serialize;
use serde_json::{Map, Value};

pub(crate) use self::filter::Filter;
use crate::Refusal;

/// What a caller wants to see of a list; by default all of it, as it comes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// Only these rows.
    pub(crate) filter: Filter,
    /// At most so many of them.
    pub(crate) limit: Option<u32>,
    /// Without the first so many.
    pub(crate) skip: u32,
    /// In this order: by the first one, and where that is the same by the next.
    pub(crate) sort: Vec<Sort>,
}

/// A field of the rows, and which way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) field: String,
    pub(crate) descending: bool,
}

/// The rows that a caller wants to see, and how many there are without `limit` and `skip`.
pub(crate) struct Page<Row> {
    pub(crate) rows: Vec<Row>,
    pub(crate) total: usize,
}

impl Listing {
    /// The rows that the caller wants to see.
    pub(crate) fn apply<Row: Serialize + Default>(&self, mut rows: Vec<Row>) -> Result<Page<Row>, Refusal> {
        if *self != (Listing { limit: self.limit, skip: self.skip, ..Listing::default() }) {
            self.check::<Row>()?;
            let mut read: Vec<(Map<String, Value>, Row)> = rows.into_iter().map(|row| (fields(&row), row)).collect();
            read.retain(|(row, _)| self.filter.admits(row));
            read.sort_by(|(left, _), (right, _)| self.order(left, right));
            rows = read.into_iter().map(|(_, row)| row).collect();
        }
        let total = rows.len();
        let (skip, limit) = (whole(self.skip), self.limit.map_or(usize::MAX, whole));
        Ok(Page { rows: rows.into_iter().skip(skip).take(limit).collect(), total })
    }

    /// An empty row has the fields of all; so a wrong name is told even while the list is empty.
    fn check<Row: Serialize + Default>(&self) -> Result<(), Refusal> {
        let known = fields(&Row::default());
        let asked = self.filter.fields().map(|field| ("where", field));
        let sorted = self.sort.iter().map(|sort| ("sort", sort.field.as_str()));
        let Some((key, field)) = asked.chain(sorted).find(|(_, field)| !known.contains_key(*field)) else { return Ok(()) };
        let known: Vec<&str> = known.keys().map(String::as_str).collect();
        Err(Refusal::Bad(format!("{key}: there is no field `{field}`; the fields are {}", known.join(", "))))
    }

    fn order(&self, left: &Map<String, Value>, right: &Map<String, Value>) -> Ordering {
        let orders = self.sort.iter().map(|sort| {
            let order = compare(field(left, sort), field(right, sort));
            if sort.descending { order.reverse() } else { order }
        });
        orders.fold(Ordering::Equal, Ordering::then)
    }
}

impl Sort {
    /// The fields of a text: `name`, `-name`, `name desc`, several with commas.
    pub(crate) fn parse(text: &str) -> Vec<Sort> {
        text.split(',').map(|field| Sort::of_field(field.trim())).collect()
    }

    fn of_field(text: &str) -> Sort {
        let (text, minus) = text.strip_prefix('-').map_or((text, false), |rest| (rest, true));
        let (field, descending) = match text.rsplit_once(' ') {
            Some((field, way)) if way.eq_ignore_ascii_case("asc") => (field, minus),
            Some((field, way)) if way.eq_ignore_ascii_case("desc") => (field, !minus),
            Some(_) | None => (text, minus),
        };
        Sort { field: field.to_owned(), descending }
    }
}

fn whole(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn field<'r>(row: &'r Map<String, Value>, sort: &Sort) -> &'r Value {
    row.get(&sort.field).unwrap_or(&Value::Null)
}

/// A row is a struct of plain values; anything else has no fields.
fn fields<Row: Serialize>(row: &Row) -> Map<String, Value> {
    match serde_json::to_value(row) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
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
    fn check(limit: Option<u32>, skip: u32, sort: Option<&str>, expected: &str) {
        let rows = [(1, Some(30), 2.5), (2, None, 10.0), (10, Some(4), 0.5)].map(|(slot, pid, cpu_percent)| WorkerRow {
            slot,
            pid,
            cpu_percent,
            ..WorkerRow::default()
        });
        let sort = sort.map(Sort::parse).unwrap_or_default();
        let shown = match (Listing { limit, skip, sort, ..Listing::default() }).apply(rows.to_vec()) {
            Ok(page) => page.rows.iter().map(|row| row.slot.to_string()).collect::<Vec<_>>().join(" "),
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
        check(None, 0, Some("slot desc"), "10 2 1");
        check(None, 0, Some("state, -slot"), "10 2 1");
        check(None, 0, Some("state,pid ASC"), "2 10 1");
    }

    #[test]
    fn a_wrong_field_is_named_with_the_right_ones_even_for_an_empty_list() {
        let refused = |listing: Listing| listing.apply(Vec::<BackendRow>::new()).map(|page| page.rows).unwrap_err().to_string();
        let fields = "there is no field `sise`; the fields are address, condition, created, hosts, id, last_error, max_requests, name, port, requests, \
                      scheme, since_seconds, updated, waited_ms, weight";
        let sort = Sort::parse("name,sise");
        assert_eq!(refused(Listing { sort, ..Listing::default() }), format!("sort: {fields}"));
        let filter = "sise=3".parse().unwrap();
        assert_eq!(refused(Listing { filter, ..Listing::default() }), format!("where: {fields}"));
    }

    #[test]
    fn the_total_is_that_of_the_rows_that_are_wanted() {
        let rows: Vec<WorkerRow> = (0..9).map(|slot| WorkerRow { slot, ..WorkerRow::default() }).collect();
        let listing = Listing { filter: "slot>=4".parse().unwrap(), limit: Some(2), skip: 1, sort: Vec::new() };
        let page = listing.apply(rows).unwrap();
        assert_eq!((page.rows.iter().map(|row| row.slot).collect::<Vec<_>>(), page.total), (vec![5, 6], 5));
    }

    #[test]
    fn lists_sort_by_their_first_difference() {
        let rows = [&["b"][..], &["a", "c"], &["a"], &[]]
            .map(|hosts| BackendRow { hosts: hosts.iter().map(|&host| host.to_owned()).collect(), ..BackendRow::default() });
        let listing = Listing { sort: Sort::parse("hosts"), ..Listing::default() };
        let hosts: Vec<String> = listing.apply(rows.to_vec()).unwrap().rows.iter().map(|row| row.hosts.join(" ")).collect();
        assert_eq!(hosts, ["", "a", "a c", "b"]);
    }
}
