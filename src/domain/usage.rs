//! The usage record: one per request, whatever happened to it. Its members are named like the
//! columns of the table `usage`.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::routing::Routed;
use super::tokens::Tokens;

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The whole answer was handed to the client.
    Completed,
    /// The client left before the end.
    ClientAborted,
    /// The answer broke off after it had begun, or took too long.
    Failed,
    /// Bedrock refused before the answer began.
    Refused,
    /// The gateway itself refused.
    Rejected,
    /// The gateway's own code panicked.
    Crashed,
}

impl Outcome {
    /// The words for all outcomes, in the order of the enum.
    pub const NAMES: &'static [&'static str] =
        &["completed", "client_aborted", "failed", "refused", "rejected", "crashed"];

    /// The place among [`Self::NAMES`].
    #[must_use]
    pub fn place(self) -> usize {
        self as usize
    }
}

/// One row of `usage`.
#[derive(Debug, Clone, Serialize)]
pub struct UsageRecord {
    /// The value of the reply's `request-id` header.
    pub request_id: String,
    /// When the request's head had been read.
    pub started_at: DateTime<Utc>,
    /// When its answer ended.
    pub ended_at: DateTime<Utc>,
    /// The API key.
    pub key_id: Option<Uuid>,
    /// The session of the signed-in client; it is not kept.
    #[serde(skip)]
    pub client_session_id: Option<Uuid>,
    /// The user that owns the key.
    pub user_id: Option<Uuid>,
    /// The team the request is counted for.
    pub team_id: Option<Uuid>,
    /// `x-claude-code-session-id`
    pub session_id: Option<String>,
    /// `x-claude-code-agent-id`, a subagent of the session.
    pub agent_id: Option<String>,
    /// `x-claude-code-parent-agent-id`
    pub parent_agent_id: Option<String>,
    /// `x-ccag-project`
    pub project: Option<String>,
    /// The version of Claude Code, from the attribution block or the user agent.
    pub client_version: Option<String>,
    /// The model as the client asked for it.
    pub model: Option<String>,
    /// Anthropic's id of the model, where the gateway knows it.
    pub model_id: Option<&'static str>,
    /// The inference profile that served it.
    pub profile: Option<String>,
    /// The endpoint that served it.
    pub endpoint: Option<String>,
    /// Why that endpoint was chosen.
    pub routed: Option<Routed>,
    /// Whether a stream was asked for.
    pub streaming: bool,
    /// The four token classes.
    #[serde(flatten)]
    pub tokens: Tokens,
    /// True where the output tokens are estimated from the text that was sent.
    pub tokens_estimated: bool,
    /// Searches of the web that were charged.
    pub web_searches: u32,
    /// The price, in billionths of a dollar.
    pub cost_nanos: i64,
    /// What reading from the cache saved against its price as plain input.
    pub cache_saved_nanos: i64,
    /// The row of `prices` that it was priced by; `None` for the built-in ones.
    pub price_id: Option<Uuid>,
    /// False where the model has no price of its own and a conservative one was charged.
    pub priced: bool,
    /// How it ended.
    pub outcome: Outcome,
    /// The HTTP status the client saw.
    pub status: u16,
    /// Anthropic's error type, where it ended with an error.
    pub error_type: Option<&'static str>,
    /// Why it ended so, where it ended with an error; bounded.
    pub reason: Option<String>,
    /// Why the model stopped.
    pub stop_reason: Option<String>,
    /// Names of the tools the model called.
    pub tools: Vec<String>,
    /// Milliseconds until the first generated token.
    pub first_token_ms: Option<i32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_outcomes_are_those_of_the_record() {
        for outcome in [
            Outcome::Completed,
            Outcome::ClientAborted,
            Outcome::Failed,
            Outcome::Refused,
            Outcome::Rejected,
            Outcome::Crashed,
        ] {
            assert_eq!(serde_json::to_value(outcome).unwrap(), Outcome::NAMES[outcome.place()]);
        }
    }
}
