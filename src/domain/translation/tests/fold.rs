use serde_json::{Value, json};

use super::translated;
use crate::domain::capability::{HAIKU_4_5, OPUS_5};

fn messages(list: Value) -> Value {
    translated(json!({"messages": list}), &HAIKU_4_5, &[]).0["messages"].take()
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

#[test]
fn system_messages_join_the_user_turn_before_them() {
    let user = |content: Value| json!({"role": "user", "content": content});
    let system = |content: Value| json!({"role": "system", "content": content, "output_config": {"effort": "low"}});
    let assistant = json!({"role": "assistant", "content": "a"});
    let cached = json!({"type": "text", "text": "\"s\n", "cache_control": {"type": "ephemeral", "scope": "g"}});
    let stripped = json!({"type": "text", "text": "\"s\n", "cache_control": {"type": "ephemeral"}});
    let result = json!({"type": "tool_result", "tool_use_id": "t"});
    for (from, to) in [
        (
            json!([user(json!("u")), system(json!("s")), system(json!([cached])), assistant]),
            json!([user(json!([text("u"), text("s"), stripped])), assistant]),
        ),
        (
            json!([user(json!([result, text("u")])), system(json!("")), system(json!("s"))]),
            json!([user(json!([result, text("u"), text("s")]))]),
        ),
        (
            json!([system(json!("s")), user(json!("")), assistant]),
            json!([user(json!([text("s")])), assistant]),
        ),
        (
            json!([
                user(json!("u")),
                assistant,
                system(json!("s")),
                system(json!([text("z")])),
                user(json!([result, text("v")]))
            ]),
            json!([
                user(json!("u")),
                assistant,
                user(json!([result, text("s"), text("z"), text("v")]))
            ]),
        ),
        (
            json!([assistant, system(json!("s")), user(json!([text("v")]))]),
            json!([assistant, user(json!([text("s"), text("v")]))]),
        ),
        (json!([user(json!([])), system(json!("s"))]), json!([user(json!([text("s")]))])),
        (
            json!([user(json!("u")), assistant, system(json!("s"))]),
            json!([user(json!("u")), assistant, user(json!("s"))]),
        ),
    ] {
        assert_eq!(messages(from.clone()), to, "{from}");
    }
}

#[test]
fn system_messages_stay_where_the_model_takes_them() {
    let list = json!([{"role": "user", "content": "u"}, {"role": "system", "content": "s", "output_config": {"effort": "low"}}]);
    let (body, adjusted) = translated(json!({"messages": list}), &OPUS_5, &[]);
    assert_eq!(
        body["messages"],
        json!([{"role": "user", "content": "u"}, {"role": "system", "content": "s"}])
    );
    assert_eq!(adjusted, ["messages.output_config"]);
}
