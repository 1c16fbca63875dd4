//! `thinking` in a shape that the model takes, `max_tokens` within its limit, and `output_config`: the three
//! depend on each other.

use std::borrow::Cow;

use super::{Draft, Refusal};
use crate::domain::capability::Feature;
use crate::domain::json::{Cursor, JsonError, Kind, Span, Text};

/// Smallest `budget_tokens`.
const MIN_BUDGET: u64 = 1_024;
/// The budget for each effort, where a model knows budgets only; the last is for all others.
const BUDGETS: &[(&str, u64)] = &[("low", 4_000), ("medium", 10_000), ("", 31_999)];
/// Below which budget an effort says as much; above, the model's own default does.
const EFFORTS: &[(u64, &str)] = &[(8_000, "low"), (20_000, "medium")];

/// The members of `thinking` that are read.
#[derive(Default)]
struct Thinking<'s> {
    kind: Cow<'s, str>,
    budget: Option<(Span, u64)>,
    display: Option<Span>,
}

impl Draft<'_> {
    /// Caps `max_tokens`, and gives `thinking` and `output_config` a shape that the model takes.
    ///
    /// # Errors
    /// Where structured outputs are asked of a model without them.
    pub(super) fn thinking_and_output(&mut self) -> Result<(), Refusal> {
        let limit = self.limit();
        let mut effort = None;
        if let Some(value) = self.request.field("thinking")
            && let Some(thinking) = read(self.body(), value)
        {
            effort = self.thinking(value, &thinking, limit);
        }
        self.output_config(effort)
    }

    /// The `max_tokens` of the translated request.
    fn limit(&mut self) -> Option<u64> {
        let asked = self.request.max_tokens()?;
        let limit = asked.clamp(1, u64::from(self.capability.max_output));
        if limit != asked
            && let Some(value) = self.request.field("max_tokens")
        {
            self.edits.replace(value, limit.to_string());
            self.adjusted("max_tokens");
        }
        Some(limit)
    }

    /// Returns the effort that takes the place of a budget.
    fn thinking(
        &mut self,
        value: Span,
        thinking: &Thinking<'_>,
        limit: Option<u64>,
    ) -> Option<&'static str> {
        let feature = match &*thinking.kind {
            "adaptive" => Feature::AdaptiveThinking,
            "enabled" => Feature::BudgetThinking,
            "disabled" => Feature::DisabledThinking,
            "between_tools" => Feature::BetweenToolsThinking,
            _ => return None,
        };
        if feature == Feature::BudgetThinking && self.thinking_ends {
            self.adjusted("thinking.type");
            self.gone.push("thinking");
            return None;
        }
        if self.uses(feature) {
            self.budget(thinking, limit);
            self.display(value, thinking);
            return None;
        }
        self.adjusted("thinking.type");
        if feature == Feature::DisabledThinking {
            self.gone.push("thinking");
            return None;
        }
        if self.uses(Feature::AdaptiveThinking) {
            let display = self.shown(thinking).map(|it| format!(r#","display":{it}"#));
            let display = display.unwrap_or_default();
            self.edits.replace(value, format!(r#"{{"type":"adaptive"{display}}}"#));
            let (_, budget) = thinking.budget?;
            return EFFORTS.iter().find(|(below, _)| budget < *below).map(|(_, effort)| *effort);
        }
        let budget = budget_for(self.effort().as_deref(), limit);
        match budget.filter(|_| !self.thinking_ends && self.uses(Feature::BudgetThinking)) {
            Some(budget) => {
                let shape = format!(r#"{{"type":"enabled","budget_tokens":{budget}}}"#);
                self.edits.replace(value, shape);
                self.budget = Some(budget);
            }
            None => self.gone.push("thinking"),
        }
        None
    }

    /// Keeps a budget below a `max_tokens` that was lowered.
    fn budget(&mut self, thinking: &Thinking<'_>, limit: Option<u64>) {
        let Some((span, budget)) = thinking.budget else {
            return;
        };
        self.budget = Some(budget);
        let lowered = limit.filter(|limit| self.request.max_tokens() != Some(*limit));
        if let Some(limit) = lowered.filter(|limit| budget >= *limit) {
            self.edits.replace(span, (limit - 1).to_string());
            self.adjusted("thinking.budget_tokens");
        }
    }

    /// Leaves a `display` only where the model takes it.
    fn display(&mut self, value: Span, thinking: &Thinking<'_>) {
        let Some(display) = thinking.display else {
            return;
        };
        let sent = display.of(self.body());
        match self.shown(thinking) {
            Some(shown) if shown.as_bytes() == sent => {}
            Some(shown) => self.edits.replace(display, shown),
            None => drop(self.strip(value, &["display"])),
        }
    }

    /// The `display` in JSON as it goes out.
    fn shown(&mut self, thinking: &Thinking<'_>) -> Option<String> {
        let sent = thinking.display?.of(self.body());
        let shown = if !self.uses(Feature::ThinkingDisplay) {
            None
        } else if sent == br#""updates""# && !self.uses(Feature::ThinkingUpdates) {
            Some(r#""summarized""#.to_owned())
        } else {
            Some(String::from_utf8_lossy(sent).into_owned())
        };
        if shown.as_ref().map(String::as_bytes) != Some(sent) {
            self.adjusted("thinking.display");
        }
        shown
    }

    fn effort(&self) -> Option<String> {
        let value = self.request.field("output_config")?;
        let effort = super::output::read(self.body(), value)?.effort?;
        Some(effort.decode(self.body()).into_owned())
    }
}

/// The budget that stands for an effort, below `limit`; `None` where the limit leaves no room to think.
fn budget_for(effort: Option<&str>, limit: Option<u64>) -> Option<u64> {
    let named = BUDGETS.iter().find(|(name, _)| name.is_empty() || Some(*name) == effort);
    let budget = named.map(|(_, budget)| *budget)?;
    // Without a limit the request is only counted, and its limit follows the budget.
    let budget = limit.map_or(budget, |limit| budget.min(limit.saturating_sub(1)));
    (budget >= MIN_BUDGET).then_some(budget)
}

/// Reads `thinking`; `None` where it is no object.
fn read(source: &[u8], value: Span) -> Option<Thinking<'_>> {
    let mut cursor = Cursor::within(source, value);
    if cursor.kind() != Ok(Kind::Object) {
        return None;
    }
    let mut thinking = Thinking::default();
    let mut kind: Option<Text> = None;
    let read = cursor.object(|inner, key| {
        let next = inner.kind()?;
        if key.is(source, "type") && next == Kind::String {
            kind = Some(inner.string()?);
        } else if key.is(source, "budget_tokens") {
            let span = inner.skip()?;
            let number = std::str::from_utf8(span.of(source)).ok();
            thinking.budget =
                number.and_then(|text| text.parse().ok()).map(|number| (span, number));
        } else if key.is(source, "display") {
            thinking.display = Some(inner.skip()?);
        } else {
            inner.skip()?;
        }
        Ok::<_, JsonError>(())
    });
    read.ok()?;
    thinking.kind = kind?.decode(source);
    Some(thinking)
}
