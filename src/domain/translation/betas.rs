//! Which betas go along: those of the headers and the body that the model takes.

use crate::domain::capability::{CONTEXT_1M, CONTEXT_MANAGEMENT, Capability, TOOL_SEARCH};
use crate::domain::request::MessagesRequest;

/// The betas of a translated body.
pub(super) struct Betas {
    kept: Vec<&'static str>,
    /// Whether the client named others.
    pub(super) dropped: bool,
}

/// Selects in the order of the headers, then the body, each beta once.
pub(super) fn select(
    request: &MessagesRequest,
    capability: &Capability,
    headers: &[&str],
    long_context: bool,
) -> Betas {
    let named = headers.iter().copied().chain(request.betas().iter().map(String::as_str));
    let asked = named.chain(long_context.then_some(CONTEXT_1M));
    let mut betas = Betas { kept: Vec::new(), dropped: false };
    for name in asked.map(str::trim).filter(|name| !name.is_empty()) {
        match capability.beta(name) {
            Some(beta) if betas.kept.contains(&beta) => {}
            Some(beta) => betas.kept.push(beta),
            // Models without this beta have their whole context window natively.
            None => betas.dropped |= name != CONTEXT_1M || !long_context,
        }
    }
    betas
}

impl Betas {
    /// Whether `defer_loading` may stay.
    pub(super) fn has_tool_search(&self) -> bool {
        self.kept.contains(&TOOL_SEARCH)
    }

    /// Whether `context_management` may stay.
    pub(super) fn has_context_management(&self) -> bool {
        self.kept.iter().any(|beta| CONTEXT_MANAGEMENT.contains(beta))
    }

    /// The member `anthropic_beta` with a comma after it; empty where there are none.
    pub(super) fn to_member(&self) -> String {
        if self.kept.is_empty() {
            return String::new();
        }
        format!(r#""anthropic_beta":["{}"],"#, self.kept.join(r#"",""#))
    }
}
