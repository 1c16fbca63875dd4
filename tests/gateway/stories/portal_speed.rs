//! How long the portal's pages take with many rows. It measures and asserts no time, so it runs only when
//! it is asked for: `CCAG_USAGE_ROWS=1000000 … cargo nextest run --run-ignored only pages_with_many_rows`.

use crate::support::browser::Browser;
use crate::support::client::Request;
use crate::support::database::Database;
use crate::support::gateway::Setup;
use crate::support::until;
use crate::support::upstream::Upstream;

const USAGE: &str = include_str!("../../fixtures/rows/usage.sql");
const LISTS: &str = include_str!("../../fixtures/rows/lists.sql");
/// Rows that one statement makes.
const STEP: i64 = 100_000;
/// Each page is asked for as often; the middle one counts.
const TIMES: usize = 5;
/// A user of the made-up usage, with a session.
const MEMBER: &str = "00000000-0000-0000-0001-000000000007";
const SECRET: &str = "0123456789012345678901234567890123456789012";

const ADMIN: &[&str] = &[
    "/portal/overview",
    "/portal/analytics",
    "/portal/analytics?range=90d",
    "/portal/analytics?range=14d&grain=hour",
    "/portal/analytics/activity",
    "/portal/analytics/activity?range=90d",
    "/portal/analytics/activity?range=14d&grain=hour",
    "/portal/analytics/models",
    "/portal/analytics/models?range=90d",
    "/portal/analytics/models?range=14d&grain=hour",
    "/portal/analytics/tools",
    "/portal/analytics/tools?range=90d",
    "/portal/live",
    "/portal/status",
    "/portal/teams",
    "/portal/teams?sort=name",
    "/portal/teams?q=team+777",
    "/portal/teams/00000000-0000-0000-0002-000000000003",
    "/portal/members",
    "/portal/members?sort=name",
    "/portal/members?q=user+777",
    "/portal/members/00000000-0000-0000-0001-000000000007",
    "/portal/budgets",
    "/portal/budgets?sort=name",
    "/portal/budgets?q=user+777",
    "/portal/keys?of=all",
    "/portal/keys?of=all&sort=name",
    "/portal/keys?of=all&q=key+777",
    "/portal/keys/00000000-0000-0000-0003-000000000007",
    "/portal/sessions",
    "/portal/sessions?sort=dearest",
    "/portal/sessions?q=project-c4ca",
    "/portal/audit",
    "/portal/audit?q=key+777",
    "/portal/notifications",
    "/portal/notifications/log",
    "/portal/notifications/log?state=parked",
    "/portal/endpoints",
    "/portal/models",
    "/portal/pricing",
    "/portal/settings",
];
/// Each tab of analytics is asked for with each of these, over 90 days.
const TABS: [&str; 4] = ["", "/activity", "/models", "/tools"];
const NARROWED: [&str; 6] = [
    "team=00000000-0000-0000-0002-000000000003",
    "user=00000000-0000-0000-0001-000000000007",
    "model=claude-3",
    "endpoint=endpoint-1",
    "project=project-7",
    "project=-",
];
const OWN: &[&str] = &["/portal/dashboard", "/portal/keys", "/portal/sessions", "/"];

fn number(variable: &str, otherwise: i64) -> i64 {
    std::env::var(variable).map_or(otherwise, |number| number.parse().unwrap())
}

fn fill(database: &Database) {
    let rows = number("CCAG_USAGE_ROWS", 50_000);
    let lists = number("CCAG_LIST_ROWS", 100_000);
    database.sql(&LISTS.replace(":rows", &lists.to_string()));
    database.sql(
        "select usage_ensure_partition(now() - n * interval '1 month') from generate_series(0, 4) n",
    );
    for first in (0..rows).step_by(usize::try_from(STEP).unwrap()) {
        let last = (first + STEP).min(rows) - 1;
        let numbers = [(":first", first), (":last", last), (":rows", rows)];
        let statement = numbers.iter().fold(USAGE.to_owned(), |statement, (name, number)| {
            statement.replace(name, &number.to_string())
        });
        database.sql(&statement);
    }
    database.sql(&format!(
        "insert into portal_sessions (id, secret_hash, user_id, signed_in_by)
         values (gen_random_uuid(), sha256('{SECRET}'), '{MEMBER}', 'password')"
    ));
    database.sql("vacuum analyze");
}

#[test]
#[ignore = "it measures, with rows that take minutes to make"]
fn pages_with_many_rows() {
    let (database, upstream) = (Database::create(), Upstream::start());
    fill(&database);
    let gateway = Setup::new(&database.url(), &upstream.address).start();
    let admin = Browser::admin(&gateway.address);
    let cookie = format!("ccag_session={SECRET}");
    let member = Browser { address: gateway.address.clone(), cookie };
    let narrowed = TABS.iter().flat_map(|tab| {
        NARROWED.iter().map(move |by| format!("/portal/analytics{tab}?range=90d&{by}"))
    });
    let owned = |pages: &[&str]| pages.iter().map(|&page| page.to_owned()).collect::<Vec<_>>();
    let pages = owned(ADMIN).into_iter().chain(narrowed).collect();
    for (who, browser, pages) in [("admin", &admin, pages), ("member", &member, owned(OWN))] {
        // The gateway has just started, and caches are cold.
        for page in &pages {
            browser.page(page);
        }
        for page in &pages {
            let mut times: Vec<f64> = (0..TIMES)
                .map(|_| {
                    let reply = browser.send(Request::get(page));
                    assert_eq!(reply.status, 200, "{page}: {}", reply.text());
                    let id = reply.header("request-id");
                    until("the log has the request", || {
                        let lines = gateway.process.lines();
                        let line = lines
                            .iter()
                            .rev()
                            .find(|line| line.contains(id) && line.contains("A request ended."))?;
                        let line: serde_json::Value = serde_json::from_str(line).ok()?;
                        line["duration_ms"].as_f64()
                    })
                })
                .collect();
            times.sort_by(f64::total_cmp);
            eprintln!("{:8.1} ms  {who}  {page}", times[TIMES / 2]);
        }
    }
}
