//! Requests without streaming, and what Bedrock gets to see of any request.

use crate::support::answers::{self, MODEL};
use crate::support::upstream::Script;
use crate::support::world::{World, plain, streaming};

#[test]
fn a_whole_message_comes_back_with_the_model_that_was_asked_for() {
    let world = World::start();
    let reply = world.ask(Script::reply(200, &answers::message()));
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.text(), answers::as_seen(&answers::message()));
    assert!(!reply.header("request-id").is_empty());
}

#[test]
fn bedrock_is_asked_in_its_own_form_and_signed() {
    let world = World::start();
    let messages = r#"[{"role":"user", "content":"Good \u0064ay"}]"#;
    let body = |stream: &str| {
        format!(
            r#"{{"zebra":1,"model":"{MODEL}","messages":{messages},"max_tokens":64{stream},"ant":[1.50]}}"#
        )
    };
    let bodies = [
        (plain(), "", "invoke"),
        (streaming(), r#","stream":true"#, "invoke-with-response-stream"),
    ];
    for (number, (request, stream, operation)) in bodies.into_iter().enumerate() {
        let reply = request.body(body(stream)).send(world.address());
        assert_eq!(reply.status, 200, "{}", reply.text());
        let exchange = world.upstream.exchange(number);
        let line = &exchange.head.start;
        let path = line.split(' ').nth(1).unwrap().replace("%3A", ":");
        assert_eq!(
            path,
            format!("/model/us.anthropic.claude-sonnet-4-5-20250929-v1:0/{operation}")
        );
        let signature = exchange.head.header("authorization").unwrap();
        assert!(
            signature.starts_with("AWS4-HMAC-SHA256 Credential=AKIASTORIES000000001/"),
            "{signature}"
        );
        assert!(signature.contains("/us-east-1/bedrock/aws4_request"), "{signature}");
        assert!(exchange.head.header("x-api-key").is_none(), "the key went to Bedrock");

        let json = exchange.json();
        assert_eq!(json["anthropic_version"], "bedrock-2023-05-31");
        assert!(json.get("model").is_none() && json.get("stream").is_none(), "{json}");
        let text = String::from_utf8(exchange.body.clone()).unwrap();
        assert!(text.contains(messages), "messages were rewritten: {text}");
        let order = [r#""zebra""#, r#""messages""#, r#""max_tokens""#, r#""ant""#]
            .map(|name| text.find(name).unwrap());
        assert!(order.is_sorted(), "members were moved: {text}");
        assert!(text.contains("1.50"), "a number was rewritten: {text}");
    }
}

#[test]
fn a_stale_connection_to_bedrock_is_replaced_once_and_unseen() {
    let world = World::with(&[("WORKERS", "1")]);
    assert_eq!(world.ask(Script::reply(200, &answers::message())).status, 200);
    world.upstream.next(Script::close());
    let reply = world.ask(Script::reply(200, &answers::message()));
    assert_eq!(reply.status, 200, "{}", reply.text());
    let used = [0, 1, 2].map(|number| world.upstream.exchange(number).connection);
    assert_eq!(used[0], used[1], "the second request did not meet the old connection");
    assert_ne!(used[1], used[2]);
    assert_eq!(world.upstream.count(), 3);
}

#[test]
fn an_answer_cut_off_is_an_error_and_no_short_message() {
    let world = World::start();
    let whole = answers::message();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        whole.len()
    );
    for cut in [0, 1, whole.len() / 2, whole.len() - 1] {
        let script = Script::raw(&format!("{head}{}", &whole[..cut])).then_close();
        world.upstream.otherwise(script);
        let reply = plain().send(world.address());
        assert!(reply.status >= 500, "{} {}", reply.status, reply.text());
        reply.assert_error(reply.status, &reply.error_type());
    }
}
