//! What the sums cost the insert that keeps them. It measures and asserts no time, so it runs only when it
//! is asked for: `… cargo nextest run --test money --no-capture --run-ignored only what_an_insert_costs`.

use std::time::Instant;

use chrono::Utc;
use serde_json::json;
use uuid::Uuid;

use crate::database::Scratch;
use crate::made::{generate, insert, record};

/// Inserts of each size.
const INSERTS: usize = 100;

#[actix::test]
#[ignore = "it measures"]
async fn what_an_insert_costs() {
    let scratch = Scratch::create().await;
    generate(&scratch, 100_000).await;
    let client = scratch.client().await;
    for (sums, without) in [
        ("all sums", ""),
        ("without those by week, and by hour without users", "usage_roll_up_weeks"),
        ("and without those by day without users or models", "usage_roll_up_coarse"),
    ] {
        if !without.is_empty() {
            client.batch_execute(&format!("drop trigger {without} on usage")).await.unwrap();
        }
        for records in [1, 20, 200] {
            let rows = |insert: usize| -> Vec<_> {
                let row = |row: usize| {
                    let number = insert * records + row;
                    let user = Uuid::from_u128((number % 300) as u128);
                    let changes = json!({ "user_id": user, "session_id": format!("of {user}") });
                    record(&format!("{sums} {records} {number}"), Utc::now(), &changes)
                };
                (0..records).map(row).collect()
            };
            let began = Instant::now();
            for number in 0..INSERTS {
                assert_eq!(insert(&scratch, &rows(number)).await, records);
            }
            let each = began.elapsed().as_secs_f64() * 1000.0 / INSERTS as f64;
            eprintln!("{each:6.1} ms for {records:3} records, {sums}");
        }
    }
}
