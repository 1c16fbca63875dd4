//! Who calls the control plane, from where, and what that allows.

use std::net::IpAddr;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::error::ControlError;
use crate::domain::principal::{CredentialKind, Role};

/// Who calls, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who it is.
    pub who: Who,
    /// The client's address, as far as it is known.
    pub address: Option<IpAddr>,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The gateway itself, at its start or by its own schedule.
    System,
    /// Whoever has the deployment's admin key.
    AdminKey,
    /// A user.
    User {
        /// The user.
        id: Uuid,
        /// The user's name.
        name: String,
        /// What the user may do.
        role: Role,
        /// The user's team.
        team_id: Option<Uuid>,
        /// What was shown.
        credential: CredentialKind,
        /// The session, where it was one.
        session_id: Option<Uuid>,
        /// Nothing but a new password is taken until it is changed.
        must_change_password: bool,
    },
    /// An identity provider, by its SCIM token.
    Scim {
        /// The provider.
        provider_id: Uuid,
        /// The provider's name.
        provider: String,
    },
}

/// What a caller may see and do of things that belong to users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// All of them.
    All,
    /// Those of this user.
    Own(Uuid),
}

impl Reach {
    /// Whether what belongs to `owner` is within it.
    #[must_use]
    pub fn covers(self, owner: Uuid) -> bool {
        match self {
            Self::All => true,
            Self::Own(user) => user == owner,
        }
    }

    /// Whether it is an admin's.
    #[must_use]
    pub fn is_all(self) -> bool {
        self == Self::All
    }
}

/// A caller as it is told who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Identity {
    /// The user, where it is one.
    pub user_id: Option<Uuid>,
    /// The name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The team.
    pub team_id: Option<Uuid>,
    /// By what it was known.
    pub credential: CredentialKind,
}

impl Caller {
    /// Who the caller is.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let of = |user_id, name: &str, role, team_id, credential| Identity {
            user_id,
            name: name.to_owned(),
            role,
            team_id,
            credential,
        };
        match &self.who {
            Who::System => of(None, "system", Role::Admin, None, CredentialKind::AdminKey),
            Who::AdminKey => of(None, "admin key", Role::Admin, None, CredentialKind::AdminKey),
            Who::User { id, name, role, team_id, credential, .. } => {
                of(Some(*id), name, *role, *team_id, *credential)
            }
            Who::Scim { provider, .. } => {
                of(None, provider, Role::Member, None, CredentialKind::ScimToken)
            }
        }
    }

    /// The gateway itself.
    #[must_use]
    pub fn system() -> Self {
        Self { who: Who::System, address: None }
    }

    /// What the caller may see and do of things that belong to users.
    ///
    /// # Errors
    /// Where the caller may see and do nothing here.
    pub fn reach(&self) -> Result<Reach, ControlError> {
        match &self.who {
            Who::System | Who::AdminKey => Ok(Reach::All),
            Who::Scim { .. } => Err(ControlError::Forbidden(
                "A SCIM token opens only the SCIM routes of its provider.".into(),
            )),
            // An API key lies in many files; who finds one shall not govern with it.
            Who::User {
                credential:
                    CredentialKind::ApiKey | CredentialKind::AccessToken | CredentialKind::IdToken,
                ..
            } => Err(ControlError::Forbidden(
                "An API key or a client's token is for inference only: sign in, or use the admin key."
                    .into(),
            )),
            Who::User { must_change_password: true, .. } => Err(ControlError::PasswordChangeNeeded),
            Who::User { role: Role::Admin, .. } => Ok(Reach::All),
            Who::User { role: Role::Member, id, .. } => Ok(Reach::Own(*id)),
        }
    }

    /// Makes sure that the caller is an admin.
    ///
    /// # Errors
    /// Where it is not.
    pub fn admin(&self) -> Result<(), ControlError> {
        match self.reach()? {
            Reach::All => Ok(()),
            Reach::Own(_) => Err(ControlError::Forbidden("Only an admin may do this.".into())),
        }
    }

    /// The identity provider that calls.
    ///
    /// # Errors
    /// Where it is somebody else.
    pub fn provider(&self) -> Result<Uuid, ControlError> {
        match &self.who {
            Who::Scim { provider_id, .. } => Ok(*provider_id),
            _ => Err(ControlError::Forbidden(
                "Only a SCIM token of an identity provider opens this.".into(),
            )),
        }
    }

    /// The user that calls, where it is one.
    #[must_use]
    pub fn user_id(&self) -> Option<Uuid> {
        match &self.who {
            Who::User { id, .. } => Some(*id),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(role: Role, credential: CredentialKind, must_change_password: bool) -> Caller {
        let who = Who::User {
            id: Uuid::nil(),
            name: "u".to_owned(),
            role,
            team_id: None,
            credential,
            session_id: None,
            must_change_password,
        };
        Caller { who, address: None }
    }

    #[test]
    fn only_admins_reach_everything_and_only_by_a_credential_for_it() {
        let session = CredentialKind::Session;
        assert_eq!(user(Role::Admin, session, false).reach(), Ok(Reach::All));
        assert_eq!(user(Role::Member, session, false).reach(), Ok(Reach::Own(Uuid::nil())));
        assert!(user(Role::Member, session, false).admin().is_err());
        assert_eq!(user(Role::Admin, CredentialKind::CliToken, false).reach(), Ok(Reach::All));
        for inference in
            [CredentialKind::ApiKey, CredentialKind::AccessToken, CredentialKind::IdToken]
        {
            assert!(user(Role::Admin, inference, false).reach().is_err(), "{inference}");
        }
        let scim = Who::Scim { provider_id: Uuid::nil(), provider: "p".to_owned() };
        assert!(Caller { who: scim, address: None }.reach().is_err());
        assert_eq!(Caller { who: Who::AdminKey, address: None }.admin(), Ok(()));
    }

    #[test]
    fn nothing_works_before_the_password_is_changed() {
        let fresh = user(Role::Admin, CredentialKind::Session, true);
        assert_eq!(fresh.reach(), Err(ControlError::PasswordChangeNeeded));
        assert_eq!(fresh.admin(), Err(ControlError::PasswordChangeNeeded));
    }
}
