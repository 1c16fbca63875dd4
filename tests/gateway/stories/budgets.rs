//! Budgets: what is spent, what is refused, and what people are told on the way.

use serde_json::{Value, json};

use crate::support::answers;
use crate::support::client::{Request, until_status};
use crate::support::money::{COST, Person, admin, assert_blocked, call, set_budget, spent};
use crate::support::rows;
use crate::support::until;
use crate::support::upstream::{Gate, Script};
use crate::support::world::{World, plain, streaming};

/// The smallest budget that two requests of the stories exceed.
const SMALL: f64 = 0.0002;

/// Waits until a person's key works everywhere and a budget of theirs is told.
#[track_caller]
fn until_budgeted(world: &World, person: &Person) {
    until("the budget applies", || {
        let reply = person.asks(plain()).send(world.address());
        reply.head.header("x-ccag-budget-status").map(|_| ())
    });
}

#[test]
fn a_spent_budget_blocks_every_route_that_costs_and_says_when_it_resets() {
    let world = World::start();
    let person = Person::new(&world, "ann");
    until_status(&person.asks(plain()), world.address(), 200);
    set_budget(&world, "user", &person.user_id, SMALL);
    let reply = until("the budget blocks", || {
        let reply = person.asks(plain()).send(world.address());
        (reply.status != 200).then_some(reply)
    });
    assert_blocked(&reply);
    let message = reply.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("spend limit reached · resets "), "{message}");
    assert!(message.contains("your daily budget of $0.0002 is spent"), "{message}");
    assert_eq!(reply.header("x-ccag-budget-status"), "blocked");
    assert_eq!(reply.header("x-ccag-budget-remaining-usd"), "0.00");
    assert!(reply.header("x-ccag-budget-resets").ends_with("T00:00:00Z"));
    assert!(reply.header("x-ccag-budget-percent").parse::<u32>().unwrap() >= 100);
    let row = rows::row(&world.database, reply.header("request-id"));
    rows::assert_columns(&row, &[("outcome", "rejected"), ("status", "429"), ("cost_nanos", "0")]);

    assert_blocked(&person.asks(streaming()).send(world.address()));
    let native = "/model/us.anthropic.claude-sonnet-4-5-20250929-v1:0/invoke";
    let body = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":64,"messages":[{"role":"user","content":"x"}]}"#;
    let native = person.asks(Request::post(native)).body(body).send(world.address());
    assert_eq!((native.status, native.header("x-amzn-errortype")), (429, "ThrottlingException"));
    assert_eq!(native.header("x-ccag-budget-status"), "blocked");
    let count = person.asks(plain()).to("/v1/messages/count_tokens");
    assert_eq!(count.send(world.address()).status, 200, "counting is free");
    assert_eq!(plain().send(world.address()).status, 200, "others are not concerned");
}

#[test]
fn each_reply_under_a_budget_tells_how_far_it_is_spent() {
    let world = World::start();
    let person = Person::new(&world, "ann");
    set_budget(&world, "user", &person.user_id, 100.0 * COST as f64 / 1e9);
    until_budgeted(&world, &person);
    let told = |reply: &crate::support::client::Reply| {
        (
            reply.header("x-ccag-budget-status").to_owned(),
            reply.header("x-ccag-budget-percent").parse::<i64>().unwrap(),
        )
    };
    let reply = until("ten requests are counted", || {
        let reply = person.asks(plain()).send(world.address());
        (told(&reply).1 >= 10).then_some(reply)
    });
    assert_eq!(told(&reply).0, "ok");
    world.upstream.next(Script::refusal(500, "InternalServerException", "no"));
    let failed = person.asks(plain()).send(world.address());
    assert!(failed.head.header("x-ccag-budget-percent").is_some(), "{failed:?}");
    let stream = person.asks(streaming()).open(world.address());
    assert!(stream.head.header("x-ccag-budget-resets").is_some());
    let stranger = plain().send(world.address());
    assert!(stranger.head.header("x-ccag-budget-status").is_none());
}

