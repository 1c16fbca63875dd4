//! The usage record of a request, as far as its head tells.

use actix_web::http::header::{HeaderMap, USER_AGENT};
use chrono::Utc;

use crate::domain::principal::Principal;
use crate::domain::tokens::Tokens;
use crate::domain::usage::{Outcome, UsageRecord};

/// Longest text that is taken from a header, in characters.
const MAX_TEXT: usize = 128;

/// A record for a request of `principal`; the rest is filled in as it becomes known.
pub(super) fn begin(headers: &HeaderMap, request_id: &str, principal: &Principal) -> UsageRecord {
    let now = Utc::now();
    UsageRecord {
        request_id: request_id.to_owned(),
        started_at: now,
        ended_at: now,
        key_id: principal.key_id,
        client_session_id: principal.client_session_id,
        user_id: Some(principal.user_id),
        team_id: principal.team_id,
        session_id: text(headers, "x-claude-code-session-id"),
        agent_id: text(headers, "x-claude-code-agent-id"),
        parent_agent_id: text(headers, "x-claude-code-parent-agent-id"),
        project: text(headers, "x-ccag-project"),
        client_version: client_version(headers),
        model: None,
        model_id: None,
        profile: None,
        endpoint: None,
        routed: None,
        streaming: false,
        tokens: Tokens::default(),
        tokens_estimated: false,
        web_searches: 0,
        cost_nanos: 0,
        cache_saved_nanos: 0,
        price_id: None,
        priced: true,
        outcome: Outcome::Rejected,
        status: 0,
        error_type: None,
        reason: None,
        stop_reason: None,
        tools: Vec::new(),
        first_token_ms: None,
    }
}

/// Free text, cut so that it fits a row.
pub(super) fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(cut)
}

/// The version in `claude-cli/2.1.330 (external, sdk-cli)`.
fn client_version(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(USER_AGENT)?.to_str().ok()?;
    let version = agent.strip_prefix("claude-cli/").or(agent.strip_prefix("claude-code/"))?;
    Some(cut(version.split(' ').next().unwrap_or(version)))
}
