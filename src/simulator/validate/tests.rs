use serde_json::json;

use super::*;
use crate::simulator::models::{self, Named};

fn model(name: &str) -> &'static Model {
    let id = format!("us.anthropic.claude-{name}");
    match models::find(&id, "us-east-1") {
        Some(Named::Profile(model)) => model,
        other => panic!("{name}: {other:?}"),
    }
}

const OLD: &str = "sonnet-4-5-20250929-v1:0";
const MIDDLE: &str = "opus-4-6-v1";
const NEW: &str = "opus-5-5";

/// A valid body with `change` put over it; `null` takes a field away.
fn tried(name: &str, change: &Value) -> Result<(), String> {
    let mut body = json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "hi"}],
    });
    for (field, value) in change.as_object().unwrap() {
        if value.is_null() {
            body.as_object_mut().unwrap().remove(field);
        } else {
            body[field] = value.clone();
        }
    }
    check(model(name), &body).map_err(|refusal| refusal.message)
}

fn refused(name: &str, change: &Value) -> String {
    tried(name, change).expect_err(&format!("{name} takes {change}"))
}

#[test]
fn what_claude_code_sends_to_bedrock_is_taken() {
    let system = json!([{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]);
    let new = json!({
        "system": system,
        "thinking": {"type": "adaptive", "display": "omitted"},
        "output_config": {"effort": "medium"},
        "anthropic_beta": ["interleaved-thinking-2025-05-14", "tool-search-tool-2025-10-19", "thinking-token-count-2026-05-13"],
        "messages": [{"role": "user", "content": "hi"}, {"role": "system", "content": "there"}],
        "tools": [{"name": "T", "input_schema": {"type": "object"}, "defer_loading": true}],
    });
    assert_eq!(tried(NEW, &new), Ok(()));
    let old = json!({
        "system": system,
        "thinking": {"type": "enabled", "budget_tokens": 2048},
        "temperature": 1,
        "anthropic_beta": ["interleaved-thinking-2025-05-14", "tool-search-tool-2025-10-19"],
    });
    assert_eq!(tried(OLD, &old), Ok(()));
    let middle = json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}});
    assert_eq!(tried(MIDDLE, &middle), Ok(()));
}

