//! What a request to a model may hold on Bedrock's `InvokeModel`: one declarative row per model.
//!
//! Rules read these rows and never a model's name, so that a new model is a new row. What Bedrock
//! was seen to refuse, and what an administrator decided, lies over a row as [`Verdicts`].

mod feature;
mod features;
mod lesson;
mod suspects;
mod table;
#[cfg(test)]
mod tests;
mod verdicts;

pub use feature::{Feature, Otherwise};
pub use features::Features;
pub use lesson::{Lesson, lesson};
pub use suspects::Suspects;
pub use table::*;
pub use verdicts::Verdicts;

/// One row: what requests to a model may hold, and the model's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capability {
    /// What the model takes.
    pub features: Features,
    /// Those of its features that have to be named in `anthropic_beta`.
    pub betas: Features,
    /// Context window without the long-context beta, in tokens.
    pub context: u32,
    /// Largest `max_tokens`.
    pub max_output: u32,
    /// Shortest prompt prefix that is cached, in tokens.
    pub min_cached: u32,
    /// Most PDF pages in one request.
    pub max_pages: u32,
}

impl Capability {
    /// Whether a request may use `feature`.
    #[must_use]
    pub fn takes(&self, feature: Feature) -> bool {
        self.features.contains(feature)
    }

    /// The name under which `feature` has to stand in `anthropic_beta`; `None` where it must not.
    #[must_use]
    pub fn beta(&self, feature: Feature) -> Option<&'static str> {
        feature.beta().filter(|_| self.betas.contains(feature))
    }

    /// The row as `verdicts` leave it.
    #[must_use]
    pub fn under(&self, verdicts: &Verdicts) -> Self {
        let (allowed, refused) = (verdicts.allowed(), verdicts.refused());
        // What the model takes by itself already needs no beta; what is allowed on top of the row does.
        let added = allowed.without(self.features);
        Self {
            features: self.features.with(allowed).without(refused),
            betas: self.betas.with(added).without(refused),
            ..*self
        }
    }
}
