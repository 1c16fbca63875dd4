use super::*;
use crate::domain::capability;
use crate::domain::translation::Call;

fn parse(text: &str) -> Result<MessagesRequest, InvalidRequest> {
    MessagesRequest::parse(Bytes::copy_from_slice(text.as_bytes()))
}

fn refusal(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

const MINIMAL: &str = r#""max_tokens":1,"messages":[{"role":"user","content":"x"}]"#;

#[test]
fn what_routing_needs_is_read() {
    let request = parse(
        r#" { "m\u006fdel" : "claude-\u006fpus", "stream":true , "max_tokens": 128000,
            "anthropic_beta":["a","b"],
            "system":[{"text":"x-anthropic-billing-header: cc_version=2.1.330.a1f; cc_entrypoint=cli;","type":"text"}],
            "messages":[{"content":"x","role":"user"}] } "#,
    )
    .unwrap();
    assert_eq!(request.model(), "claude-opus");
    assert!(request.streaming());
    assert_eq!(request.max_tokens(), Some(128_000));
    assert_eq!(request.client_version(), Some("2.1.330"));
    assert_eq!(request.betas(), ["a", "b"]);
}

#[test]
fn only_the_first_system_text_is_an_attribution() {
    for system in [
        r#""x-anthropic-billing-header: cc_version=2.1.330""#,
        r#"[{"type":"text","text":"a"},{"type":"text","text":"x-anthropic-billing-header: cc_version=2"}]"#,
        r#"[{"type":"text","text":"x-anthropic-billing-header: cc_version=;"}]"#,
    ] {
        let request = parse(&format!(r#"{{"model":"m","system":{system},{MINIMAL}}}"#)).unwrap();
        assert_eq!(request.client_version(), None, "{system}");
    }
}

#[test]
fn the_last_of_repeated_keys_counts() {
    let request = parse(&format!(
        r#"{{"model":"first","stream":true,"system":[{{"cache_control":{{"scope":"x"}}}}],{MINIMAL},
            "\u006dodel":"second","stream":false,"system":"s"}}"#
    ))
    .unwrap();
    assert_eq!((request.model(), request.streaming()), ("second", false));
    assert_eq!(request.cache_controls().count(), 0);
    let superseded = request.members().iter().filter(|member| member.superseded).count();
    assert_eq!(superseded, 3);
}