#[test]
fn the_users_the_teams_and_the_keys_budgets_all_count() {
    let world = World::start();
    for target in ["user", "team", "key", "default", "team_default"] {
        let person = Person::new(&world, target);
        let team = call(&world.gateway, "POST", "/admin/teams", &json!({ "name": target }));
        let team = team["id"].as_str().unwrap();
        let member = format!("/admin/teams/{team}/members/{}", person.user_id);
        call(&world.gateway, "PUT", &member, &Value::Null);
        let subject = match target {
            "user" => Some(person.user_id.as_str()),
            "key" => Some(person.key_id.as_str()),
            "default" => None,
            _ => Some(team),
        };
        let budget = json!({
            "target": target, "subject_id": subject, "period": "monthly", "amount_usd": SMALL,
        });
        let made = call(&world.gateway, "POST", "/admin/budgets", &budget);
        until(&format!("the budget of {target} blocks"), || {
            let reply = person.asks(plain()).send(world.address());
            (reply.status == 429).then_some(())
        });
        let path = format!("/admin/budgets/{}", made["id"].as_str().unwrap());
        call(&world.gateway, "DELETE", &path, &Value::Null);
        until_status(&person.asks(plain()), world.address(), 200);
    }
}

#[test]
fn edits_of_budgets_and_moves_of_users_count_at_once() {
    let world = World::start();
    let person = Person::new(&world, "ann");
    let id = set_budget(&world, "user", &person.user_id, 0.0);
    until_status(&person.asks(plain()), world.address(), 429);
    let path = format!("/admin/budgets/{id}");
    call(&world.gateway, "PATCH", &path, &json!({ "amount_usd": 10.0 }));
    until_status(&person.asks(plain()), world.address(), 200);
    let team = call(&world.gateway, "POST", "/admin/teams", &json!({ "name": "spent" }));
    let team = team["id"].as_str().unwrap();
    set_budget(&world, "team", team, 0.0);
    let member = format!("/admin/teams/{team}/members/{}", person.user_id);
    call(&world.gateway, "PUT", &member, &Value::Null);
    until_status(&person.asks(plain()), world.address(), 429);
    call(&world.gateway, "DELETE", &member, &Value::Null);
    until_status(&person.asks(plain()), world.address(), 200);
    let before = world.database.sql("select before from audit where action = 'budget.edit'");
    assert!(before[0]["before"].as_deref().unwrap().contains("\"amount_usd\": 0"), "{before:?}");
}

#[test]
fn a_shaped_budget_throttles_and_tells_people_once() {
    let world = World::start();
    let second = world.setup.another().start();
    let person = Person::new(&world, "ann");
    let budget = json!({
        "target": "user", "subject_id": person.user_id, "period": "weekly", "amount_usd": SMALL,
        "policy": [
            { "at_percent": 50, "action": "notify" },
            { "at_percent": 100, "action": "shape", "requests_per_minute": 1 },
            { "at_percent": 100_000 / 100, "action": "block" },
        ],
    });
    call(&world.gateway, "POST", "/admin/budgets", &budget);
    let reply = until("the budget throttles", || {
        person.asks(plain()).send(&second.address);
        let reply = person.asks(plain()).send(world.address());
        (reply.status == 429).then_some(reply)
    });
    reply.assert_error(429, "rate_limit_error");
    assert_eq!(reply.header("x-ccag-budget-status"), "shaped");
    let seconds: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    let told = |kind: &str| {
        let query = format!("select payload from notifications where type = '{kind}'");
        world.database.sql(&query)
    };
    for kind in ["budget_warning", "budget_shaped"] {
        let told = until(kind, || Some(told(kind)).filter(|told| !told.is_empty()));
        assert_eq!(told.len(), 1, "once across instances: {told:?}");
        let payload: Value = serde_json::from_str(told[0]["payload"].as_deref().unwrap()).unwrap();
        assert_eq!(payload["user"]["id"], person.user_id, "{payload}");
        assert_eq!(payload["detail"]["period"], "weekly", "{payload}");
    }
}

