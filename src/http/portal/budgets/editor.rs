//! The fields of a budget: how much, and the rules of what happens on the way, a preset's or one's
//! own. All of it works without scripts; with them, rules of one's own are shown when they are chosen.

use crate::control::ControlError;
use crate::domain::budget::{Action, Nanos, Policy, Preset, Rule, dollars};
use crate::http::portal::input::{Choice, Input};
use crate::http::portal::level;
use crate::http::portal::sent::Sent;

/// The fields of each rule: percent, action, requests per minute.
const RULES: [[&str; 3]; 5] = [
    ["rule1_percent", "rule1_action", "rule1_requests"],
    ["rule2_percent", "rule2_action", "rule2_requests"],
    ["rule3_percent", "rule3_action", "rule3_requests"],
    ["rule4_percent", "rule4_action", "rule4_requests"],
    ["rule5_percent", "rule5_action", "rule5_requests"],
];
const PRESETS: [(&str, &str, Preset); 3] = [
    ("standard", "Standard", Preset::Standard),
    ("soft", "Soft", Preset::Soft),
    ("shaped", "Shaped", Preset::Shaped),
];
const OWN: &str = "own";
const ACTIONS: [(&str, &str); 4] =
    [("", "–"), ("notify", "Notify"), ("shape", "Slow down"), ("block", "Block")];

/// The fields as they were sent.
pub(super) fn sent(sent: &Sent) -> [Input; 3] {
    let rules = RULES.map(|names| names.map(|name| sent.text(name).to_owned()));
    let policy = sent.given("policy").unwrap_or("standard");
    fields(sent.text("amount_usd"), policy, &rules)
}

/// The fields as they are stored.
pub(super) fn stored(amount: Option<Nanos>, policy: &Policy) -> [Input; 3] {
    let mut rules = policy.rules().map(|rule| {
        let (action, requests) = match rule.action {
            Action::Notify => ("notify", String::new()),
            Action::Shape { requests_per_minute } => ("shape", requests_per_minute.to_string()),
            Action::Block => ("block", String::new()),
        };
        [rule.at_percent.to_string(), action.to_owned(), requests]
    });
    let rules = RULES.map(|_| rules.next().unwrap_or_default());
    let name = match policy {
        Policy::Own(_) => OWN,
        Policy::Preset(chosen) => {
            PRESETS.iter().find(|(.., preset)| preset == chosen).map_or(OWN, |(name, ..)| name)
        }
    };
    let amount = amount.map(|amount| dollars(amount.0)).unwrap_or_default();
    fields(&amount, name, &rules)
}

fn fields(amount: &str, policy: &str, rules: &[[String; 3]; 5]) -> [Input; 3] {
    let amount = Input::line("amount_usd", "Amount in dollars", "text", amount, 20).help(
        "Empty means no limit, whatever a default says: for a user, or for the users of a team.",
    );
    let presets = PRESETS.map(|(name, label, preset)| {
        let rules = level::policy(&Policy::Preset(preset));
        Choice::new(name, format!("{label}: {rules}"), policy == name)
    });
    let own = Choice::new(OWN, "Rules of your own", policy == OWN);
    let policy =
        Input::select("policy", "What happens", presets.into_iter().chain([own]).collect());
    let rows = RULES.iter().zip(rules).map(|(names, values)| row(names, values)).collect();
    let rules = Input::rows("rules", "Rules of your own", "policy=own", rows).help(
        "Up to five, in any order. Percent of the amount that is spent: 1 to 1000. Slowing down needs how many requests each minute may have.",
    );
    [amount, policy, rules]
}

