//! What happens on the way to the end of a budget: a preset, or up to five rules.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Rules of one budget at the most.
const MAX_RULES: usize = 5;
/// The highest threshold, in percent.
const MAX_PERCENT: u32 = 1_000;

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Tells people, once per period.
    Notify,
    /// Throttles requests.
    Shape {
        /// To so many per minute.
        #[schema(minimum = 1, maximum = 1000000)]
        requests_per_minute: u32,
    },
    /// Refuses requests.
    Block,
}

/// A threshold, and what happens there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rule {
    /// Percent of the amount that must be spent.
    #[schema(minimum = 1, maximum = 1000)]
    pub at_percent: u32,
    /// What happens then.
    #[serde(flatten)]
    pub action: Action,
}

/// Rules that need no explaining.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// Notifies at 80 %, blocks at 100 %.
    #[default]
    Standard,
    /// Notifies at 80 and 100 %, blocks at 150 %.
    Soft,
    /// Notifies at 80 %, throttles to 5 requests per minute at 100 %, blocks at 150 %.
    Shaped,
}

/// A preset by its name, or rules of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Policy {
    /// A preset.
    Preset(Preset),
    /// One to five rules.
    Own(Vec<Rule>),
}

impl Default for Policy {
    fn default() -> Self {
        Self::Preset(Preset::default())
    }
}

const fn rule(at_percent: u32, action: Action) -> Rule {
    Rule { at_percent, action }
}

const STANDARD: &[Rule] = &[rule(80, Action::Notify), rule(100, Action::Block)];
const SOFT: &[Rule] =
    &[rule(80, Action::Notify), rule(100, Action::Notify), rule(150, Action::Block)];
const SHAPED: &[Rule] = &[
    rule(80, Action::Notify),
    rule(100, Action::Shape { requests_per_minute: 5 }),
    rule(150, Action::Block),
];

impl Policy {
    /// The rules, lowest first.
    pub fn rules(&self) -> impl Iterator<Item = Rule> {
        let rules = match self {
            Self::Preset(Preset::Standard) => STANDARD,
            Self::Preset(Preset::Soft) => SOFT,
            Self::Preset(Preset::Shaped) => SHAPED,
            Self::Own(rules) => rules,
        };
        rules.iter().copied()
    }

    /// What is wrong with it, in words.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let Self::Own(rules) = self else { return None };
        let ascends =
            rules.iter().zip(rules.iter().skip(1)).all(|(a, b)| a.at_percent < b.at_percent);
        let count =
            |wanted: fn(&Action) -> bool| rules.iter().filter(|r| wanted(&r.action)).count();
        let blocks = count(|action| *action == Action::Block);
        let shapes = count(|action| matches!(action, Action::Shape { .. }));
        if !(1..=MAX_RULES).contains(&rules.len()) {
            Some("takes one to five rules")
        } else if rules.iter().any(|rule| !(1..=MAX_PERCENT).contains(&rule.at_percent)) {
            Some("takes thresholds from 1 to 1000 percent")
        } else if !ascends {
            Some("takes rules whose thresholds ascend")
        } else if blocks > 1 || shapes > 1 {
            Some("takes at most one rule that blocks and one that shapes")
        } else if blocks == 1 && rules.last().map(|rule| rule.action) != Some(Action::Block) {
            Some("takes no rule behind the one that blocks")
        } else if rules.iter().any(|rule| {
            matches!(rule.action, Action::Shape { requests_per_minute } if requests_per_minute == 0)
        }) {
            Some("takes one request per minute or more where it shapes")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(json: serde_json::Value) -> Policy {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn policies_are_names_or_rules() {
        let soft: Policy = serde_json::from_str(r#""soft""#).unwrap();
        assert_eq!(soft, Policy::Preset(Preset::Soft));
        let rules = serde_json::json!([
            { "at_percent": 50, "action": "notify" },
            { "at_percent": 90, "action": "shape", "requests_per_minute": 2 },
            { "at_percent": 120, "action": "block" },
        ]);
        let policy = own(rules.clone());
        assert_eq!(policy.fault(), None);
        assert_eq!(serde_json::to_value(policy).unwrap(), rules);
        assert!(serde_json::from_str::<Policy>(r#""strict""#).is_err());
    }

    #[test]
    fn rules_that_make_no_sense_are_named() {
        let notify = |at: u32| serde_json::json!({ "at_percent": at, "action": "notify" });
        let block = |at: u32| serde_json::json!({ "at_percent": at, "action": "block" });
        let shape = |rpm: u32| serde_json::json!({ "at_percent": 9, "action": "shape", "requests_per_minute": rpm });
        for wrong in [
            serde_json::json!([]),
            (1..=6).map(notify).collect(),
            [notify(0)].into_iter().collect(),
            [notify(1001)].into_iter().collect(),
            [notify(80), notify(80)].into_iter().collect(),
            [block(80), notify(90)].into_iter().collect(),
            [block(80), block(90)].into_iter().collect(),
            [shape(0)].into_iter().collect(),
        ] {
            assert!(own(wrong.clone()).fault().is_some(), "{wrong}");
        }
    }
}
