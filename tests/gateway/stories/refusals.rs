//! What Bedrock refuses before the first event keeps its true status.

use std::io::Write as _;
use std::net::TcpListener;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::client::{Reply, Request};
use crate::support::rows;
use crate::support::upstream::{Script, Step};
use crate::support::world::{World, plain, streaming};

/// Bedrock's status and type, and the client's.
const REFUSALS: [(u16, &str, u16, &str); 10] = [
    (400, "ValidationException", 400, "invalid_request_error"),
    (400, "ServiceQuotaExceededException", 429, "rate_limit_error"),
    (403, "AccessDeniedException", 403, "permission_error"),
    (404, "ResourceNotFoundException", 404, "not_found_error"),
    (408, "ModelTimeoutException", 504, "timeout_error"),
    (424, "ModelErrorException", 500, "api_error"),
    (429, "ThrottlingException", 429, "rate_limit_error"),
    (429, "ModelNotReadyException", 529, "overloaded_error"),
    (500, "InternalServerException", 500, "api_error"),
    (503, "ServiceUnavailableException", 529, "overloaded_error"),
];

#[test]
fn refusals_of_bedrock_keep_their_meaning() {
    for request in [plain(), streaming()] {
        let world = World::start();
        for (number, (status, kind, seen, seen_kind)) in REFUSALS.into_iter().enumerate() {
            let script = Script::refusal(status, kind, "As scripted.");
            let reply = refused(&world, &request, script);
            reply.assert_error(seen, seen_kind);
            assert_waits(&reply);
            assert_row(&world, number, &reply);
        }
    }
}

/// Bedrock's exception in the first frame, and the status and type that the client sees.
const EXCEPTIONS: [(&str, u16, &str); 6] = [
    ("throttlingException", 429, "rate_limit_error"),
    ("validationException", 400, "invalid_request_error"),
    ("serviceUnavailableException", 529, "overloaded_error"),
    ("internalServerException", 500, "api_error"),
    ("modelTimeoutException", 504, "timeout_error"),
    ("modelStreamErrorException", 500, "api_error"),
];

#[test]
fn an_exception_in_the_first_frame_is_a_true_status() {
    let world = World::start();
    for (number, (kind, status, seen_kind)) in EXCEPTIONS.into_iter().enumerate() {
        let script = Script::stream().exception(kind).end();
        let reply = refused(&world, &streaming(), script);
        reply.assert_error(status, seen_kind);
        assert_waits(&reply);
        assert_row(&world, number, &reply);
    }
}

#[test]
fn a_stream_that_ends_before_its_first_event_is_an_error_with_a_status() {
    let world = World::start();
    for script in [
        Script::stream().end(),
        Script::stream().then_close(),
        Script::stream()
            .step(Step::Chunk(b"no frame at all, but long enough for one".to_vec()))
            .end(),
        Script::reply(
            200,
            r#"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"}}"#,
        ),
    ] {
        let reply = refused(&world, &streaming(), script);
        assert!(reply.status >= 500, "{} {}", reply.status, reply.text());
        reply.assert_error(reply.status, &reply.error_type());
    }
}

#[test]
fn a_200_that_is_no_message_is_an_error_and_no_answer() {
    let world = World::start();
    let unknown = r#"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}"#;
    for script in [
        Script::reply(200, unknown),
        Script::reply_with(200, &[("x-amzn-errortype", "UnknownOperationException")], unknown),
    ] {
        let reply = refused(&world, &plain(), script);
        reply.assert_error(500, "api_error");
    }
}

#[test]
fn a_refusal_in_gzip_is_read() {
    let world = World::start();
    let message = r#"{"message":"As scripted."}"#;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(message.as_bytes()).unwrap();
    let body = gzip.finish().unwrap();
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n\
         x-amzn-errortype: ValidationException\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let script = Script::raw(&head).then(Script::default().step(Step::Raw(body)));
    let reply = refused(&world, &plain(), script);
    reply.assert_error(400, "invalid_request_error");
    assert!(reply.text().contains("As scripted."), "{}", reply.text());
}

#[test]
fn clients_are_told_not_to_repeat_what_cannot_get_better() {
    let world = World::start();
    for (status, kind, said) in [
        (403, "ExpiredTokenException", Some("false")),
        (408, "ModelTimeoutException", Some("false")),
        (429, "ThrottlingException", None),
        (500, "InternalServerException", None),
        (503, "ServiceUnavailableException", None),
    ] {
        let reply = refused(&world, &plain(), Script::refusal(status, kind, "As scripted."));
        assert_eq!(reply.head.header("x-should-retry"), said, "{kind}");
    }
}

#[test]
fn a_bedrock_that_refuses_connections_is_an_overload_and_no_hang() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let world = World::with(&[
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &address),
        ("AWS_ENDPOINT_URL_BEDROCK", &address),
    ]);
    for request in [plain(), streaming()] {
        let reply = request.send(world.address());
        assert!([502, 503, 529].contains(&reply.status), "{}", reply.status);
        let kind = reply.error_type();
        assert!(["overloaded_error", "api_error"].contains(&kind.as_str()), "{kind}");
        reply.assert_error(reply.status, &kind);
    }
}

#[test]
fn a_bedrock_that_says_nothing_is_given_up() {
    let world = World::with(&[("UPSTREAM_FIRST_BYTE_TIMEOUT_MS", "200")]);
    for request in [plain(), streaming()] {
        let reply = refused(&world, &request, Script::silence());
        reply.assert_error(504, "timeout_error");
    }
}

/// Every model call meets the script, for the gateway may try more than once.
fn refused(world: &World, request: &Request, script: Script) -> Reply {
    world.upstream.otherwise(script);
    request.send(world.address())
}

/// Claude Code waits up to a minute when told so, and gives up above it.
#[track_caller]
fn assert_waits(reply: &Reply) {
    if reply.status == 429 {
        let seconds: u64 = reply.header("retry-after").parse().unwrap();
        assert!((1..60).contains(&seconds), "{seconds}");
    }
}

#[track_caller]
fn assert_row(world: &World, number: usize, reply: &Reply) {
    let rows = rows::usage(&world.database, number + 1);
    let kind = reply.error_type();
    rows::assert_columns(
        &rows[number],
        &[
            ("request_id", reply.header("request-id")),
            ("outcome", "refused"),
            ("status", &reply.status.to_string()),
            ("error_type", &kind),
        ],
    );
}
