//! Which endpoint serves a request: the strategies, a team's own endpoints, and changes while it runs.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::support::client::Request;
use crate::support::endpoints::{admin, endpoint, health, known, made, team};
use crate::support::rows;
use crate::support::until;
use crate::support::upstream::{Gate, Script, Upstream};
use crate::support::world::{World, plain, streaming};

fn upstreams<const N: usize>() -> [Upstream; N] {
    std::array::from_fn(|_| Upstream::start())
}

fn of_key(key: &str) -> Request {
    plain().without("x-api-key").x_api_key(key)
}

fn of_session(key: &str, session: usize) -> Request {
    of_key(key).header("x-claude-code-session-id", &format!("session-{session}"))
}

/// Which of the upstreams gets a request.
fn served_by(world: &World, upstreams: &[Upstream], request: &Request) -> usize {
    let before: Vec<usize> = upstreams.iter().map(Upstream::count).collect();
    let reply = request.send(world.address());
    assert_eq!(reply.status, 200, "{}", reply.text());
    let grown: Vec<usize> =
        (0..upstreams.len()).filter(|at| upstreams[*at].count() > before[*at]).collect();
    assert_eq!(grown.len(), 1, "one endpoint serves it");
    grown[0]
}

fn three(world: &World, upstreams: &[Upstream; 3]) -> [String; 3] {
    let all = ["a", "b", "c"].iter().zip(upstreams);
    let ids: Vec<String> =
        all.map(|(name, upstream)| endpoint(world, name, upstream, &json!({}))).collect();
    ids.try_into().unwrap()
}

/// A team's key, once the team's endpoints are known.
fn team_of(world: &World, strategy: &str, ids: &[&String], upstreams: &[Upstream]) -> String {
    let key = team(world, strategy, strategy, ids);
    until("the team's endpoints are used", || {
        let before = world.upstream.count();
        of_key(&key).try_send(world.address()).ok().filter(|reply| reply.status == 200)?;
        (world.upstream.count() == before && upstreams.iter().any(|it| it.count() > 0))
            .then_some(())
    });
    key
}

#[test]
fn a_session_stays_at_its_home_and_sessions_spread() {
    let (world, upstreams) = (World::start(), upstreams::<3>());
    let ids = three(&world, &upstreams);
    let key = team_of(&world, "sticky_session", &ids.each_ref(), &upstreams);
    let elsewhere = world.upstream.count();
    let mut homes = HashSet::new();
    // So many that it is no chance if an endpoint has none.
    for session in 0..40 {
        let home = served_by(&world, &upstreams, &of_session(&key, session));
        for _ in 0..3 {
            let again = served_by(&world, &upstreams, &of_session(&key, session));
            assert_eq!(again, home, "session {session}");
        }
        homes.insert(home);
    }
    assert_eq!(homes.len(), 3, "no endpoint is left out");
    assert_eq!(world.upstream.count(), elsewhere, "a team with endpoints never leaves them");

    // Another instance has the same homes.
    let second = world.setup.another().start();
    known(&second, "c");
    let home = served_by(&world, &upstreams, &of_session(&key, 1));
    let before = upstreams[home].count();
    let reply = of_session(&key, 1).send(&second.address);
    assert_eq!((reply.status, upstreams[home].count()), (200, before + 1));
}

#[test]
fn a_throttled_home_overflows_one_request_and_is_used_again() {
    let (world, upstreams) = (World::start(), upstreams::<3>());
    let ids = three(&world, &upstreams);
    let key = team_of(&world, "sticky_session", &ids.each_ref(), &upstreams);
    let request = of_session(&key, 1);
    let home = served_by(&world, &upstreams, &request);
    upstreams[home].next(Script::refusal(429, "ThrottlingException", "Too many requests"));
    let first = request.send(world.address());
    assert_eq!(first.status, 200, "{}", first.text());
    let row = rows::row(&world.database, &first.request_id());
    rows::assert_columns(&row, &[("routed", "failover")]);
    let second = request.send(world.address());
    let row = rows::row(&world.database, &second.request_id());
    rows::assert_columns(&row, &[("routed", "overflow")]);
    until("the home is used again", || {
        let before = upstreams[home].count();
        assert_eq!(request.send(world.address()).status, 200);
        (upstreams[home].count() > before).then_some(())
    });
}

#[test]
fn the_first_serves_all_and_the_next_takes_over() {
    let (world, upstreams) = (World::start(), upstreams::<3>());
    let ids = three(&world, &upstreams);
    let key = team_of(&world, "primary_fallback", &[&ids[1], &ids[0]], &upstreams);
    let elsewhere = world.upstream.count();
    for session in 0..4 {
        assert_eq!(served_by(&world, &upstreams, &of_session(&key, session)), 1);
    }
    let path = format!("/admin/endpoints/{}", ids[1]);
    admin(&world.gateway, "PATCH", &path, &json!({ "enabled": false }));
    until("the disabled one gets nothing more", || {
        (served_by(&world, &upstreams, &of_key(&key)) == 0).then_some(())
    });
    let path = format!("/admin/endpoints/{}", ids[0]);
    admin(&world.gateway, "PATCH", &path, &json!({ "enabled": false }));
    until("the team has none left", || {
        let reply = of_key(&key).send(world.address());
        (reply.status == 503).then(|| assert!(reply.text().contains("enabled"), "{}", reply.text()))
    });
    assert_eq!(world.upstream.count(), elsewhere, "a team with endpoints never leaves them");
}

