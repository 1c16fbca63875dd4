//! The pages of budgets: set with the rules of one's own, seen where they matter, and told to the
//! members whose they are.

use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::client::{Request, until_status};
use crate::support::gateway::ADMIN;
use crate::support::money::{Person, set_budget};
use crate::support::until;
use crate::support::world::{World, plain};

const ANN: &str = "00000000-0000-0000-0000-0000000000a1";
const TEAM: &str = "00000000-0000-0000-0000-0000000000c1";
const HOSTILE: &str = "<script>alert(1)</script>\"&<img src=x onerror=alert(1)>";

fn audited(world: &World, action: &str) -> Value {
    let path = format!("/admin/audit?action={action}");
    Request::get(&path).bearer(ADMIN).send(world.address()).json()["data"][0].clone()
}

/// Ann, a member of a team, and an admin.
fn people(world: &World) -> (Browser, Browser) {
    let ann = Browser::user(world, ANN, "ann", "member");
    world.database.sql(&format!(
        "insert into teams (id, name) values ('{TEAM}', 'Tools');
         update users set team_id = '{TEAM}' where id = '{ANN}';
         insert into spend (scope, subject_id, day, nanos) values
             ('user', '{ANN}', (now() at time zone 'UTC')::date, 40000000000),
             ('team', '{TEAM}', (now() at time zone 'UTC')::date, 770000000000)"
    ));
    (ann, Browser::admin(world.address()))
}

#[test]
fn a_budget_is_set_with_rules_changed_and_taken_away() {
    let world = World::start();
    let (_, admin) = people(&world);
    let wrong = |fields: &[(&str, &str)], field: &str| {
        let reply = admin.submit("/portal/budgets/new", fields);
        assert_eq!(reply.status, 400, "{field}: {}", reply.text());
        assert!(
            reply.text().contains(&format!("id=\"{field}_error\"")),
            "{field}: {}",
            reply.text()
        );
    };
    let for_ann = [("target", "user"), ("whom", "ann"), ("period", "monthly")];
    let with = |more: &[(&'static str, &'static str)]| [&for_ann[..], more].concat();
    wrong(&with(&[("amount_usd", "much"), ("policy", "standard")]), "amount_usd");
    wrong(&with(&[("amount_usd", "5"), ("policy", "own")]), "rule1_percent");
    let behind = [
        ("amount_usd", "5"),
        ("policy", "own"),
        ("rule1_percent", "90"),
        ("rule1_action", "notify"),
        ("rule2_percent", "80"),
        ("rule2_action", "block"),
    ];
    wrong(&with(&behind), "rule1_percent");
    let nobody = [("target", "team"), ("whom", "none"), ("period", "daily"), ("policy", "soft")];
    wrong(&nobody, "whom");

    let rules = [
        ("amount_usd", "160"),
        ("policy", "own"),
        ("rule1_percent", "120"),
        ("rule1_action", "block"),
        ("rule2_percent", "20"),
        ("rule2_action", "notify"),
        ("rule3_percent", "100"),
        ("rule3_action", "shape"),
        ("rule3_requests", "3"),
    ];
    let made = admin.submit("/portal/budgets/new", &with(&rules));
    assert_eq!(made.status, 303, "{}", made.text());
    let path = made.header("location").split('?').next().unwrap().to_owned();
    let budget = audited(&world, "budget.create")["after"].clone();
    let expected = json!([
        { "at_percent": 20, "action": "notify" },
        { "at_percent": 100, "action": "shape", "requests_per_minute": 3 },
        { "at_percent": 120, "action": "block" },
    ]);
    assert_eq!((&budget["policy"], &budget["subject_id"]), (&expected, &json!(ANN)));
    let again = admin.submit("/portal/budgets/new", &with(&rules));
    assert_eq!(again.status, 409, "{}", again.text());
    assert!(again.text().contains("There is a budget for this target"), "{}", again.text());

    let page = admin.page(&path);
    assert!(page.contains("$40.00 of $160.00 spent") && page.contains("25 %"), "{page}");
    assert!(page.contains("warned") && page.contains("value=\"own\" selected"), "{page}");
    let fields = [("amount_usd", "80"), ("policy", "soft")];
    assert_eq!(admin.submit(&format!("{path}/change"), &fields).status, 303);
    assert!(admin.page(&path).contains("$40.00 of $80.00 spent"));
    let member = admin.page(&format!("/portal/members/{ANN}"));
    assert!(member.contains("(50 %)") && member.contains("150 % block"), "{member}");
    let gone = admin.submit(&format!("{path}/delete"), &[]);
    assert_eq!(gone.header("location"), "/portal/budgets?notice=deleted");
    assert_eq!(admin.send(Request::get(&path)).status, 404);
}

