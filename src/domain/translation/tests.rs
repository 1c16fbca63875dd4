use serde_json::{Value, json};

use super::*;
use crate::domain::capability::{HAIKU_4_5, OPUS_4_6, OPUS_5, SONNET_3_7, SONNET_4_5};

mod blocks;
mod caching;
mod fold;
mod media;
mod thinking;
mod tools;
mod version;

/// A minimal request with `members` of it replaced or added.
fn request(members: &Value) -> MessagesRequest {
    let mut body =
        json!({"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]});
    for (key, value) in members.as_object().unwrap() {
        body[key] = value.clone();
    }
    MessagesRequest::parse(serde_json::to_vec(&body).unwrap().into()).unwrap()
}

fn translate(
    request: &MessagesRequest,
    capability: &Capability,
    betas: &[&str],
    long_context: bool,
) -> Result<Translation, Refusal> {
    request.translate(capability, &Verdicts::NONE, &Call { betas, long_context, ..Call::default() })
}

fn translated(
    members: Value,
    capability: &Capability,
    betas: &[&str],
) -> (Value, Vec<&'static str>) {
    translated_under(members, capability, betas, &Verdicts::NONE)
}

fn translated_under(
    members: Value,
    capability: &Capability,
    betas: &[&str],
    verdicts: &Verdicts,
) -> (Value, Vec<&'static str>) {
    let call = Call { betas, ..Call::default() };
    let translation = request(&members).translate(capability, verdicts, &call).unwrap();
    (serde_json::from_slice(&translation.body).unwrap(), translation.adjusted)
}

fn refused(members: Value) -> String {
    refused_by(members, &OPUS_5)
}

fn refused_by(members: Value, capability: &Capability) -> String {
    translate(&request(&members), capability, &[], false).unwrap_err().to_string()
}

fn user_id(value: Value) -> Value {
    translated(json!({"metadata": value}), &OPUS_5, &[]).0["metadata"].take()
}

#[test]
fn the_route_takes_model_and_stream_and_sets_the_version() {
    let body = Bytes::from_static(
        br#"{ "stream":true, "unknown" : {"a":[1, 2]}, "anthropic_version":"2026-10-21", "model":"m", "max_tokens":1, "messages":[{"role":"user","content":"x"}], "max_tokens":2 }"#,
    );
    let translation =
        translate(&MessagesRequest::parse(body).unwrap(), &OPUS_5, &[], false).unwrap();
    assert_eq!(
        translation.body,
        r#"{ "anthropic_version":"bedrock-2023-05-31","unknown" : {"a":[1, 2]}, "messages":[{"role":"user","content":"x"}], "max_tokens":2 }"#
    );
    assert!(translation.adjusted.is_empty());
}

#[test]
fn betas_of_headers_and_body_pass_the_allow_list_in_order() {
    let members =
        json!({"anthropic_beta": ["context-1m-2025-08-07", "interleaved-thinking-2025-05-14"]});
    let headers = [
        "interleaved-thinking-2025-05-14",
        " advanced-tool-use-2025-11-20",
        "",
        "claude-code-20250219",
    ];
    let (body, adjusted) = translated(members, &SONNET_4_5, &headers);
    assert_eq!(
        body["anthropic_beta"],
        json!([
            "interleaved-thinking-2025-05-14",
            "tool-search-tool-2025-10-19",
            "context-1m-2025-08-07"
        ])
    );
    assert_eq!(adjusted, ["anthropic_beta"]);
    let (body, adjusted) = translated(json!({}), &SONNET_3_7, &["nonsense"]);
    assert_eq!((body.get("anthropic_beta"), adjusted), (None, vec!["anthropic_beta"]));
}

#[test]
fn the_long_context_is_a_beta_only_where_it_is_not_native() {
    let request = request(&json!({}));
    for (capability, present) in [(&SONNET_4_5, true), (&OPUS_4_6, true), (&OPUS_5, false)] {
        let translation = translate(&request, capability, &[], true).unwrap();
        let body = std::str::from_utf8(&translation.body).unwrap();
        assert_eq!(body.contains("context-1m-2025-08-07"), present);
        assert!(translation.adjusted.is_empty());
    }
}

#[test]
fn a_beta_and_its_field_travel_together() {
    let members = json!({
        "context_management": {"edits": [
            {"type": "clear_thinking_20251015", "keep": "all"},
            {"type": "clear_tool_uses_20250919"},
            {"type": "compact_20260112"},
        ]},
        "tools": [{"name": "a", "defer_loading": true, "input_schema": {"defer_loading": 1}}, {"name": "b"}],
    });
    let both = ["context-management-2025-06-27", "tool-search-tool-2025-10-19"];
    // The client's names are not needed: the field tells.
    let (body, adjusted) = translated(members.clone(), &HAIKU_4_5, &[]);
    assert_eq!(body["tools"], members["tools"]);
    assert_eq!(
        body["context_management"],
        json!({"edits": [{"type": "clear_tool_uses_20250919"}]})
    );
    let mut named = body["anthropic_beta"].as_array().unwrap().clone();
    named.sort_by_key(|name| name.to_string());
    assert_eq!(json!(named), json!(both));
    assert_eq!(adjusted, ["context_management"]);
    let (body, adjusted) = translated(members.clone(), &SONNET_3_7, &both);
    assert_eq!(
        body["tools"],
        json!([{"name": "a", "input_schema": {"defer_loading": 1}}, {"name": "b"}])
    );
    assert_eq!((body.get("context_management"), body.get("anthropic_beta")), (None, None));
    assert_eq!(adjusted, ["anthropic_beta", "context_management", "tools.defer_loading"]);
    // A beta without its field does nothing, and is left out.
    let (body, adjusted) = translated(json!({}), &HAIKU_4_5, &both);
    assert_eq!(body["anthropic_beta"], json!(["tool-search-tool-2025-10-19"]));
    assert_eq!(adjusted, ["anthropic_beta"]);
}

#[test]
fn verdicts_overrule_the_table() {
    let members = json!({
        "tools": [{"name": "a", "defer_loading": true}],
        "user_profile_id": "u",
        "new_field": 1,
    });
    let mut verdicts = Verdicts::default();
    verdicts.refuse(Feature::ToolSearch);
    verdicts.allow(Feature::UserProfile);
    verdicts.allow_beta("new-2027-01-01");
    verdicts.refuse_field("new_field");
    let call =
        Call { betas: &["new-2027-01-01", "advanced-tool-use-2025-11-20"], ..Call::default() };
    let translation = request(&members).translate(&OPUS_5, &verdicts, &call).unwrap();
    let body: Value = serde_json::from_slice(&translation.body).unwrap();
    assert_eq!(body["anthropic_beta"], json!(["new-2027-01-01"]));
    assert_eq!((&body["tools"], body.get("new_field")), (&json!([{"name": "a"}]), None));
    assert_eq!(translation.adjusted, ["anthropic_beta", "tools.defer_loading", "unknown_fields"]);
}

#[test]
fn cache_controls_lose_scope_and_where_needed_ttl() {
    let full = json!({"scope": "global", "type": "ephemeral", "ttl": "1h"});
    let input = json!({"cache_control": full});
    let members = |control: &Value| {
        json!({
            "system": [{"type": "text", "text": "s", "cache_control": control}],
            "tools": [{"name": "t", "cache_control": control, "input_schema": input}],
            "messages": [
                {"role": "assistant", "content": [{"type": "tool_use", "input": input, "cache_control": control}]},
                {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "x", "cache_control": control}]}]},
            ],
        })
    };
    for (capability, left, names) in [
        (&OPUS_5, json!({"type": "ephemeral", "ttl": "1h"}), &["cache_control.scope"][..]),
        (&SONNET_3_7, json!({"type": "ephemeral"}), &["cache_control.scope", "cache_control.ttl"]),
    ] {
        let (body, adjusted) = translated(members(&full), capability, &[]);
        for (key, value) in members(&left).as_object().unwrap() {
            assert_eq!(&body[key], value, "{key}");
        }
        assert_eq!(adjusted, names);
    }
}

