//! What is provisioned, for edges that treat users and groups alike.

use serde_json::Value;
use uuid::Uuid;

use super::users::Edit;
use super::{Listed, Query, Resource, groups, users};
use crate::control::Control;
use crate::control::caller::Caller;
use crate::control::error::ControlError;
use crate::domain::scim::{GROUP, ResourceType, USER};

/// A kind of resource with its commands and queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// Users.
    User,
    /// Groups.
    Group,
}

impl Noun {
    /// What its resources look like.
    #[must_use]
    pub fn kind(self) -> &'static ResourceType {
        match self {
            Self::User => &USER,
            Self::Group => &GROUP,
        }
    }

    /// Those of the provider that fit; `base` is where the routes begin.
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn list(
        self,
        control: &Control,
        caller: &Caller,
        query: Query,
        base: String,
    ) -> Result<Listed, ControlError> {
        match self {
            Self::User => users::list(control, caller, query, base).await,
            Self::Group => groups::list(control, caller, query, base).await,
        }
    }

    /// One of the provider.
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn get(
        self,
        control: &Control,
        caller: &Caller,
        id: Uuid,
        base: String,
    ) -> Result<Resource, ControlError> {
        match self {
            Self::User => users::get(control, caller, id, base).await,
            Self::Group => groups::get(control, caller, id, base).await,
        }
    }

    /// Makes one.
    ///
    /// # Errors
    /// [`ControlError`]
    pub async fn create(
        self,
        control: &Control,
        caller: &Caller,
        body: Value,
        base: String,
    ) -> Result<Resource, ControlError> {
        match self {
            Self::User => users::create(control, caller, body, base).await,
            Self::Group => groups::create(control, caller, body, base).await,
        }
    }

    /// Changes one; what changes nothing is not written.
    ///
    /// # Errors
    /// [`ControlError`]; `Stale` where it is no longer as `if_match` says.
    pub async fn edit(
        self,
        control: &Control,
        caller: &Caller,
        id: Uuid,
        edit: Edit,
        if_match: Option<String>,
        base: String,
    ) -> Result<Resource, ControlError> {
        match self {
            Self::User => users::edit(control, caller, id, edit, if_match, base).await,
            Self::Group => groups::edit(control, caller, id, edit, if_match, base).await,
        }
    }

    /// Takes one away.
    ///
    /// # Errors
    /// [`ControlError`]; `Stale` where it is no longer as `if_match` says.
    pub async fn delete(
        self,
        control: &Control,
        caller: &Caller,
        id: Uuid,
        if_match: Option<String>,
        base: String,
    ) -> Result<(), ControlError> {
        match self {
            Self::User => users::delete(control, caller, id, if_match, base).await,
            Self::Group => groups::delete(control, caller, id, if_match, base).await,
        }
    }
}
