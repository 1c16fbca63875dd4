//! The fake and the client against each other: what the stories rely on.

use std::io::ErrorKind;

use super::answers;
use super::client::Request;
use super::upstream::{Gate, Script, Step, Upstream};

fn call() -> Request {
    Request::post("/model/x/invoke").body("{}")
}

fn error_of(script: Script) -> ErrorKind {
    let upstream = Upstream::start();
    upstream.next(script);
    call().try_send(&upstream.address).unwrap_err().kind()
}

#[test]
fn each_way_to_break_is_seen_as_what_it_is() {
    for (script, kind) in [
        (Script::close(), ErrorKind::UnexpectedEof),
        (Script::stream().then_close(), ErrorKind::UnexpectedEof),
        (Script::stream().step(Step::HalfClose).step(Step::AwaitLeft), ErrorKind::UnexpectedEof),
        (Script::stream().step(Step::Reset), ErrorKind::ConnectionReset),
        (
            Script::stream().step(Step::Raw(b"5\r\nab".to_vec())).then_close(),
            ErrorKind::UnexpectedEof,
        ),
        (
            Script::raw("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab").then_close(),
            ErrorKind::UnexpectedEof,
        ),
    ] {
        let what = format!("{script:?}");
        assert_eq!(error_of(script), kind, "{what}");
    }
}

#[test]
fn a_script_waits_for_its_gate_and_for_the_client_to_leave() {
    let (upstream, gate) = (Upstream::start(), Gate::default());
    let script = Script::raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        .step(Step::Chunk(b"event: a\ndata: 1\n\n".to_vec()))
        .wait(&gate)
        .step(Step::Chunk(b"event: b\ndata: 2\n\n".to_vec()))
        .step(Step::AwaitLeft);
    upstream.next(script);
    let mut incoming = call().open(&upstream.address);
    assert_eq!(incoming.event().name, "a");
    gate.release();
    assert_eq!(incoming.event().data, "2");
    drop(incoming);
    upstream.exchange(0).wait_left();
}

#[test]
fn a_reader_that_does_not_read_is_noticed() {
    let upstream = Upstream::start();
    upstream.next(Script::stream().step(Step::Flood(vec![b'x'; 1 << 20], 80)).end());
    let incoming = call().open(&upstream.address);
    let exchange = upstream.exchange(0);
    super::until("the fake stalls", || exchange.stalled().then_some(()));
    assert!(exchange.written() < 64 << 20, "{}", exchange.written());
    assert_eq!(incoming.reply().unwrap().body.len(), 80 << 20);
}

#[test]
fn without_a_script_everything_is_answered_well() {
    let upstream = Upstream::start();
    assert_eq!(call().send(&upstream.address).text(), answers::message());
    let list = Request::get("/inference-profiles?type=SYSTEM_DEFINED").send(&upstream.address);
    assert_eq!(list.text(), r#"{"inferenceProfileSummaries":[]}"#);
    assert_eq!(upstream.count(), 1);
}