#[test]
fn fields_that_the_gateway_must_take_away_are_refused() {
    for field in ["model", "stream", "service_tier", "mcp_servers", "context_management", "speed"] {
        for name in [OLD, NEW] {
            let message = refused(name, &json!({field: true}));
            assert_eq!(message, format!("{field}: Extra inputs are not permitted"));
        }
    }
    for field in ["anthropic_version", "max_tokens", "messages"] {
        let message = refused(NEW, &json!({field: null}));
        assert_eq!(message, format!("{field}: Field required"));
    }
    let edits = json!({"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]});
    let managed =
        json!({"context_management": edits, "anthropic_beta": ["context-management-2025-06-27"]});
    assert!(refused(NEW, &managed).contains("requires `thinking`"));
}

#[test]
fn the_shape_of_the_error_follows_the_generation() {
    let body = json!({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1, "messages": [], "stream": true});
    let of = |name: &str| check(model(name), &body).unwrap_err();
    assert!(!of(OLD).anthropic && !of(MIDDLE).anthropic && of(NEW).anthropic);
    let metadata = json!({"metadata": {"user_id": "{\"a\":1}"}});
    let front = check(model(NEW), &metadata).unwrap_err();
    assert!(!front.anthropic);
    assert!(
        front
            .message
            .starts_with("Request metadata contains a value that violates the regular expression")
    );
    assert_eq!(tried(NEW, &json!({"metadata": {"user_id": "user_1-a"}})), Ok(()));
}

#[test]
fn betas_are_known_per_model() {
    let with = |name: &str| json!({"anthropic_beta": [name]});
    assert_eq!(refused(NEW, &with("new-thing-2027-01-01")), "invalid beta flag");
    assert_eq!(refused(NEW, &with("claude-code-20250219")), "invalid beta flag");
    assert_eq!(tried(MIDDLE, &with("claude-code-20250219")), Ok(()));
    assert_eq!(refused(OLD, &with("thinking-token-count-2026-05-13")), "invalid beta flag");
}

#[test]
fn generations_differ_in_thinking_sampling_and_roles() {
    let enabled = json!({"thinking": {"type": "enabled", "budget_tokens": 2048}});
    assert!(refused(NEW, &enabled).contains("\"thinking.type.enabled\" is not supported"));
    assert!(
        refused(OLD, &json!({"thinking": {"type": "adaptive"}})).contains("Input tag 'adaptive'")
    );
    assert!(refused(NEW, &json!({"thinking": {"type": "disabled"}})).contains("not supported"));
    assert_eq!(
        refused(MIDDLE, &json!({"thinking": {"type": "adaptive", "display": "omitted"}})),
        extra("thinking.adaptive.display")
    );
    assert!(
        refused(OLD, &json!({"thinking": {"type": "enabled", "budget_tokens": 4096}}))
            .contains("must be greater")
    );
    assert!(refused(NEW, &json!({"temperature": 1})).contains("deprecated"));
    assert!(refused(OLD, &json!({"temperature": 1, "top_p": 1})).contains("cannot both"));
    assert!(refused(OLD, &json!({"output_config": {"effort": "low"}})).contains("effort"));
    let system =
        json!({"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]});
    assert!(refused("opus-4-7", &system).contains("Unexpected role \"system\""));
    assert_eq!(tried("opus-4-8", &system), Ok(()));
    let prefill = json!({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]});
    assert_eq!(tried(OLD, &prefill), Ok(()));
    assert!(refused(MIDDLE, &prefill).contains("prefill"));
    assert!(refused(OLD, &json!({"max_tokens": 64_001})).starts_with("max_tokens: 64001 > 64000"));
}

#[test]
fn cache_control_has_its_own_rules() {
    let system = |controls: &[Value]| {
        let block =
            |control: &Value| json!({"type": "text", "text": "x", "cache_control": control});
        json!({"system": controls.iter().map(block).collect::<Vec<_>>()})
    };
    let (short, hour) = (json!({"type": "ephemeral"}), json!({"type": "ephemeral", "ttl": "1h"}));
    let scoped = json!({"type": "ephemeral", "scope": "global"});
    assert_eq!(refused(NEW, &system(&[scoped])), extra("system.0.cache_control.ephemeral.scope"));
    assert_eq!(tried(NEW, &system(&[hour.clone(), short.clone()])), Ok(()));
    assert!(refused(NEW, &system(&[short.clone(), hour.clone()])).contains("must not come after"));
    assert!(refused(NEW, &system(&vec![short; 5])).contains("Found 5"));
    assert_eq!(
        refused("opus-4-1-20250805-v1:0", &system(&[hour])),
        extra("system.0.cache_control.ephemeral.ttl")
    );
}

#[test]
fn tools_and_blocks_are_checked() {
    let tools = |tool: Value| json!({"tools": [tool]});
    let custom =
        |field: &str| tools(json!({"name": "T", "input_schema": {"type": "object"}, field: true}));
    for field in ["defer_loading", "strict", "custom"] {
        assert_eq!(refused(NEW, &custom(field)), extra(&format!("tools.0.custom.{field}")));
    }
    assert_eq!(tried(OLD, &custom("strict")), Ok(()));
    let search = tools(json!({"type": "web_search_20250305", "name": "web_search"}));
    assert_eq!(refused(NEW, &search), "tool type 'web_search_20250305' is not supported");
    assert!(refused(OLD, &search).contains("does not match any of the expected tags"));
    let said = |role: &str, block: Value| {
        let first = json!({"role": "user", "content": "a"});
        json!({"messages": [first, {"role": role, "content": [block]}, {"role": "user", "content": "b"}]})
    };
    assert!(
        refused(NEW, &said("user", json!({"type": "text", "text": ""})))
            .contains("must be non-empty")
    );
    let image = json!({"type": "image", "source": {"type": "url", "url": "x"}});
    assert!(refused(NEW, &said("user", image)).contains("Input tag 'url'"));
    let call = |id: &str| json!({"type": "tool_use", "id": id, "name": "T", "input": {}});
    assert!(refused(NEW, &said("assistant", call("a.b"))).contains("should match pattern"));
    assert!(refused(NEW, &said("assistant", call("ab"))).contains("without `tool_result`"));
    let result = json!({"type": "tool_result", "tool_use_id": "ab", "content": "x"});
    assert!(refused(NEW, &said("user", result)).contains("unexpected `tool_use_id`"));
    let thought = |signature: &str| {
        let block = json!({"type": "thinking", "thinking": "so", "signature": signature});
        said("assistant", block)
    };
    assert_eq!(tried(NEW, &thought(&crate::simulator::signature::of("so"))), Ok(()));
    let changed = thought(&crate::simulator::signature::of("else"));
    assert!(refused(NEW, &changed).contains("Invalid `signature`"));
}
