//! The versions of Anthropic's API. Bedrock is always spoken to in one version that all models take,
//! so what a newer version forbids is refused here.

use super::{Draft, Refusal};
use crate::domain::request::{BlockKind, Content, Role};

/// The first day of the newer version, in the form of the header.
const NEWER: &str = "2026-10-21";
/// Parameters that the newer version no longer has, at their defaults neither.
const SAMPLING: &[&str] = &["temperature", "top_p", "top_k"];

/// A version of the API, as the header `anthropic-version` names it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ApiVersion {
    /// 2023-06-01, and whatever else is no later version.
    #[default]
    V2023,
    /// 2026-10-21 and later.
    V2026,
}

impl ApiVersion {
    /// The version that a header's value stands for: versions are dates.
    #[must_use]
    pub fn of(header: &str) -> Self {
        let is_date = header.len() == NEWER.len() && header.starts_with("20");
        if is_date && header >= NEWER { Self::V2026 } else { Self::V2023 }
    }
}

impl Draft<'_> {
    /// Refuses what the version of 2026-10-21 refuses.
    pub(super) fn version_rules(&self, version: ApiVersion) -> Result<(), Refusal> {
        if version == ApiVersion::V2023 {
            return Ok(());
        }
        let refused = |path: String, problem| Err(Refusal::Version { path, problem });
        if let Some(field) = SAMPLING.iter().find(|field| self.request.field(field).is_some()) {
            return refused((*field).to_owned(), "sampling parameters are not permitted");
        }
        let conversation = self.request.conversation();
        for (at, message) in conversation.messages.iter().enumerate() {
            let Content::Blocks(_, range) = &message.content else {
                continue;
            };
            let mut blocks = conversation.blocks(range).iter();
            let document = blocks.position(|block| block.kind == BlockKind::Document);
            if let Some(block) = document.filter(|_| message.role == Role::Assistant) {
                let problem = "documents in assistant messages are not permitted";
                return refused(format!("messages.{at}.content.{block}"), problem);
            }
        }
        let cited = conversation.findings.cited.iter().find(|place| {
            let role = conversation.messages.get(place.message).map(|message| message.role);
            role == Some(Role::User)
                || place.inner.is_some_and(|(within, _)| within == "search_result")
        });
        match cited {
            Some(place) => refused(
                format!("{place}.citations"),
                "citations in text of a user message or a search result are not permitted",
            ),
            None => Ok(()),
        }
    }
}