#[test]
fn budgets_are_searched_sorted_and_paged_under_the_names_of_the_day() {
    let world = World::start();
    let (_, admin) = people(&world);
    world.database.sql(
        "insert into users (id, name) select gen_random_uuid(), 'user ' || n from generate_series(1, 60) n;
         insert into budgets (id, target, subject_id, period, amount_nanos, policy)
         select gen_random_uuid(), 'user', id, 'monthly', 1000000000, '\"standard\"' from users",
    );
    let first = admin.page("/portal/budgets?sort=name");
    assert!(first.contains("<bdi>ann</bdi>") && !first.contains("<bdi>user 9</bdi>"), "{first}");
    let next = first.split("href=\"?").find(|part| part.contains("rel=\"next\"")).unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let second = admin.page(&format!("/portal/budgets?{next}"));
    assert!(second.contains("<bdi>user 9</bdi>") && !second.contains("<bdi>ann</bdi>"), "{second}");
    let renamed = format!("update users set name = 'ANNA {HOSTILE}' where id = '{ANN}'");
    world.database.sql(&renamed);
    let found = admin.page("/portal/budgets?q=anna&target=user");
    assert!(found.contains("alert(1)") && !found.contains("<bdi>user 1</bdi>"), "{found}");
    assert!(!found.contains("<script>alert") && !found.contains("<img"), "{found}");
    assert!(admin.page("/portal/budgets?q=anna&target=team").contains("No budget fits."));
}

#[test]
fn the_team_has_its_budgets_and_a_member_sees_only_what_is_left_of_their_own() {
    let world = World::start();
    let (ann, admin) = people(&world);
    let team = format!("/portal/teams/{TEAM}");
    assert!(admin.page(&team).contains("None yet: the team spends as it likes"));
    let of = |target, amount| {
        [
            ("target", target),
            ("subject_id", TEAM),
            ("period", "monthly"),
            ("amount_usd", amount),
            ("policy", "standard"),
        ]
    };
    assert_eq!(admin.submit("/portal/budgets/new", &of("team", "1000")).status, 303);
    assert_eq!(admin.submit("/portal/budgets/new", &of("team_default", "50")).status, 303);
    let page = admin.page(&team);
    assert!(page.contains("$770.00") && page.contains("each user of the team"), "{page}");
    let own = ann.page("/portal/dashboard");
    assert!(own.contains("<strong>$10.00</strong> left of $50.00"), "{own}");
    assert!(!own.contains("770") && !own.contains("$1,000"), "others' money: {own}");
    world
        .database
        .sql(&format!("update spend set nanos = 1000000000000 where subject_id = '{TEAM}'"));
    let own = ann.page("/portal/dashboard");
    assert!(
        own.contains("Your team&#39;s budget is used up")
            || own.contains("Your team's budget is used up"),
        "{own}"
    );
    for path in ["/portal/budgets", "/portal/budgets/new", "/portal/notifications"] {
        assert_eq!(ann.send(Request::get(path)).status, 403, "{path}");
    }
}

#[test]
fn the_overview_names_who_is_blocked_until_the_budget_is_raised() {
    let world = World::start();
    let admin = Browser::admin(world.address());
    let person = Person::new(&world, "ann");
    until_status(&person.asks(plain()), world.address(), 200);
    let id = set_budget(&world, "user", &person.user_id, 0.0002);
    until("the budget blocks", || {
        (person.asks(plain()).send(world.address()).status == 429).then_some(())
    });
    until("the overview says so", || {
        admin.page("/portal/overview").contains("owner of ann” (daily)").then_some(())
    });
    let raised = [("amount_usd", "100"), ("policy", "standard")];
    assert_eq!(admin.submit(&format!("/portal/budgets/{id}/change"), &raised).status, 303);
    assert!(!admin.page("/portal/overview").contains("refused by used up budgets"));
}
