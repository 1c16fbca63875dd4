//! Usage that is made up: single records, and many rows at once.

use ccag::storage::usage;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::Scratch;

/// A record with these changes to what it has otherwise.
pub(crate) fn record(id: &str, at: DateTime<Utc>, changes: &Value) -> Value {
    let mut record = json!({
        "request_id": id, "started_at": at, "ended_at": at + TimeDelta::milliseconds(800),
        "key_id": null, "user_id": Uuid::from_u128(1), "team_id": Uuid::from_u128(9),
        "session_id": "s", "agent_id": null, "parent_agent_id": null, "client_version": "2.1.0",
        "model": "opus", "model_id": "claude-opus-5-5", "profile": "us.x", "endpoint": "default",
        "streaming": true, "input_tokens": 1, "output_tokens": 2, "cache_read_tokens": 7,
        "cache_write_5m_tokens": 0, "cache_write_1h_tokens": 0, "tokens_estimated": false,
        "cost_nanos": 100, "priced": true, "outcome": "completed", "status": 200,
        "tools": ["Read", "mcp__github__search"], "first_token_ms": 300,
    });
    for (name, value) in changes.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

/// Inserts records as the gateway does; how many are new.
pub(crate) async fn insert(scratch: &Scratch, records: &[Value]) -> usize {
    usage::insert(&scratch.database, Value::from(records.to_vec()).to_string()).await.unwrap()
}

/// What makes rows of usage, between two numbers.
const ROWS: &str = include_str!("../fixtures/rows/usage.sql");

/// Makes so many rows over 90 days: 300 users in 12 teams, 5 models, 3 endpoints.
pub(crate) async fn generate(scratch: &Scratch, rows: i64) {
    let client = scratch.client().await;
    client
        .batch_execute(
            "select usage_ensure_partition(now() - n * interval '1 month') from generate_series(0, 4) n",
        )
        .await
        .unwrap();
    let step = 100_000;
    let mut first = 0;
    while first < rows {
        let last = (first + step).min(rows) - 1;
        let numbers = [(":first", first), (":last", last), (":rows", rows)];
        let statement = numbers.iter().fold(ROWS.to_owned(), |statement, (name, number)| {
            statement.replace(name, &number.to_string())
        });
        client.batch_execute(&statement).await.unwrap();
        first += step;
    }
    client.batch_execute("analyze").await.unwrap();
}
