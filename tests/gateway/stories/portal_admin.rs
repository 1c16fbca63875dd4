//! The pages of admins: who may see them, what their forms do, and that names stay names.

use serde_json::Value;

use crate::support::browser::Browser;
use crate::support::client::{Reply, Request};
use crate::support::gateway::ADMIN;
use crate::support::world::World;

const PAGES: [&str; 19] = [
    "/portal/overview",
    "/portal/live",
    "/portal/status",
    "/portal/analytics",
    "/portal/analytics/activity",
    "/portal/analytics/models",
    "/portal/analytics/tools",
    "/portal/teams",
    "/portal/members",
    "/portal/endpoints",
    "/portal/models",
    "/portal/pricing",
    "/portal/audit",
    "/portal/settings",
    "/portal/budgets",
    "/portal/budgets/new",
    "/portal/notifications",
    "/portal/notifications/new",
    "/portal/notifications/log",
];
const BOB: &str = "00000000-0000-0000-0000-0000000000b1";
const TEAM: &str = "00000000-0000-0000-0000-0000000000c1";
/// The worst that a name can be: the database takes more than the forms do.
const HOSTILE: &str = "<script>alert(1)</script>\"&<img src=x onerror=alert(1)>\u{202e}";

/// The id in the address that a form led to.
fn id(reply: &Reply) -> String {
    assert_eq!(reply.status, 303, "{}", reply.text());
    let path = reply.header("location");
    path.rsplit('/').next().unwrap_or_default()[..36].to_owned()
}

fn audited(world: &World, action: &str) -> Value {
    let path = format!("/admin/audit?action={action}");
    Request::get(&path).bearer(ADMIN).send(world.address()).json()["data"][0].clone()
}

#[test]
fn admins_see_every_page_and_members_none() {
    let world = World::start();
    let (admin, bob) =
        (Browser::admin(world.address()), Browser::user(&world, BOB, "bob", "member"));
    let export = "/portal/analytics/export?by=user";
    for page in PAGES.into_iter().chain([export]) {
        assert_eq!(Request::get(page).send(world.address()).status, 303, "a visitor: {page}");
        assert_eq!(bob.send(Request::get(page)).status, 403, "a member: {page}");
        let reply = admin.send(Request::get(page));
        assert_eq!(reply.status, 200, "{page}: {}", reply.text());
        if page == export {
            continue;
        }
        assert!(reply.header("content-security-policy").contains("default-src 'none'"), "{page}");
        assert!(!reply.text().contains(" style="), "{page}");
    }
    for order in [
        "/portal/teams",
        "/portal/members",
        "/portal/endpoints",
        "/portal/settings",
        "/portal/models/name",
        "/portal/models/decide",
        "/portal/pricing/set",
        "/portal/pricing/terms",
        "/portal/pricing/refresh",
        "/portal/budgets/new",
        "/portal/notifications/new",
        "/portal/notifications/retry",
        &format!("/portal/members/{BOB}/change"),
        &format!("/portal/members/{BOB}/delete"),
    ] {
        assert_eq!(bob.submit(order, &[("name", "x")]).status, 403, "{order}");
        let without = crate::support::browser::form(order, &[("name", "x")]);
        assert_eq!(admin.send(without).status, 403, "without the token: {order}");
    }
}

#[test]
fn names_at_their_worst_stay_names_on_every_page() {
    let world = World::start();
    Browser::user(&world, BOB, &format!("bob {HOSTILE}{}", "x".repeat(200)), "member");
    world.database.sql(&format!(
        "insert into teams (id, name) values ('{TEAM}', 'team {HOSTILE}');
         update users set team_id = '{TEAM}', email = '{HOSTILE}@x' where id = '{BOB}';
         insert into verdicts (id, endpoint, profile, kind, name, taken, source, reason)
         values (gen_random_uuid(), '{HOSTILE}', '{HOSTILE}', 'beta', '{HOSTILE}', true, 'override', '{HOSTILE}');
         select usage_ensure_partition(now());
         insert into usage (request_id, started_at, ended_at, key_id, user_id, team_id, session_id,
             project, model, model_id, profile, endpoint, streaming, input_tokens, output_tokens,
             cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, tokens_estimated,
             cost_nanos, cache_saved_nanos, priced, outcome, status, tools, first_token_ms)
         values ('r', now(), now() + interval '1 s', null, '{BOB}', '{TEAM}', '{HOSTILE}', '{HOSTILE}',
             '{HOSTILE}', '{HOSTILE}', 'p', '{HOSTILE}', true, 1, 2, 3, 4, 5, false, 5000000, 1, false,
             'completed', 200, array['mcp__{HOSTILE}__{HOSTILE}', '{HOSTILE}'], 7)"
    ));
    let admin = Browser::admin(world.address());
    let (team, member) = (format!("/portal/teams/{TEAM}"), format!("/portal/members/{BOB}"));
    for page in [
        "/portal/overview",
        "/portal/analytics?range=24h",
        "/portal/analytics/activity",
        "/portal/analytics/models",
        "/portal/analytics/tools",
        "/portal/teams",
        "/portal/members",
        "/portal/models",
        &team,
        &member,
    ] {
        let shown = admin.page(page);
        assert!(shown.contains("alert(1)"), "{page}: {shown}");
        assert!(!shown.contains("<script>alert") && !shown.contains("<img"), "{page}: {shown}");
    }
    let csv = admin.page("/portal/analytics/export?by=project");
    assert!(csv.contains("\"0.005000000\"") && csv.contains("<script>"), "{csv}");
}