#[test]
fn sixty_four_streams_on_two_instances_do_not_overshoot_a_dollar() {
    const OUTPUT: i64 = 1_500;
    const THREADS: usize = 64;
    let world = World::start();
    let second = world.setup.another().start();
    let person = Person::new(&world, "ann");
    let request = person.asks(streaming()).body(format!(
        r#"{{"model":"{}","max_tokens":2000,"stream":true,"messages":[{{"role":"user","content":"x"}}]}}"#,
        answers::MODEL
    ));
    set_budget(&world, "user", &person.user_id, 1.0);
    let gate = Gate::default();
    let events: Vec<String> = answers::whole(2)
        .iter()
        .map(|event| {
            event
                .replace(r#""output_tokens":2"#, &format!(r#""output_tokens":{OUTPUT}"#))
                .replace(r#""outputTokenCount":2"#, &format!(r#""outputTokenCount":{OUTPUT}"#))
        })
        .collect();
    let script = Script::events(&events[..1]).wait(&gate).more(&events[1..]);
    world.upstream.otherwise(script.end());
    for address in [world.address(), &second.address] {
        until("the budget is known everywhere", || {
            let mut stream = request.open(address);
            let known = stream.head.header("x-ccag-budget-status").is_some();
            if stream.status() == 200 {
                gate.release();
                stream.events();
            }
            known.then_some(())
        });
    }
    let ask = |address: &str| {
        until("the budget is spent", || {
            let mut stream = request.open(address);
            if stream.status() == 200 {
                stream.events();
                return None;
            }
            let reply = stream.reply().unwrap();
            match reply.error_type().as_str() {
                "billing_error" => Some(()),
                "rate_limit_error" => None,
                // What the limiter is too busy for is to be tried again.
                _ if reply.status == 503 => None,
                _ => panic!("{}", reply.text()),
            }
        });
    };
    std::thread::scope(|scope| {
        for number in 0..THREADS {
            let address = if number % 2 == 0 { world.address() } else { &second.address };
            scope.spawn(move || ask(address));
        }
    });
    let (total, one) = (spent(&world, &person.user_id), 16_500 * OUTPUT + 200_000);
    assert!(total >= 1_000_000_000, "blocked before it was spent: {total}");
    let most = 1_000_000_000 + one.max(20_000_000);
    assert!(total <= most, "{total} spent, {most} at the most");
}

#[test]
fn budgets_are_managed_by_the_admin_api() {
    let world = World::start();
    let person = Person::new(&world, "ann");
    let budget = json!({
        "target": "user", "subject_id": person.user_id, "period": "daily", "amount_usd": 12.5,
        "policy": "soft",
    });
    let made = call(&world.gateway, "POST", "/admin/budgets", &budget);
    for (name, value) in budget.as_object().unwrap() {
        assert_eq!(&made[name], value);
    }
    let refused = |body: &Value, status: u16, code: &str, field: &str| {
        let reply = admin("POST", "/admin/budgets", body).send(world.address());
        let told = reply.json();
        assert_eq!((reply.status, &told["code"]), (status, &json!(code)), "{told}");
        assert_eq!(told["field"].as_str().unwrap_or_default(), field, "{told}");
    };
    refused(&budget, 409, "budget_exists", "");
    let with = |name: &str, value: Value| {
        let mut changed = budget.clone();
        changed["period"] = json!("weekly");
        changed[name] = value;
        changed
    };
    refused(&with("subject_id", json!(uuid::Uuid::nil())), 400, "invalid", "subject_id");
    refused(&with("subject_id", Value::Null), 400, "invalid", "subject_id");
    refused(&with("policy", json!([])), 400, "invalid", "policy");
    refused(&with("amount_usd", json!(-1)), 400, "invalid", "request");
    let exempt = call(&world.gateway, "POST", "/admin/budgets", &with("amount_usd", Value::Null));
    assert_eq!(exempt["amount_usd"], Value::Null);

    let listed = format!("/admin/budgets?subject_id={}", person.user_id);
    let listed = call(&world.gateway, "GET", &listed, &Value::Null);
    assert_eq!(listed["data"].as_array().unwrap().len(), 2, "{listed}");
    until_status(&person.asks(plain()), world.address(), 200);
    until("it is spent", || (spent(&world, &person.user_id) > 0).then_some(()));
    let path = format!("/admin/budgets/status?user_id={}", person.user_id);
    let status = call(&world.gateway, "GET", &path, &Value::Null);
    let spent = spent(&world, &person.user_id) as f64 / 1e9;
    assert_eq!(status["monthly_usd"], json!(spent), "{status}");
    assert_eq!(status["budgets"].as_array().unwrap().len(), 1, "{status}");
    let of = &status["budgets"][0];
    assert_eq!((&of["source"], &of["status"]), (&json!("own"), &json!("ok")), "{status}");
    assert_eq!((&of["amount_usd"], &of["spent_usd"]), (&json!(12.5), &json!(spent)), "{status}");

    let usage = person.asks(Request::get("/api/oauth/usage")).send(world.address());
    assert_eq!(usage.header("cache-control"), "no-store");
    let usage = usage.json();
    assert_eq!(usage["limits"][0]["group"], "daily", "{usage}");
    assert_eq!(usage["extra_usage"]["monthly_limit"], Value::Null, "{usage}");
    assert_eq!(usage["extra_usage"]["daily"]["limit"], json!(1875.0), "{usage}");
    assert_eq!(usage["extra_usage"]["used_credits"], json!(spent * 100.0), "{usage}");
}
