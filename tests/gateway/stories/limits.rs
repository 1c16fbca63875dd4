//! Limits: per key, and of the gateway as a whole.

use crate::support::answers;
use crate::support::client::until_status;
use crate::support::in_one_minute;
use crate::support::rows;
use crate::support::upstream::{Gate, Script};
use crate::support::world::{World, plain, streaming};

#[test]
fn a_key_over_its_requests_per_minute_waits_and_others_do_not() {
    let world = World::start();
    let (passed, reply) = in_one_minute(|attempt| {
        let key = world.add_key(&format!("limited{attempt}"), "requests_per_minute", "3");
        let limited = plain().without("x-api-key").x_api_key(&key);
        until_status(&limited, world.address(), 200);
        let passed = [(); 2].map(|()| limited.send(world.address()).status);
        (passed, limited.send(world.address()))
    });
    assert_eq!(passed, [200, 200]);
    reply.assert_error(429, "rate_limit_error");
    let seconds: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(plain().send(world.address()).status, 200);
    let row = rows::row(&world.database, reply.header("request-id"));
    rows::assert_columns(&row, &[("outcome", "rejected"), ("status", "429")]);
}

#[test]
fn racing_requests_do_not_pass_a_limit() {
    let world = World::start();
    let passed = in_one_minute(|attempt| {
        let key = world.add_key(&format!("raced{attempt}"), "requests_per_minute", "10");
        let request = plain().without("x-api-key").x_api_key(&key);
        until_status(&request, world.address(), 200);
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..40).map(|_| scope.spawn(|| request.send(world.address()).status)).collect();
            let statuses = threads.into_iter().map(|thread| thread.join().unwrap());
            statuses.filter(|status| *status == 200).count()
        })
    });
    assert_eq!(passed, 9);
}

#[test]
fn a_full_gateway_says_so_and_recovers() {
    let world = World::with(&[("WORKERS", "1"), ("MAX_LIVE_STREAMS", "2")]);
    let gate = Gate::default();
    let held = || {
        let script = Script::events(&[answers::start()]).wait(&gate);
        world.stream(script.more(&[r#"{"type":"message_stop"}"#]).end())
    };
    let mut streams = [held(), held()];
    let reply = streaming().send(world.address());
    reply.assert_error(529, "overloaded_error");
    let seconds: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..60).contains(&seconds), "{seconds}");
    gate.release();
    for stream in &mut streams {
        assert_eq!(stream.events().last().unwrap().name, "message_stop");
    }
    until_status(&streaming(), world.address(), 200);
    let row = rows::row(&world.database, reply.header("request-id"));
    rows::assert_columns(&row, &[("outcome", "rejected"), ("status", "529")]);
}