#[test]
fn a_team_and_its_members_are_made_changed_and_taken_away() {
    let world = World::start();
    let admin = Browser::admin(world.address());
    let refused = admin.submit("/portal/teams", &[("name", "x".repeat(101).as_str())]);
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("id=\"name_error\""), "{}", refused.text());
    let fields =
        [("name", "Tools"), ("models", "claude-opus-5"), ("limits.tokens_per_minute", "900")];
    let team = id(&admin.submit("/portal/teams", &fields));
    assert_eq!(admin.submit("/portal/teams", &[("name", "Tools")]).status, 409);
    assert_eq!(audited(&world, "team.create")["after"]["limits"]["tokens_per_minute"], 900);

    let fields = [("name", "ann"), ("email", "ann@example.com"), ("role", "member")];
    let ann = id(&admin.submit("/portal/members", &fields));
    let wrong = admin.submit("/portal/members", &[("name", "b"), ("email", "no address")]);
    assert!(wrong.status == 400 && wrong.text().contains("id=\"email_error\""), "{}", wrong.text());

    let path = format!("/portal/teams/{team}");
    let nobody = admin.submit(&format!("{path}/add-member"), &[("user", "nobody")]);
    assert!(
        nobody.status == 400 && nobody.text().contains("id=\"user_error\""),
        "{}",
        nobody.text()
    );
    let added = admin.submit(&format!("{path}/add-member"), &[("user", "ANN@example.com")]);
    assert_eq!(added.header("location"), format!("{path}?notice=saved"));
    assert!(admin.page(&path).contains("1 members and the keys"), "{}", admin.page(&path));
    let taken = admin.submit(&format!("{path}/remove-member"), &[("user_id", &ann)]);
    assert_eq!(taken.status, 303);
    assert!(admin.page(&path).contains("Nobody is in this team"));
    let changed = admin.submit(&format!("{path}/change"), &[("name", "Tooling")]);
    assert_eq!(changed.status, 303);
    assert_eq!(audited(&world, "team.edit")["after"]["models"], Value::Null);

    let member = format!("/portal/members/{ann}");
    let fields = [("name", "ann"), ("role", "admin"), ("team_id", &team), ("active", "false")];
    assert_eq!(admin.submit(&format!("{member}/change"), &fields).status, 303);
    assert!(admin.page(&member).contains("inactive"));
    assert_eq!(
        admin.submit(&format!("{member}/delete"), &[]).header("location"),
        "/portal/members?notice=deleted"
    );
    assert_eq!(
        admin.submit(&format!("{path}/delete"), &[]).header("location"),
        "/portal/teams?notice=deleted"
    );
    assert_eq!(admin.send(Request::get(&path)).status, 404);
    assert!(admin.page("/portal/audit?q=Tooling").contains("team.delete"));
    assert!(admin.page("/portal/audit?verify=true").contains("entries hold"));
}