fn row(&[percent, action, requests]: &[&'static str; 3], values: &[String; 3]) -> Vec<Input> {
    let [at, then, per_minute] = values;
    let actions = ACTIONS.map(|(name, label)| Choice::new(name, label, then == name));
    vec![
        Input::number(percent, "At percent", at),
        Input::select(action, "Then", actions.into()),
        Input::number(requests, "Per minute", per_minute),
    ]
}

/// The amount that was sent; `None` where the field is empty.
pub(super) fn amount(sent: &Sent) -> Result<Option<Nanos>, ControlError> {
    let takes = "takes dollars from 0 to 1000000000, such as 250 or 12.50";
    let number: Option<serde_json::Number> = sent.read("amount_usd", takes)?;
    let read = number.map(|number| serde_json::from_value::<Nanos>(number.into()));
    read.transpose().map_err(|_| ControlError::invalid("amount_usd", takes))
}

/// The policy that was sent. What is wrong is told at the rule that is.
pub(super) fn policy(sent: &Sent) -> Result<Policy, ControlError> {
    let chosen = sent.text("policy");
    if chosen != OWN {
        let preset = PRESETS.iter().find(|(name, ..)| *name == chosen);
        let preset = preset.map(|(.., preset)| Policy::Preset(*preset));
        return preset.ok_or_else(|| ControlError::invalid("policy", "takes one of these"));
    }
    let mut rules = Vec::new();
    for names in &RULES {
        if let Some(rule) = rule(sent, names)? {
            rules.push((rule, names[0]));
        }
    }
    rules.sort_by_key(|(rule, _)| rule.at_percent);
    let mut checked = Vec::new();
    for (rule, field) in rules {
        checked.push(rule);
        if let Some(takes) = Policy::Own(checked.clone()).fault() {
            return Err(ControlError::invalid(field, takes));
        }
    }
    if checked.is_empty() {
        return Err(ControlError::invalid(RULES[0][0], "takes a percentage: one rule is needed"));
    }
    Ok(Policy::Own(checked))
}

fn rule(
    sent: &Sent,
    &[percent, action, requests]: &[&'static str; 3],
) -> Result<Option<Rule>, ControlError> {
    let at: Option<u32> = sent.read(percent, "takes a whole number from 1 to 1000")?;
    let action = match (at, sent.text(action)) {
        (None, "") => return Ok(None),
        (None, _) => return Err(ControlError::invalid(percent, "takes the percentage")),
        (Some(_), "notify") => Action::Notify,
        (Some(_), "block") => Action::Block,
        (Some(_), "shape") => {
            let takes = "takes a whole number from 1 on";
            let given = sent.read(requests, takes)?.filter(|number| *number > 0);
            let missing = || ControlError::invalid(requests, takes);
            Action::Shape { requests_per_minute: given.ok_or_else(missing)? }
        }
        (Some(_), _) => return Err(ControlError::invalid(action, "takes one of these")),
    };
    Ok(at.map(|at_percent| Rule { at_percent, action }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Policy, ControlError> {
        policy(&Sent::of_query(query))
    }

    #[test]
    fn rules_come_in_any_order_and_what_is_wrong_is_told_at_the_rule() {
        let own = "policy=own&rule2_percent=50&rule2_action=notify&rule4_percent=40&rule4_action=shape&rule4_requests=3";
        let rules = vec![
            Rule { at_percent: 40, action: Action::Shape { requests_per_minute: 3 } },
            Rule { at_percent: 50, action: Action::Notify },
        ];
        assert_eq!(read(own), Ok(Policy::Own(rules)));
        assert_eq!(read("policy=soft&rule1_percent=x"), Ok(Policy::Preset(Preset::Soft)));
        for (wrong, field) in [
            ("policy=own", "rule1_percent"),
            ("policy=stern", "policy"),
            ("policy=own&rule1_percent=x&rule1_action=block", "rule1_percent"),
            ("policy=own&rule1_action=block", "rule1_percent"),
            ("policy=own&rule3_percent=80", "rule3_action"),
            ("policy=own&rule3_percent=80&rule3_action=shape", "rule3_requests"),
            ("policy=own&rule1_percent=2000&rule1_action=block", "rule1_percent"),
            (
                "policy=own&rule1_percent=90&rule1_action=notify&rule2_percent=80&rule2_action=block",
                "rule1_percent",
            ),
            (
                "policy=own&rule1_percent=80&rule1_action=block&rule2_percent=80&rule2_action=notify",
                "rule2_percent",
            ),
        ] {
            assert_eq!(read(wrong).unwrap_err().field(), Some(field), "{wrong}");
        }
    }

    #[test]
    fn an_amount_is_dollars_or_nothing() {
        let read = |text: &str| amount(&Sent::of_query(&format!("amount_usd={text}")));
        assert_eq!((read("12.5"), read("")), (Ok(Some(Nanos(12_500_000_000))), Ok(None)));
        for wrong in ["x", "-1", "1000000001", "$5"] {
            assert_eq!(read(wrong).unwrap_err().field(), Some("amount_usd"), "{wrong}");
        }
    }
}