#[test]
fn the_attribution_leaves_the_prompt() {
    let attribution =
        json!({"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.330.000;"});
    let rest = json!({"type": "text", "text": "You are"});
    let (body, adjusted) = translated(json!({"system": [attribution, rest]}), &OPUS_5, &[]);
    assert_eq!((&body["system"], adjusted), (&json!([rest]), vec!["attribution"]));
    let (body, _) = translated(json!({"system": [attribution]}), &OPUS_5, &[]);
    assert_eq!(body.get("system"), None);
}

#[test]
fn a_user_id_comes_in_letters_that_bedrock_takes() {
    let claude_code =
        json!({"device_id": "0a", "account_uuid": "", "session_id": "1-2"}).to_string();
    let long = "1".repeat(257);
    for (from, to) in [
        ("user_1_account__session_a-b", "user_1_account__session_a-b"),
        (claude_code.as_str(), "device_0a_session_1-2"),
        // The hex SHA-256 of the original.
        ("é", "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"),
        (
            r#"{"device_id":"{"}"#,
            "8ed54a3eeb1f0cf22cad9d980d53e0e89c56d3598a6b12edb0709cc414c081d4",
        ),
        (long.as_str(), "409339361ec2c199ca6a3b2c1134e268ad96880bf73b3a3ef4184ba18805a206"),
    ] {
        assert_eq!(user_id(json!({"user_id": from})), json!({"user_id": to}));
    }
    assert_eq!(user_id(json!({"user_id": "a", "team": 1})), json!({"user_id": "a"}));
    assert_eq!(user_id(json!({"user_id": null})), Value::Null);
    assert_eq!(user_id(Value::Null), Value::Null);
}

