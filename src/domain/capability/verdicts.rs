//! What is known beyond the table of one endpoint and profile: what Bedrock refused there, and what
//! an administrator allowed or forbade.

use super::{Feature, Features};

/// Decisions that lie over a model's row. The later decision on a feature wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdicts {
    allowed: Features,
    refused: Features,
    betas: Vec<String>,
    fields: Vec<String>,
}

impl Verdicts {
    /// No decisions: the table alone holds.
    pub const NONE: Self = Self {
        allowed: Features::NONE,
        refused: Features::NONE,
        betas: Vec::new(),
        fields: Vec::new(),
    };

    /// How many there are: features allowed, features refused, betas allowed, fields refused.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize, usize) {
        (self.allowed.len(), self.refused.len(), self.betas.len(), self.fields.len())
    }

    /// `feature` passes, whatever the table says.
    pub fn allow(&mut self, feature: Feature) {
        self.allowed.insert(feature);
        self.refused.remove(feature);
    }

    /// `feature` does not pass, whatever the table says.
    pub fn refuse(&mut self, feature: Feature) {
        self.refused.insert(feature);
        self.allowed.remove(feature);
    }

    /// The beta `name`, which no feature knows, passes. Letters other than those of beta names are
    /// not taken.
    pub fn allow_beta(&mut self, name: &str) {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if !name.is_empty() && name.bytes().all(plain) && !self.allows_beta(name) {
            self.betas.push(name.to_owned());
        }
    }

    /// No beta passes any more that no feature knows.
    pub fn forget_betas(&mut self) {
        self.betas.clear();
    }

    /// The top-level member `name`, which no feature knows, is left out.
    pub fn refuse_field(&mut self, name: &str) {
        if !self.fields.iter().any(|known| known == name) {
            self.fields.push(name.to_owned());
        }
    }

    /// Features that pass, whatever the table says.
    #[must_use]
    pub fn allowed(&self) -> Features {
        self.allowed
    }

    /// Features that do not pass, whatever the table says.
    #[must_use]
    pub fn refused(&self) -> Features {
        self.refused
    }

    /// Whether the beta `name` passes although no feature knows it.
    #[must_use]
    pub fn allows_beta(&self, name: &str) -> bool {
        self.betas.iter().any(|known| known == name)
    }

    /// Top-level members that no feature knows and that are left out.
    #[must_use]
    pub fn refused_fields(&self) -> &[String] {
        &self.fields
    }
}