#[test]
fn cache_controls_are_found_only_where_they_can_stand() {
    let request = parse(
        r#"{"model":"m","max_tokens":1,"cache_control":{"type":"ephemeral"},
        "system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],
        "tools":[{"name":"t","input_schema":{"properties":{"cache_control":{"scope":1}}},"cache_control":{"ttl":"1h"}}],
        "messages":[{"role":"user","content":[
          {"type":"tool_result","content":[{"type":"text","text":"x","cache_control":{"scope":"g"}}]},
          {"type":"other","content":[{"cache_control":{"scope":"no"}}]},
          {"type":"tool_use","input":{"cache_control":{"scope":"no"},"content":[{"cache_control":{}}]}},
          {"type":"text","text":"y","cache_control":null}]}]}"#,
    )
    .unwrap();
    let mut found: Vec<_> = request
        .cache_controls()
        .map(|found| String::from_utf8_lossy(found.value.of(request.body())).into_owned())
        .collect();
    found.sort();
    let plain = r#"{"type":"ephemeral"}"#;
    assert_eq!(found, [r#"{"scope":"g"}"#, r#"{"ttl":"1h"}"#, plain, plain]);
}

#[test]
fn refusals_name_the_field_as_anthropic_does() {
    for (text, message) in [
        ("", "The request body is not valid JSON: unexpected end at byte 0"),
        (
            r#"{"model":"m",}"#,
            "The request body is not valid JSON: expected a key, `:`, `,` or a closing bracket at byte 13",
        ),
        ("[]", "The request body should be a JSON object"),
        ("{}", "model: Field required"),
        (r#"{"model":1}"#, "model: Input should be a valid string"),
        (r#"{"model":""}"#, "model: String should have at least 1 character"),
        (r#"{"model":"m"}"#, "messages: Field required"),
        (r#"{"model":"m","messages":{}}"#, "messages: Input should be a valid list"),
        (r#"{"model":"m","messages":[]}"#, "messages: at least one message is required"),
        (r#"{"model":"m","messages":[1]}"#, "messages.0: Input should be an object"),
        (
            r#"{"model":"m","messages":[{"role":"user"},{"content":""}]}"#,
            "messages.1.role: Field required",
        ),
        (r#"{"model":"m","messages":[{"role":"user"}]}"#, "max_tokens: Field required"),
        (r#"{"max_tokens":-1}"#, "max_tokens: Input should be a valid integer"),
        (r#"{"max_tokens":"1"}"#, "max_tokens: Input should be a valid integer"),
        (r#"{"stream":1}"#, "stream: Input should be a valid boolean"),
        (r#"{"anthropic_beta":"x"}"#, "anthropic_beta: Input should be a list of strings"),
    ] {
        assert_eq!(refusal(text), message, "{text}");
    }
}

#[test]
fn counting_needs_no_limit() {
    let body = Bytes::from_static(br#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#);
    assert_eq!(MessagesRequest::parse_count_tokens(body).unwrap().max_tokens(), None);
}

#[test]
fn lists_are_bounded() {
    let many = |item: &str, count| vec![item; count].join(",");
    let members: Vec<String> = (0..300).map(|index| format!(r#""{index}":1"#)).collect();
    for (text, message) in [
        (format!("{{{}}}", members.join(",")), "body: List should have at most 256 items"),
        (
            format!(r#"{{"tools":[{}]}}"#, many("1", 10_001)),
            "tools: List should have at most 10000 items",
        ),
        (
            format!(r#"{{"messages":[{}]}}"#, many(r#"{"role":"u"}"#, 100_001)),
            "messages: List should have at most 100000 items",
        ),
    ] {
        assert_eq!(refusal(&text), message);
    }
    let long = format!(r#"{{"model":"{}"}}"#, "x".repeat(5000));
    assert_eq!(refusal(&long), "model: String should have at most 2048 characters");
}

fn odd_json() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let key = prop::sample::select(vec![
        "model",
        "messages",
        "system",
        "tools",
        "role",
        "content",
        "type",
        "text",
        "metadata",
        "cache_control",
        "scope",
        "ttl",
        "user_id",
        "output_config",
        "max_tokens",
        "stream",
    ]);
    let leaf = prop::sample::select(vec![
        "1",
        "null",
        "true",
        "\"x\"",
        "\"\"",
        "\"text\"",
        "\"system\"",
        "\"user\"",
        "\"tool_result\"",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(6, 60, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5)
                .prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|list| {
                let members: Vec<_> = list.iter().map(|(k, v)| format!(r#""{k}":{v}"#)).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest::proptest! {
    #[test]
    fn odd_shapes_are_read_or_refused_and_translate_to_json(
        messages in proptest::collection::vec((proptest::sample::select(vec!["user", "system", "assistant"]), odd_json()), 1..5),
        system in odd_json(),
        metadata in odd_json(),
        rest in odd_json(),
    ) {
        let messages: Vec<_> = messages
            .iter()
            .map(|(role, content)| format!(r#"{{"output_config":{rest},"role":"{role}","content":{content}}}"#))
            .collect();
        let text = format!(
            r#"{{"model":"m","max_tokens":1,"messages":[{}],"system":{system},"metadata":{metadata},"tools":[{rest}],"thinking":{rest},"output_config":{rest}}}"#,
            messages.join(",")
        );
        let request = parse(&text).unwrap();
        for capability in [&capability::SONNET_3_7, &capability::OPUS_5] {
            if let Ok(translation) = request.translate(capability, &capability::Verdicts::NONE, &Call::default()) {
                let value: serde_json::Value = serde_json::from_slice(&translation.body).unwrap();
                proptest::prop_assert_eq!(&value["anthropic_version"], "bedrock-2023-05-31");
                proptest::prop_assert!(value.get("model").is_none());
            }
        }
    }

    #[test]
    fn arbitrary_json_never_panics(text in odd_json()) {
        let _ = parse(&text);
    }
}
