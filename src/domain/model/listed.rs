//! An inference profile as Bedrock lists it.

use serde::{Deserialize, Serialize};

use super::{Geography, Model, by_profile};

/// What Bedrock tells of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedProfile {
    /// Its id; the last part of its ARN.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// What it was called.
    pub name: String,
    /// The id of the foundation model behind it.
    pub base: String,
    /// Whether somebody made it, for cost tags.
    pub application: bool,
}

impl ListedProfile {
    /// The model behind it, where the gateway knows it.
    #[must_use]
    pub fn model(&self) -> Option<&'static Model> {
        by_profile(&self.base)
    }

    /// Whether requests of `geography` may go through it: made ones may always.
    #[must_use]
    pub fn is_within(&self, geography: Geography) -> bool {
        let reach = || Geography::of_profile(&self.id);
        self.application || reach().is_some_and(|reach| geography.wider().contains(&reach))
    }
}
