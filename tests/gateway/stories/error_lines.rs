//! The log's level ERROR is what the alarm counts: what an operator must look at, and nothing that strangers,
//! clients or Bedrock can bring about.

use std::io::Write as _;
use std::net::TcpStream;

use crate::support::answers;
use crate::support::client::{Request, until_status};
use crate::support::gateway::{ADMIN, Process};
use crate::support::until;
use crate::support::upstream::Script;
use crate::support::world::{World, plain, streaming};

/// The lines that the alarm's filter counts.
fn errors(process: &Process) -> Vec<String> {
    let is_error = |line: &String| {
        let json: Result<serde_json::Value, _> = serde_json::from_str(line);
        json.is_ok_and(|json| json["level"] == "ERROR") || line.contains("panicked at")
    };
    process.lines().into_iter().filter(is_error).collect()
}

#[test]
fn what_strangers_and_clients_do_is_no_error() {
    let (mut world, proxy) = World::behind_proxy();
    let address = world.address().to_owned();
    let garbage: [&[u8]; 5] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: nine\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf",
    ];
    for bytes in garbage {
        TcpStream::connect(&address).unwrap().write_all(bytes).unwrap();
    }
    for request in [
        plain().without("x-api-key"),
        plain().without("x-api-key").x_api_key("sk-ccag-unknown"),
        plain().body("{"),
        Request::post("/v1/messages/count_tokens").body("[]"),
        Request::get("/nowhere"),
        Request::get("/admin/keys"),
        Request::new("PATCH", "/admin/keys/none").bearer(ADMIN).body("{}"),
    ] {
        assert!((400..500).contains(&request.send(&address).status));
    }
    for (status, kind) in [
        (429, "ThrottlingException"),
        (500, "InternalServerException"),
        (403, "AccessDeniedException"),
    ] {
        assert!(world.ask(Script::refusal(status, kind, "no")).status >= 400);
    }
    world.ask(Script::close());
    let mut cut = world.stream(Script::events(&[answers::start()]).then_close());
    while cut.events().pop().is_some() {}
    let mut left = world.stream(Script::events(&[answers::start()]).then(Script::silence()));
    assert_eq!(left.event().name, "message_start");
    drop(left);
    proxy.cut();
    assert_eq!(streaming().open(&address).events().last().unwrap().name, "message_stop");
    proxy.restore();
    until_status(&Request::get("/admin/keys").bearer(ADMIN), &address, 200);
    world.gateway.process.terminate();
    assert_eq!(world.gateway.process.wait().code(), Some(0));
    assert_eq!(errors(&world.gateway.process), Vec::<String>::new());
}

#[test]
fn a_panic_is_one_error() {
    let world = World::start();
    assert_eq!(world.gateway.crash("keys").status, 202);
    until("the panic is logged", || (!errors(&world.gateway.process).is_empty()).then_some(()));
    until("the actor runs again", || (world.gateway.actor("keys")?["restarts"] == 1).then_some(()));
    assert_eq!(errors(&world.gateway.process).len(), 1);
}