#[test]
fn what_bedrock_cannot_do_is_refused_by_name() {
    for field in ["container", "thread", "inference_geo", "safeguards", "mcp_servers"] {
        let message = refused_by(json!({field: ["x"]}), &OPUS_4_6);
        assert_eq!(message, format!("{field}: not available on Amazon Bedrock"));
    }
    let odd = json!({"messages": [{"role": "system", "content": [{"type": "tool_addition"}]}]});
    assert!(refused_by(odd.clone(), &OPUS_4_6).ends_with("capability_rejected: mid_conv_system"));
    assert!(refused_by(odd, &OPUS_5).ends_with("capability_rejected: mid_conv_system"));
    let (body, adjusted) = translated(
        json!({"container": null, "mcp_servers": [], "speed": "fast", "tags": {}, "user_profile_id": "u"}),
        &OPUS_5,
        &[],
    );
    let gone = ["container", "mcp_servers", "speed", "tags", "user_profile_id"];
    assert!(gone.iter().all(|field| body.get(field).is_none()));
    assert_eq!(adjusted, ["speed", "tags", "user_profile_id"]);
}

#[test]
fn safeguards_and_tool_changes_pass_with_their_betas() {
    let members = json!({
        "safeguards": [{"type": "dangerous_tool_use"}],
        "messages": [{"role": "user", "content": "u"}, {"role": "system", "content": [{"type": "tool_addition"}]}],
    });
    let changes = "mid-conversation-tool-changes-2026-07-01";
    let (body, adjusted) = translated(members.clone(), &OPUS_5, &[changes]);
    assert_eq!(body["safeguards"], members["safeguards"]);
    assert_eq!(body["messages"], members["messages"]);
    assert_eq!(body["anthropic_beta"], json!([changes, "dangerous-tool-use-2026-09-03"]));
    assert!(adjusted.is_empty());
}

#[test]
fn a_turn_of_the_assistant_at_the_end_goes_only_where_the_model_continues_it() {
    let said = json!([{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]);
    let (body, adjusted) = translated(json!({"messages": said}), &SONNET_4_5, &[]);
    assert_eq!((&body["messages"], adjusted.len()), (&said, 0));
    assert!(refused_by(json!({"messages": said}), &OPUS_4_6).contains("assistant message prefill"));
}

#[test]
fn sampling_goes_where_the_model_has_none() {
    let members = json!({"temperature": 1.0, "top_p": 0.90, "top_k": 5});
    let (body, adjusted) = translated(members.clone(), &SONNET_3_7, &[]);
    assert_eq!(
        (&body["temperature"], &body["top_p"], adjusted.len()),
        (&json!(1.0), &json!(0.9), 0)
    );
    let (body, adjusted) = translated(members.clone(), &SONNET_4_5, &[]);
    assert_eq!((body.get("top_p"), body["top_k"].as_u64()), (None, Some(5)));
    assert_eq!(adjusted, ["top_p"]);
    let (body, adjusted) = translated(members, &OPUS_5, &[]);
    assert!(["temperature", "top_p", "top_k"].iter().all(|field| body.get(field).is_none()));
    assert_eq!(adjusted, ["temperature", "top_k", "top_p"]);
}

#[test]
fn counting_gets_a_limit_above_the_budget() {
    let body = Bytes::from_static(
        br#"{"model":"m","messages":[{"role":"user","content":"x"}],"thinking":{"type":"adaptive"}}"#,
    );
    let request = MessagesRequest::parse_count_tokens(body).unwrap();
    let body = translate(&request, &SONNET_3_7, &[], false).unwrap().body;
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (&body["max_tokens"], &body["thinking"]["budget_tokens"]),
        (&json!(32_000), &json!(31_999))
    );
    let body = Bytes::from_static(br#"{"model":"m","messages":[{"role":"user","content":"x"}]}"#);
    let request = MessagesRequest::parse_count_tokens(body).unwrap();
    let body = translate(&request, &SONNET_3_7, &[], false).unwrap().body;
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["max_tokens"], 1);
}
