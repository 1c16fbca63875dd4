//! Partitions ahead of time, and what is kept for how long.

use ccag::storage::usage::{Retention, delete_outlived, keep_partitions};

use crate::database::Scratch;

const KEEP: Retention = Retention { hourly: 400, daily: 1830, notifications: 90 };

async fn partitions(scratch: &Scratch) -> String {
    scratch
        .text(
            "select coalesce(string_agg(relname, ' ' order by relname), '') from pg_inherits \
             join pg_class on oid = inhrelid where inhparent = 'usage'::regclass",
        )
        .await
}

#[actix::test]
async fn months_to_come_have_a_partition_and_old_ones_go_as_a_whole() {
    let scratch = Scratch::create().await;
    let client = scratch.client().await;
    client
        .batch_execute(
            "select usage_ensure_partition(now() - n * interval '1 month') from generate_series(0, 20) n",
        )
        .await
        .unwrap();
    let gone = keep_partitions(&scratch.database, 400).await.unwrap().unwrap();
    // The month whose last day lies 400 days back is the youngest that goes.
    let expected = "select string_agg('usage_' || to_char(m, 'YYYY_MM'), ' ' order by m) \
        from generate_series(date_trunc('month', now() at time zone 'UTC') - interval '20 months', \
        now() at time zone 'UTC', interval '1 month') m \
        where m + interval '1 month' <= (now() - interval '400 days') at time zone 'UTC'";
    assert_eq!(gone.join(" "), scratch.text(expected).await);
    let ahead = "select string_agg('usage_' || to_char(m, 'YYYY_MM'), ' ' order by m) \
        from generate_series(date_trunc('month', now() at time zone 'UTC') - interval '20 months', \
        now() at time zone 'UTC' + interval '3 months', interval '1 month') m \
        where m + interval '1 month' > (now() - interval '400 days') at time zone 'UTC'";
    assert_eq!(partitions(&scratch).await, scratch.text(ahead).await);
    assert_eq!(keep_partitions(&scratch.database, 400).await.unwrap(), Some(vec![]));
}

#[actix::test]
async fn each_class_is_kept_for_its_own_time() {
    let scratch = Scratch::create().await;
    let sums = "insert into TABLE select now() - n * interval '100 days', gen_random_uuid(), \
        gen_random_uuid(), gen_random_uuid(), '', '', '', 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, \
        '{}', '{}' from generate_series(0, 20) n;";
    let client = scratch.client().await;
    let statements = format!(
        "{} {} insert into notifications (id, key, category, type, severity, payload, created_at) \
         select gen_random_uuid(), n::text, 'health', 't', 'info', '{{}}', \
         now() - n * interval '100 days' from generate_series(0, 20) n",
        sums.replace("TABLE", "usage_hourly"),
        sums.replace("TABLE", "usage_daily"),
    );
    client.batch_execute(&statements).await.unwrap();
    assert_eq!(delete_outlived(&scratch.database, KEEP).await.unwrap(), Some(17 + 2 + 20));
    for (table, left) in [("usage_hourly", "4"), ("usage_daily", "19"), ("notifications", "1")] {
        assert_eq!(scratch.text(&format!("select count(*) from {table}")).await, left, "{table}");
    }
}

#[actix::test]
async fn only_one_instance_is_at_it() {
    let scratch = Scratch::create().await;
    let other = scratch.client().await;
    other
        .batch_execute("begin; select pg_advisory_xact_lock(x'636361677570'::bigint)")
        .await
        .unwrap();
    assert_eq!(keep_partitions(&scratch.database, 400).await.unwrap(), None);
    assert_eq!(delete_outlived(&scratch.database, KEEP).await.unwrap(), None);
    other.batch_execute("commit").await.unwrap();
    assert_eq!(delete_outlived(&scratch.database, KEEP).await.unwrap(), Some(0));
}