#[test]
fn requests_go_round_and_to_the_least_busy() {
    let (world, upstreams) = (World::start(), upstreams::<3>());
    let ids = three(&world, &upstreams);
    let round = team_of(&world, "round_robin", &ids.each_ref(), &upstreams);
    let turns: Vec<usize> =
        (0..6).map(|_| served_by(&world, &upstreams, &of_session(&round, 1))).collect();
    assert_eq!(turns.iter().collect::<HashSet<_>>().len(), 3, "{turns:?}");
    assert_eq!(turns[..3], turns[3..], "in turn");

    let busy = team_of(&world, "least_busy", &[&ids[0], &ids[1]], &upstreams);
    let gate = Gate::default();
    upstreams[0].otherwise(Script::stream().wait(&gate));
    upstreams[1].otherwise(Script::stream().wait(&gate));
    let open = |key: &str| {
        let request = streaming().without("x-api-key").x_api_key(key);
        let address = world.address().to_owned();
        std::thread::spawn(move || drop(request.try_open(&address)))
    };
    let counts = |at: usize| upstreams[at].count();
    let before = (counts(0), counts(1));
    for round in 1..=3 {
        let _held = [open(&busy), open(&busy)];
        until("both are equally busy", || {
            (counts(0) == before.0 + round && counts(1) == before.1 + round).then_some(())
        });
    }
    gate.release();
}

#[test]
fn the_first_default_endpoint_takes_the_place_of_the_environments() {
    let (world, upstreams) = (World::start(), upstreams::<1>());
    assert_eq!(plain().send(world.address()).status, 200);
    assert_eq!(world.upstream.count(), 1);
    let id = endpoint(&world, "main", &upstreams[0], &json!({ "default": true }));
    assert_eq!(served_by(&world, &upstreams, &plain()), 0);
    let row = rows::usage(&world.database, 2).pop().unwrap();
    rows::assert_columns(&row, &[("endpoint", "main"), ("routed", "home")]);
    let gone = admin(&world.gateway, "DELETE", &format!("/admin/endpoints/{id}"), &Value::Null);
    assert_eq!(gone.status, 204);
    until("the environment's serves again", || {
        assert_eq!(plain().send(world.address()).status, 200);
        (world.upstream.count() > 1).then_some(())
    });
}

#[test]
fn each_endpoint_has_its_profiles_and_given_names_work_everywhere() {
    let (world, upstreams) = (World::start(), upstreams::<2>());
    let arn = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc123";
    let profiles = json!({ "profiles": [{ "model": "claude-sonnet-4-5", "profile": arn }] });
    let tagged = endpoint(&world, "tagged", &upstreams[0], &profiles);
    let frankfurt =
        endpoint(&world, "frankfurt", &upstreams[1], &json!({ "region": "eu-central-1" }));
    made(
        &world,
        "/admin/model-mappings",
        &json!({ "name": "house-model", "target": "claude-sonnet-4-5" }),
    );
    let key = team_of(&world, "primary_fallback", &[&tagged, &frankfurt], &upstreams);
    let named = |name: &str| {
        let body = format!(
            r#"{{"model":"{name}","max_tokens":8,"messages":[{{"role":"user","content":"x"}}]}}"#
        );
        of_key(&key).body(body)
    };
    until("the given name is known", || {
        (named("house-model").send(world.address()).status == 200).then_some(())
    });
    let path = |upstream: &Upstream| upstream.exchange(upstream.count() - 1).head.start.clone();
    for name in ["house-model", "claude-sonnet-4-5", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"]
    {
        assert_eq!(served_by(&world, &upstreams, &named(name)), 0);
        assert!(path(&upstreams[0]).contains("application-inference-profile%2Fabc123"), "{name}");
    }
    // Where it fails over, the other endpoint's own profile is used.
    upstreams[0].next(Script::refusal(503, "ServiceUnavailableException", "down"));
    let reply = named("house-model").send(world.address());
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(
        path(&upstreams[1]).contains("/eu.anthropic.claude-sonnet-4-5"),
        "{}",
        path(&upstreams[1])
    );
    let row = rows::row(&world.database, &reply.request_id());
    rows::assert_columns(
        &row,
        &[("endpoint", "frankfurt"), ("model_id", "claude-sonnet-4-5-20250929")],
    );

    // A model that only one of them has goes there, which is no failover.
    let reply = named("claude-fable-5-2").send(world.address());
    assert_eq!(reply.status, 200);
    assert_eq!(named("claude-nonesuch").send(world.address()).status, 404);
}

#[test]
fn a_change_leaves_running_streams_and_what_is_known_of_health() {
    let (world, upstreams) = (World::start(), upstreams::<1>());
    let id = endpoint(&world, "main", &upstreams[0], &json!({ "default": true }));
    let gate = Gate::default();
    let events = crate::support::answers::whole(2);
    upstreams[0].next(Script::events(&events[..1]).wait(&gate).more(&events[1..]).end());
    let mut incoming = streaming().open(world.address());
    assert_eq!(incoming.event().name, "message_start");
    assert_eq!(known(&world.gateway, "main")["in_flight"], 1);
    let path = format!("/admin/endpoints/{id}");
    admin(&world.gateway, "PATCH", &path, &json!({ "name": "renamed", "priority": 3 }));
    let after = known(&world.gateway, "renamed");
    assert_eq!(after["in_flight"], 1, "{after}");
    assert_eq!(after["models"][0]["served"], 1, "{after}");
    admin(&world.gateway, "DELETE", &path, &Value::Null);
    until("it is gone", || health(&world.gateway, "renamed").is_none().then_some(()));
    gate.release();
    assert_eq!(incoming.events().last().unwrap().name, "message_stop");
}
