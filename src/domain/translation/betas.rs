//! Which betas go along: those that the client named and the model takes, and those of the parts of
//! the body that need one, since a beta and its field are one feature.

use super::Call;
use crate::domain::capability::{Capability, Feature, Features, Verdicts};
use crate::domain::request::MessagesRequest;

/// The betas of a translated body.
#[derive(Default)]
pub(super) struct Betas<'n> {
    kept: Vec<&'n str>,
    /// Whether the client named others.
    pub(super) dropped: bool,
}

/// All names of betas of a call, in the order of the headers, then of the body.
fn names<'n>(request: &'n MessagesRequest, call: &Call<'n>) -> impl Iterator<Item = &'n str> {
    let named = call.betas.iter().copied().chain(request.betas().iter().map(String::as_str));
    named.map(str::trim).filter(|name| !name.is_empty())
}

/// The features whose betas a call names.
pub(super) fn named(request: &MessagesRequest, call: &Call<'_>) -> Features {
    names(request, call).filter_map(Feature::by_beta).collect()
}

/// Selects in the order of the headers, then the body, then of the features; each beta once. `used` are
/// the features that the translated body makes use of.
pub(super) fn select<'n>(
    request: &'n MessagesRequest,
    capability: &Capability,
    verdicts: &Verdicts,
    call: &Call<'n>,
    used: Features,
) -> Betas<'n> {
    let mut betas = Betas::default();
    for name in names(request, call) {
        let Some(feature) = Feature::by_beta(name) else {
            if verdicts.allows_beta(name) {
                betas.keep(name);
            } else {
                betas.dropped = true;
            }
            continue;
        };
        let idle = feature.needs_its_field() && !used.contains(feature);
        match capability.beta(feature).filter(|_| !idle) {
            Some(beta) => betas.keep(beta),
            None => betas.dropped |= !capability.takes(feature) || idle,
        }
    }
    let long_context = call.long_context.then_some(Feature::LongContext);
    for feature in long_context.into_iter().chain(used.iter()) {
        if let Some(beta) = capability.beta(feature) {
            betas.keep(beta);
        }
    }
    betas
}

impl<'n> Betas<'n> {
    fn keep(&mut self, name: &'n str) {
        if !self.kept.contains(&name) {
            self.kept.push(name);
        }
    }

    /// The features that they stand for.
    pub(super) fn features(&self) -> Features {
        self.kept.iter().filter_map(|name| Feature::by_beta(name)).collect()
    }

    /// The member `anthropic_beta` with a comma after it; empty where there are none.
    pub(super) fn to_member(&self) -> String {
        if self.kept.is_empty() {
            return String::new();
        }
        format!(r#""anthropic_beta":["{}"],"#, self.kept.join(r#"",""#))
    }
}
