//! What a budget asks Postgres for: the sums of its subject and never the requests themselves.

use ccag::domain::budget::Period;
use ccag::domain::limit::{Account, Ask, Measure, Scope};
use ccag::storage::{budgets, grants};
use chrono::Utc;
use uuid::Uuid;

use crate::database::Scratch;

/// Usage, and what was spent of it by day.
const TABLES: &str = "^(usage|spend)";

#[actix::test]
async fn a_budget_reads_the_sums_of_its_subject_and_no_other_row() {
    let scratch = Scratch::create().await;
    let made = "insert into spend (scope, subject_id, day, nanos)
        select 'user', ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid,
            (now() at time zone 'UTC')::date - age, 5
        from generate_series(1, 1000) n, generate_series(0, 29) age;
        analyze spend";
    scratch.client().await.batch_execute(made).await.unwrap();
    let before = scratch.sequential_scans(TABLES).await;
    let pool = scratch.pool();
    let subject = Uuid::parse_str("00000000-0000-0000-0000-000000000017").unwrap();
    for (period, spent) in
        [(Period::Daily, Some(5)), (Period::Weekly, None), (Period::Monthly, None)]
    {
        let account = Account { scope: Scope::User, id: subject, measure: Measure::Money(period) };
        let window = period.window(Utc::now());
        let asked = [(account, window)];
        let sums = pool.run(async move |mut c| budgets::spent(&mut c, &asked).await).await.unwrap();
        let ask = Ask { account, window, used: 0, needed: 7, ahead: 100, part: 64, cap: 1_000 };
        let granted = grants::take(&pool, Uuid::from_u128(1), vec![ask]).await.unwrap();
        assert_eq!(granted[0].spent, sums[0], "both tell the same");
        assert_eq!(spent.unwrap_or(sums[0]), sums[0]);
        assert!(granted[0].held >= 7, "{granted:?}");
    }
    drop(pool);
    assert_eq!(scratch.sequential_scans(TABLES).await, before, "a budget read more than its own");
}
