//! The rows of the table `usage`, which come a moment after the reply.

use super::database::{Database, Row};
use super::until;

/// Waits for exactly `count` rows, in the order in which the requests began.
///
/// # Panics
/// When more are there, or fewer at the deadline.
#[track_caller]
pub(crate) fn usage(database: &Database, count: usize) -> Vec<Row> {
    let mut seen = 0;
    let rows = until(&format!("{count} rows of usage"), || {
        let rows = database.sql("select * from usage order by started_at");
        seen = rows.len();
        (seen >= count).then_some(rows)
    });
    assert_eq!(rows.len(), count, "{rows:#?}");
    rows
}

/// Waits for the one row of a request.
#[track_caller]
pub(crate) fn row(database: &Database, request_id: &str) -> Row {
    let statement = format!("select * from usage where request_id = '{request_id}'");
    until(&format!("the row of {request_id}"), || database.sql(&statement).pop())
}

/// Waits until each of these requests has a row, and asserts that no request has two.
#[track_caller]
pub(crate) fn each_once(database: &Database, request_ids: &[String]) -> Vec<Row> {
    let rows = request_ids.iter().map(|id| row(database, id)).collect();
    let statement = "select request_id from usage group by request_id having count(*) > 1";
    assert!(database.sql(statement).is_empty(), "rows were doubled");
    rows
}

/// Asserts some columns of a row, all as text.
#[track_caller]
pub(crate) fn assert_columns(row: &Row, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(column(row, name), Some(*value), "{name} of {row:#?}");
    }
}

/// One column as text.
#[track_caller]
pub(crate) fn column<'r>(row: &'r Row, name: &str) -> Option<&'r str> {
    let found = row.get(name);
    found.unwrap_or_else(|| panic!("`usage` has no column `{name}`")).as_deref()
}
