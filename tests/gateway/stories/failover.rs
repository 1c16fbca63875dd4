//! An endpoint that fails before its answer begins loses the request to another, and no client notices;
//! what the request itself is at fault for is refused at once. An endpoint that goes on failing is left
//! alone until a probe is served.

use crate::support::answers;
use crate::support::endpoints::{health, until_phase};
use crate::support::pair::Two;
use crate::support::rows;
use crate::support::until;
use crate::support::upstream::{Gate, Script, Step};

#[test]
fn what_fails_before_the_answer_begins_goes_to_the_other_endpoint() {
    let two = Two::start();
    let events = answers::whole(2);
    for failure in [
        Script::refusal(429, "ThrottlingException", "Too many tokens"),
        Script::refusal(429, "ModelNotReadyException", "not ready"),
        Script::refusal(500, "InternalServerException", "broken"),
        Script::refusal(503, "ServiceUnavailableException", "down"),
        Script::refusal(403, "UnrecognizedClientException", "who?"),
        Script::refusal(403, "AccessDeniedException", "You don't have access to the model."),
        Script::refusal(400, "ValidationException", "The provided model identifier is invalid."),
        Script::reply(502, "<html>bad gateway</html>"),
        Script::stream().exception("throttlingException"),
        Script::stream().exception("serviceUnavailableException"),
        Script::stream().end(),
        Script::stream().then_close(),
        Script::stream().step(Step::Reset),
    ] {
        let shown = format!("{failure:?}");
        two.first.otherwise(failure);
        let before = two.second.count();
        let mut incoming = two.streaming().open(two.world.address());
        assert_eq!(incoming.status(), 200, "{shown}");
        assert_eq!(incoming.events(), answers::all_as_seen(&events), "{shown}");
        assert_eq!(two.second.count(), before + 1, "{shown}");
        let row = rows::row(&two.world.database, &incoming.request_id());
        rows::assert_columns(&row, &[("endpoint", "second"), ("outcome", "completed")]);
    }
    let cut = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{";
    for failure in
        [Script::raw(cut).step(Step::Reset), Script::refusal(500, "InternalServerException", "x")]
    {
        two.first.otherwise(failure);
        let reply = two.plain().send(two.world.address());
        assert_eq!(reply.status, 200, "whole answers fail over too");
    }
}

#[test]
fn what_the_request_is_at_fault_for_goes_nowhere_else_and_counts_for_nothing() {
    let two = Two::start();
    for _ in 0..10 {
        two.first.next(Script::refusal(400, "ValidationException", "messages: nonsense"));
        two.plain().send(two.world.address()).assert_error(400, "invalid_request_error");
    }
    assert_eq!(two.second.count(), 0);
    let health = health(&two.world.gateway, "first").unwrap();
    assert_eq!(health["models"][0]["breaker"], "closed", "{health}");
    assert_eq!(two.plain().send(two.world.address()).status, 200);
    assert_eq!(two.second.count(), 0);
}

#[test]
fn a_client_that_had_a_ping_still_gets_the_answer_of_the_other_endpoint() {
    let two = Two::with(&[("STREAM_PING_INTERVAL_MS", "50")]);
    let gate = Gate::default();
    two.first.next(Script::default().wait(&gate).then(Script::refusal(
        503,
        "ServiceUnavailableException",
        "down",
    )));
    let mut incoming = two.streaming().open(two.world.address());
    let first = incoming.try_event().unwrap().unwrap();
    assert_eq!((incoming.status(), first.name.as_str()), (200, "ping"));
    gate.release();
    let events: Vec<_> = incoming.events().into_iter().filter(|it| it.name != "ping").collect();
    assert_eq!(events, answers::all_as_seen(&answers::whole(2)));
}

#[test]
fn an_answer_that_has_begun_is_not_begun_again() {
    let two = Two::start();
    let events = answers::whole(3);
    two.first.next(Script::events(&events[..3]).exception("throttlingException"));
    let seen = two.streaming().open(two.world.address()).events();
    assert_eq!(seen.last().unwrap().name, "error");
    assert_eq!(seen.iter().filter(|event| event.name == "message_start").count(), 1);
    assert_eq!(two.second.count(), 0);
}

#[test]
fn where_all_fail_the_client_gets_a_true_status_and_one_row() {
    let two = Two::start();
    two.first.otherwise(Script::refusal(503, "ServiceUnavailableException", "down"));
    two.second.otherwise(Script::refusal(429, "ThrottlingException", "Too many requests"));
    let reply = two.plain().send(two.world.address());
    reply.assert_error(429, "rate_limit_error");
    let wait: u32 = reply.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "clients wait for no more than a minute");
    let row = rows::row(&two.world.database, &reply.request_id());
    rows::assert_columns(&row, &[("outcome", "refused"), ("routed", "failover")]);
}

#[test]
fn an_endpoint_that_goes_on_failing_is_left_alone_until_a_probe_is_served() {
    let two = Two::start();
    let gateway = &two.world.gateway;
    two.first.otherwise(Script::refusal(500, "InternalServerException", "broken"));
    let mut asked = 0;
    until("the breaker opens", || {
        asked += 1;
        assert_eq!(two.plain().send(two.world.address()).status, 200);
        let health = health(gateway, "first")?;
        (health["models"][0]["breaker"] == "open").then_some(())
    });
    assert!((5..=8).contains(&asked), "it opened after {asked}");
    let before = two.first.count();
    let reply = two.plain().send(two.world.address());
    assert_eq!((reply.status, two.first.count()), (200, before), "it is left alone");
    let row = rows::row(&two.world.database, &reply.request_id());
    rows::assert_columns(&row, &[("endpoint", "second"), ("routed", "breaker")]);

    until_phase(gateway, "first", "half_open");
    assert_eq!(two.plain().send(two.world.address()).status, 200);
    assert_eq!(two.first.count(), before + 1, "one probe");
    until_phase(gateway, "first", "open");
    two.first.otherwise(Script::reply(200, &answers::message()));
    until("a probe is served and closes it", || {
        assert_eq!(two.plain().send(two.world.address()).status, 200);
        (health(gateway, "first")?["models"][0]["breaker"] == "closed").then_some(())
    });
}

#[test]
fn an_endpoint_whose_day_is_used_up_is_parked_for_that_model_only() {
    let two = Two::start();
    let gateway = &two.world.gateway;
    let daily = || {
        Script::refusal(
            429,
            "ThrottlingException",
            "Too many tokens per day, please wait before trying again.",
        )
    };
    two.first.next(daily());
    assert_eq!(two.plain().send(two.world.address()).status, 200);
    until_phase(gateway, "first", "parked");
    let before = two.first.count();
    for _ in 0..3 {
        assert_eq!(two.plain().send(two.world.address()).status, 200);
    }
    assert_eq!(two.first.count(), before);
    let other =
        r#"{"model":"claude-haiku-4-5","max_tokens":8,"messages":[{"role":"user","content":"x"}]}"#;
    assert_eq!(two.plain().body(other).send(two.world.address()).status, 200);
    assert_eq!(two.first.count(), before + 1, "the other model is served there");

    two.second.next(daily());
    let last = two.plain().send(two.world.address());
    last.assert_error(429, "rate_limit_error");
    assert_eq!(last.header("x-should-retry"), "false");
    until_phase(gateway, "second", "parked");
    let none = two.plain().send(two.world.address());
    none.assert_error(429, "rate_limit_error");
    let wait: u32 = none.header("retry-after").parse().unwrap();
    assert!((61..=900).contains(&wait), "{wait}: clients give up at once above a minute");
}