#[test]
fn endpoints_routing_and_names_are_set() {
    let world = World::start();
    let admin = Browser::admin(world.address());
    let wrong =
        admin.submit("/portal/endpoints", &[("name", "east"), ("region", "nowhere at all")]);
    assert!(
        wrong.status == 400 && wrong.text().contains("id=\"region_error\""),
        "{}",
        wrong.text()
    );
    let fields = [
        ("name", "east"),
        ("region", "us-east-1"),
        ("credential", "api_key"),
        ("api_key", "a-bedrock-key"),
        ("enabled", "true"),
    ];
    let east = id(&admin.submit("/portal/endpoints", &fields));
    let page = admin.page(&format!("/portal/endpoints/{east}"));
    assert!(!page.contains("a-bedrock-key") && page.contains("value=\"us-east-1\""), "{page}");
    let fields = [
        ("name", "east"),
        ("region", "us-west-2"),
        ("credential", "api_key"),
        ("enabled", "false"),
    ];
    assert_eq!(admin.submit(&format!("/portal/endpoints/{east}/change"), &fields).status, 303);
    assert_eq!(audited(&world, "endpoint.edit")["after"]["credential"]["kind"], "api_key");

    let team = id(&admin.submit("/portal/teams", &[("name", "Tools")]));
    let route = format!("/portal/teams/{team}/routing");
    let wrong = admin.submit(&route, &[("endpoints", "west"), ("strategy", "round_robin")]);
    assert!(
        wrong.status == 400 && wrong.text().contains("id=\"endpoints_error\""),
        "{}",
        wrong.text()
    );
    assert_eq!(
        admin.submit(&route, &[("endpoints", "east\n"), ("strategy", "least_busy")]).status,
        303
    );
    assert!(admin.page(&format!("/portal/teams/{team}")).contains("value=\"least_busy\" selected"));
    assert_eq!(admin.submit(&format!("/portal/endpoints/{east}/delete"), &[]).status, 303);

    let named =
        admin.submit("/portal/models/name", &[("name", "best"), ("target", "claude-opus-5")]);
    assert_eq!(named.header("location"), "/portal/models?notice=created");
    assert!(admin.page("/portal/models").contains("best"));
    let wrong = [
        ("endpoint", "e"),
        ("profile", "p"),
        ("kind", "feature"),
        ("verdict_name", "none"),
        ("reason", "r"),
    ];
    let wrong = admin.submit("/portal/models/decide", &wrong);
    assert!(
        wrong.status == 400 && wrong.text().contains("id=\"verdict_name_error\""),
        "{}",
        wrong.text()
    );
    let fields = [
        ("endpoint", "e"),
        ("profile", "p"),
        ("kind", "feature"),
        ("verdict_name", "sampling"),
        ("taken", "true"),
        ("reason", "r"),
    ];
    assert_eq!(admin.submit("/portal/models/decide", &fields).status, 303);
    let verdict = audited(&world, "verdict.decide")["subject_id"].as_str().unwrap().to_owned();
    assert_eq!(admin.submit("/portal/models/forget", &[("id", &verdict)]).status, 303);
}

#[test]
fn settings_and_prices_are_changed_with_their_errors_beside_them() {
    let world = World::start();
    let admin = Browser::admin(world.address());
    let wrong = admin.submit("/portal/settings", &[("session_idle_seconds", "7")]);
    assert!(
        wrong.status == 400 && wrong.text().contains("id=\"session_idle_seconds_error\""),
        "{}",
        wrong.text()
    );
    let saved = admin.submit("/portal/settings", &[("default_requests_per_minute", "60")]);
    assert_eq!(saved.header("location"), "/portal/settings?notice=saved");
    let change = audited(&world, "settings.edit");
    assert_eq!(change["after"]["default_requests_per_minute"], 60);
    assert_eq!(change["after"]["session_idle_seconds"], change["before"]["session_idle_seconds"]);

    let saved = admin.submit("/portal/settings", &[("limits_fail_open", "false")]);
    assert_eq!(saved.status, 303, "{}", saved.text());
    let change = audited(&world, "settings.edit");
    assert_eq!(change["after"]["limits_fail_open"], false);
    assert_eq!(change["after"]["default_requests_per_minute"], 60, "the other forms stay");

    let rates = [
        ("model", "claude-opus-5"),
        ("reach", "geo"),
        ("rates.input", "4.5"),
        ("rates.output", "20"),
        ("rates.cache_read", "0.45"),
        ("rates.cache_write_5m", "5"),
        ("rates.cache_write_1h", "9"),
        ("reason", "our contract"),
    ];
    let wrong = admin.submit("/portal/pricing/set", &rates[..4]);
    assert!(
        wrong.status == 400 && wrong.text().contains("id=\"rates.cache_read_error\""),
        "{}",
        wrong.text()
    );
    assert_eq!(admin.submit("/portal/pricing/set", &rates).status, 303);
    assert!(admin.page("/portal/pricing").contains("our contract"));
    let price = audited(&world, "price")["after"]["id"].as_str().unwrap().to_owned();
    assert_eq!(admin.submit("/portal/pricing/end", &[("id", &price)]).status, 303);
    assert!(!admin.page("/portal/pricing").contains("our contract"));
    let terms = [("multiplier", "0.85"), ("web_search", "0.01"), ("terms_reason", "15 % off")];
    assert_eq!(admin.submit("/portal/pricing/terms", &terms).status, 303);
}
