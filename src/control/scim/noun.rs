//! What is provisioned, for edges that treat users and groups alike.

use serde_json::Value;
use uuid::Uuid;

use super::list::{Plan, Sieve};
use super::users::Edit;
use super::{Listed, Query, Resource, groups, users};
use crate::control::Control;
use crate::control::caller::Caller;
use crate::control::error::ControlError;
use crate::domain::scim::{GROUP, ResourceType, USER};
use crate::storage::scim::{self as rows, Window};
use crate::storage::{Connection, StorageError};

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
        let provider = caller.provider()?;
        let plan = Plan::of(query, self.kind())?;
        let listed = control.ask(async move |c: &mut Connection| {
            let filtered = plan.filter.as_ref().is_some_and(|filter| filter.mentions("members"));
            let with_members = filtered || plan.projection.shows("members", self.kind());
            if plan.filter.is_none() {
                let total = self.count(c, provider).await?;
                let found = self.page(c, provider, &plan.page(), with_members, &base).await?;
                return Ok(Listed {
                    total: usize::try_from(total).unwrap_or(0),
                    start_index: plan.start,
                    resources: found.into_iter().map(|one| plan.shown(one, self.kind())).collect(),
                });
            }
            let mut sieve = Sieve::new(&plan, self.kind());
            let mut next = plan.window(self.name_attribute());
            while let Some(window) = next {
                let found = self.page(c, provider, &window, with_members, &base).await?;
                let last = found.last().map(|resource| resource.id);
                let is_full = found.len() as i64 == window.limit;
                for resource in found {
                    sieve.look_at(resource)?;
                }
                next = last.filter(|_| is_full).map(|last| Window { after: Some(last), ..window });
            }
            Ok(sieve.listed())
        });
        listed.await
    }

    /// The attribute that names a resource.
    fn name_attribute(self) -> &'static str {
        match self {
            Self::User => "userName",
            Self::Group => "displayName",
        }
    }

    async fn count(self, c: &mut Connection, provider: Uuid) -> Result<i64, StorageError> {
        match self {
            Self::User => rows::users::count(c, provider).await,
            Self::Group => rows::groups::count(c, provider).await,
        }
    }

    async fn page(
        self,
        c: &mut Connection,
        provider: Uuid,
        window: &Window,
        with_members: bool,
        base: &str,
    ) -> Result<Vec<Resource>, ControlError> {
        match self {
            Self::User => users::page(c, provider, window, base).await,
            Self::Group => groups::page(c, provider, window, with_members, base).await,
        }
    }

    async fn one(
        self,
        c: &mut Connection,
        provider: Uuid,
        id: Uuid,
        base: &str,
    ) -> Result<Resource, ControlError> {
        match self {
            Self::User => users::one(c, provider, id, base).await,
            Self::Group => groups::one(c, provider, id, base).await,
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
        let provider = caller.provider()?;
        control.ask(async move |c: &mut Connection| self.one(c, provider, id, &base).await).await
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
        let (provider, admin_users) = (caller.provider()?, control.people.admin_users());
        let written = control.write(caller, async move |c: &mut Connection| {
            match self {
                Self::User => rows::users::lock(c, id).await?,
                Self::Group => rows::groups::lock(c, id).await?,
            }
            self.one(c, provider, id, &base).await?.is_current(if_match.as_deref())?;
            let change = match self {
                Self::User => users::remove(c, id).await?,
                Self::Group => groups::remove(c, provider, id, &admin_users).await?,
            };
            Ok(((), change))
        });
        written.await
    }
}
