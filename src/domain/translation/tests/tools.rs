use serde_json::json;

use super::{refused, refused_by, request, translated};
use crate::domain::capability::{
    CLAUDE_5_5, HAIKU_4_5, OPUS_4_6, OPUS_4_7, OPUS_5, SONNET_3_7, Verdicts,
};
use crate::domain::translation::Call;

#[test]
fn server_tools_are_refused_by_place_and_type() {
    let tools =
        json!({"tools": [{"name": "t"}, {"type": "web_search_20250305", "name": "web_search"}]});
    assert_eq!(
        refused(tools),
        "tools.1: the server tool 'web_search_20250305' is not available on Amazon Bedrock"
    );
    let regex = json!({"tools": [{"type": "tool_search_tool_regex_20251119", "name": "x"}]});
    let (body, _) = translated(regex.clone(), &HAIKU_4_5, &[]);
    assert_eq!(body["anthropic_beta"], json!(["tool-search-tool-2025-10-19"]));
    assert!(refused_by(regex, &SONNET_3_7).contains("not available for this model"));
}

#[test]
fn fields_of_tools_stay_where_the_model_takes_them() {
    let tool = json!({
        "strict": true, "name": "t", "input_examples": [1], "input_schema": {"strict": 1},
        "eager_input_streaming": true, "custom": {"defer_loading": true}, "allowed_callers": ["direct"],
        "defer_loading": false,
    });
    let (body, adjusted) = translated(json!({"tools": [tool]}), &OPUS_4_6, &[]);
    assert_eq!(
        body["tools"],
        json!([{
            "strict": true, "name": "t", "input_examples": [1], "input_schema": {"strict": 1},
            "eager_input_streaming": true, "defer_loading": false,
        }])
    );
    assert_eq!(
        body["anthropic_beta"],
        json!(["tool-search-tool-2025-10-19", "tool-examples-2025-10-29"])
    );
    assert_eq!(adjusted, ["tools.allowed_callers", "tools.custom"]);
    let (body, _) = translated(json!({"tools": [tool]}), &OPUS_4_7, &[]);
    assert_eq!(body["tools"][0].get("strict"), None);
    let (body, adjusted) = translated(json!({"tools": [tool]}), &SONNET_3_7, &[]);
    assert_eq!(body["tools"], json!([{"name": "t", "input_schema": {"strict": 1}}]));
    assert_eq!(adjusted.len(), 6);
}

#[test]
fn the_beta_of_a_built_in_tool_comes_with_it() {
    let computer = json!({"tools": [{"type": "computer_20251124", "name": "computer"}]});
    let (body, _) = translated(computer.clone(), &OPUS_5, &[]);
    assert_eq!(body["anthropic_beta"], json!(["computer-use-2025-11-24"]));
    assert!(refused_by(computer, &HAIKU_4_5).starts_with("tools.0: the tool type"));
    let memory = json!({"tools": [{"type": "memory_20250818", "name": "memory"}]});
    let (body, _) = translated(memory, &OPUS_5, &[]);
    assert_eq!(body["anthropic_beta"], json!(["context-management-2025-06-27"]));
}

#[test]
fn references_to_tools_are_said_in_words_where_there_is_no_search() {
    let members = json!({"messages": [
        {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "ToolSearch", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": [
            {"type": "tool_reference", "tool_name": "a\"b"}, {"type": "text", "text": "Tool loaded."}]}]},
    ]});
    let (body, adjusted) = translated(members.clone(), &OPUS_5, &[]);
    assert_eq!((&body["messages"], adjusted.len()), (&members["messages"], 0));
    let (body, adjusted) = translated(members, &SONNET_3_7, &[]);
    assert_eq!(
        body["messages"][1]["content"][0]["content"],
        json!([{"type": "text", "text": "The tool a\"b is available."}, {"type": "text", "text": "Tool loaded."}])
    );
    assert_eq!(adjusted, ["tool_reference"]);
}

#[test]
fn forced_tools_are_refused_where_the_model_always_thinks() {
    let forced = |kind: &str| json!({"tool_choice": {"type": kind, "name": "t"}});
    assert!(refused_by(forced("any"), &CLAUDE_5_5).starts_with("tool_choice: this model always"));
    assert!(refused_by(forced("tool"), &CLAUDE_5_5).starts_with("tool_choice: this model always"));
    let (body, _) = translated(forced("auto"), &CLAUDE_5_5, &[]);
    assert_eq!(body["tool_choice"]["type"], json!("auto"));
    let (body, _) = translated(forced("tool"), &OPUS_5, &[]);
    assert_eq!(body["tool_choice"], forced("tool")["tool_choice"]);
}

#[test]
fn odd_ids_get_the_same_alias_on_both_sides() {
    let long = "x".repeat(65);
    let body = |id: &str| {
        json!({"messages": [
            {"role": "assistant", "content": [{"type": "tool_use", "id": id, "name": "n", "input": {"id": id}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": "x"}]},
        ]})
    };
    for id in ["call:1", "", "ünï", long.as_str(), "a\"b"] {
        let request = request(&body(id));
        let call = Call::default();
        let translation = request.translate(&OPUS_5, &Verdicts::NONE, &call).unwrap();
        let [alias] = &translation.aliases[..] else { panic!("{id}") };
        assert_eq!((alias.id.as_str(), alias.alias.len()), (id, 51));
        let sent: serde_json::Value = serde_json::from_slice(&translation.body).unwrap();
        assert_eq!(sent["messages"][0]["content"][0]["id"], json!(alias.alias));
        assert_eq!(sent["messages"][0]["content"][0]["input"]["id"], json!(id));
        assert_eq!(sent["messages"][1]["content"][0]["tool_use_id"], json!(alias.alias));
        assert_eq!(translation.adjusted, ["tool_use.id"]);
        let again = request.translate(&OPUS_5, &Verdicts::NONE, &call).unwrap();
        assert_eq!(again.body, translation.body);
    }
    let plain = request(&body("toolu_01-A_z"));
    assert!(
        plain.translate(&OPUS_5, &Verdicts::NONE, &Call::default()).unwrap().aliases.is_empty()
    );
}
