use serde_json::{Value, json};

use super::{refused_by, translated};
use crate::domain::capability::{
    CLAUDE_5_5, Capability, HAIKU_3_5, HAIKU_4_5, OPUS_4_5, OPUS_4_6, OPUS_4_7, OPUS_5, SONNET_4_5,
};

fn thought(members: Value, capability: &Capability) -> (Value, Value, Vec<&'static str>) {
    let (mut body, adjusted) = translated(members, capability, &[]);
    (body["thinking"].take(), body["output_config"].take(), adjusted)
}

#[test]
fn what_the_model_takes_stays_as_it_is() {
    let adaptive = json!({"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "max"}});
    let (thinking, output, adjusted) = thought(adaptive.clone(), &OPUS_5);
    assert_eq!(
        (thinking, output),
        (adaptive["thinking"].clone(), adaptive["output_config"].clone())
    );
    assert!(adjusted.is_empty());
    let budget =
        json!({"max_tokens": 9000, "thinking": {"budget_tokens": 8999, "type": "enabled"}});
    for capability in [&SONNET_4_5, &OPUS_4_6] {
        let (thinking, _, adjusted) = thought(budget.clone(), capability);
        assert_eq!((thinking, adjusted.len()), (budget["thinking"].clone(), 0));
    }
}

#[test]
fn adaptive_becomes_a_budget_after_the_effort_and_below_the_limit() {
    for (effort, limit, budget) in [
        (None, 64_000, Some(31_999)),
        (Some("low"), 64_000, Some(4_000)),
        (Some("medium"), 64_000, Some(10_000)),
        (Some("max"), 64_000, Some(31_999)),
        (None, 5_000, Some(4_999)),
        (Some("low"), 1_025, Some(1_024)),
        (None, 1_024, None),
    ] {
        let mut members =
            json!({"max_tokens": limit, "thinking": {"type": "adaptive", "display": "updates"}});
        if let Some(effort) = effort {
            members["output_config"] = json!({"effort": effort});
        }
        let (thinking, output, adjusted) = thought(members, &SONNET_4_5);
        let expected = budget.map(|budget| json!({"type": "enabled", "budget_tokens": budget}));
        assert_eq!(
            (thinking, output),
            (expected.unwrap_or_default(), Value::Null),
            "{effort:?} {limit}"
        );
        assert!(adjusted.contains(&"thinking.type"));
    }
    let members = json!({"max_tokens": 9000, "thinking": {"type": "adaptive"}});
    assert_eq!(thought(members, &HAIKU_3_5).0, Value::Null);
}

#[test]
fn a_budget_becomes_adaptive_with_an_effort() {
    for (budget, effort) in [(1_024, Some("low")), (10_000, Some("medium")), (31_999, None)] {
        let members = json!({"max_tokens": 64_000, "thinking": {"type": "enabled", "budget_tokens": budget, "display": "omitted"}});
        let (thinking, output, _) = thought(members.clone(), &OPUS_5);
        assert_eq!(thinking, json!({"type": "adaptive", "display": "omitted"}));
        assert_eq!(output, effort.map_or(Value::Null, |effort| json!({"effort": effort})));
        // What the client says of the effort counts.
        let mut members = members;
        members["output_config"] = json!({"effort": "xhigh"});
        assert_eq!(thought(members, &OPUS_5).1, json!({"effort": "xhigh"}));
    }
    let members = json!({"max_tokens": 64_000, "thinking": {"type": "enabled", "budget_tokens": 2000}, "output_config": {}});
    assert_eq!(thought(members, &OPUS_4_7).1, json!({"effort": "low"}));
}

#[test]
fn other_shapes_become_the_nearest_one() {
    let between = json!({"max_tokens": 64_000, "thinking": {"type": "between_tools"}});
    assert_eq!(thought(between.clone(), &CLAUDE_5_5).0, json!({"type": "between_tools"}));
    assert_eq!(thought(between.clone(), &OPUS_5).0, json!({"type": "adaptive"}));
    assert_eq!(thought(between, &HAIKU_4_5).0["type"], json!("enabled"));
    let disabled = json!({"thinking": {"type": "disabled"}});
    assert_eq!(thought(disabled.clone(), &OPUS_5).0, json!({"type": "disabled"}));
    let (thinking, _, adjusted) = thought(disabled, &CLAUDE_5_5);
    assert_eq!((thinking, adjusted), (Value::Null, vec!["thinking.type"]));
    let updates = json!({"thinking": {"type": "adaptive", "display": "updates"}});
    let (body, _) = translated(updates.clone(), &OPUS_5, &[]);
    assert_eq!(body["anthropic_beta"], json!(["thinking-display-updates-2026-08-18"]));
    let (thinking, _, adjusted) = thought(updates, &OPUS_4_7);
    assert_eq!(thinking, json!({"type": "adaptive", "display": "summarized"}));
    assert_eq!(adjusted, ["thinking.display"]);
}

#[test]
fn efforts_are_clamped_to_what_the_model_knows() {
    for (capability, sent, left) in [
        (&OPUS_4_7, "xhigh", Some("xhigh")),
        (&OPUS_4_6, "max", Some("max")),
        (&OPUS_4_6, "xhigh", Some("high")),
        (&OPUS_4_5, "max", Some("high")),
        (&OPUS_4_5, "medium", Some("medium")),
        (&SONNET_4_5, "low", None),
    ] {
        let (_, output, adjusted) = thought(json!({"output_config": {"effort": sent}}), capability);
        assert_eq!(output, left.map_or(Value::Null, |left| json!({"effort": left})), "{sent}");
        assert_eq!(adjusted.contains(&"output_config.effort"), left != Some(sent), "{sent}");
    }
    let (body, _) = translated(json!({"output_config": {"effort": "low"}}), &OPUS_4_5, &[]);
    assert_eq!(body["anthropic_beta"], json!(["effort-2025-11-24"]));
}

#[test]
fn structured_outputs_pass_move_or_are_refused() {
    let format = json!({"type": "json_schema", "schema": {"type": "object"}});
    let (_, output, _) =
        thought(json!({"output_config": {"effort": "low", "format": format}}), &SONNET_4_5);
    assert_eq!(output, json!({"format": format}));
    for given in [json!(null), json!({"effort": "low"})] {
        let members = if given.is_null() {
            json!({"output_format": format})
        } else {
            json!({"output_format": format, "output_config": given})
        };
        let (body, adjusted) = translated(members, &OPUS_4_6, &[]);
        assert_eq!(body["output_config"]["format"], format);
        assert_eq!((body.get("output_format"), adjusted), (None, vec!["output_format"]));
    }
    for (field, members) in [
        ("output_format", json!({"output_format": format})),
        ("output_config.format", json!({"output_config": {"format": format}})),
    ] {
        assert_eq!(
            refused_by(members, &OPUS_4_7),
            format!(
                "{field}: not available on Amazon Bedrock; capability_rejected: structured_outputs_unsupported"
            )
        );
    }
}

#[test]
fn the_limit_is_the_models_and_the_budget_stays_below() {
    let members =
        json!({"max_tokens": 128_000, "thinking": {"type": "enabled", "budget_tokens": 100_000}});
    let (body, adjusted) = translated(members, &SONNET_4_5, &[]);
    assert_eq!(
        (&body["max_tokens"], &body["thinking"]["budget_tokens"]),
        (&json!(64_000), &json!(63_999))
    );
    assert_eq!(adjusted, ["max_tokens", "thinking.budget_tokens"]);
    let (body, adjusted) = translated(json!({"max_tokens": 0}), &OPUS_5, &[]);
    assert_eq!((&body["max_tokens"], adjusted), (&json!(1), vec!["max_tokens"]));
}
