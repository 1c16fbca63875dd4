use serde_json::{Value, json};

use super::translated;
use crate::domain::capability::{OPUS_4_6, OPUS_5, SONNET_3_7};

const EPHEMERAL: &str = "ephemeral";

fn automatic(messages: Value) -> Value {
    let members = json!({"messages": messages, "cache_control": {"type": EPHEMERAL, "scope": "x"}});
    let (mut body, adjusted) = translated(members, &OPUS_4_6, &[]);
    assert_eq!(body.get("cache_control"), None);
    assert!(adjusted.contains(&"cache_control"));
    body["messages"].take()
}

#[test]
fn automatic_caching_becomes_a_breakpoint_on_the_last_block() {
    let control = json!({"type": EPHEMERAL});
    let text = |text: &str| json!({"type": "text", "text": text});
    let marked = |text: &str| json!({"type": "text", "text": text, "cache_control": control});
    let user = |content: Value| json!({"role": "user", "content": content});
    let assistant = |content: Value| json!({"role": "assistant", "content": content});
    let thinking = json!({"type": "thinking", "thinking": "", "signature": "s"});
    for (sent, left) in [
        (json!([user(json!("u"))]), json!([user(json!([marked("u")]))])),
        (
            json!([user(json!([text("a"), text("b"), text("")]))]),
            json!([user(json!([text("a"), marked("b")]))]),
        ),
        (
            json!([user(json!("u")), assistant(json!([text("a"), thinking])), user(json!([]))]),
            json!([user(json!("u")), assistant(json!([marked("a"), thinking])), user(json!([]))]),
        ),
        // A system message joins the turn that carries the breakpoint.
        (
            json!([user(json!("u")), {"role": "system", "content": "s"}]),
            json!([user(json!([marked("u"), text("s")]))]),
        ),
        (json!([user(json!([marked("a")]))]), json!([user(json!([marked("a")]))])),
    ] {
        assert_eq!(automatic(sent.clone()), left, "{sent}");
    }
}

#[test]
fn no_more_than_four_breakpoints_are_made() {
    let block = json!({"type": "text", "text": "s", "cache_control": {"type": EPHEMERAL}});
    for (explicit, made) in [(3, true), (4, false)] {
        let members =
            json!({"system": vec![block.clone(); explicit], "cache_control": {"type": EPHEMERAL}});
        let (body, _) = translated(members, &OPUS_5, &[]);
        assert_eq!(body["messages"][0]["content"].is_array(), made);
    }
}

#[test]
fn empty_texts_go_where_something_else_stays() {
    let empty = json!({"type": "text", "text": "", "cache_control": {"type": EPHEMERAL}});
    let full = json!({"type": "text", "text": "x"});
    let members = json!({"system": [empty, full], "messages": [{"role": "user", "content": [full, empty, empty]}]});
    let (body, adjusted) = translated(members, &SONNET_3_7, &[]);
    assert_eq!(body["system"], json!([full]));
    assert_eq!(body["messages"][0]["content"], json!([full]));
    assert_eq!(adjusted, ["empty_text"]);
    let alone = json!({"messages": [{"role": "user", "content": [empty]}], "system": [empty]});
    let (body, _) = translated(alone.clone(), &SONNET_3_7, &[]);
    assert_eq!((&body["messages"], body.get("system")), (&alone["messages"], None));
}
