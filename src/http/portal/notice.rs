//! What a page says after a form was sent. A closed set: the address carries its name, never text.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the form has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Notice {
    /// A connection was asked to end.
    Stopped,
    /// The connection to be ended had ended before.
    AlreadyEnded,
    /// The session is over.
    SignedOut,
    /// The password is another now.
    PasswordChanged,
    /// What was changed is written.
    Saved,
    /// Something new is there.
    Created,
    /// Something is gone.
    Deleted,
    /// A key has ended.
    KeyRevoked,
    /// Something was asked for that takes a while.
    Asked,
    /// A test notification has arrived.
    TestArrived,
    /// A test notification has not arrived.
    TestFailed,
    /// A destination is told from now on.
    Activated,
    /// A destination is told nothing more.
    Deactivated,
    /// A delivery is tried again.
    Retried,
    /// An endpoint takes no new requests.
    Drained,
    /// An endpoint takes requests again.
    Resumed,
}

impl Notice {
    /// The name in the address.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::AlreadyEnded => "already-ended",
            Self::SignedOut => "signed-out",
            Self::PasswordChanged => "password-changed",
            Self::Saved => "saved",
            Self::Created => "created",
            Self::Deleted => "deleted",
            Self::KeyRevoked => "key-revoked",
            Self::Asked => "asked",
            Self::TestArrived => "test-arrived",
            Self::TestFailed => "test-failed",
            Self::Activated => "activated",
            Self::Deactivated => "deactivated",
            Self::Retried => "retried",
            Self::Drained => "drained",
            Self::Resumed => "resumed",
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopped => "The request was stopped, and its client told so.",
            Self::AlreadyEnded => "That request had ended already.",
            Self::SignedOut => "You are signed out.",
            Self::Saved => "Saved.",
            Self::Created => "Created.",
            Self::Deleted => "Deleted.",
            Self::Asked => "Asked for: it takes a moment.",
            Self::TestArrived => {
                "The destination has the test notification: it can be made active."
            }
            Self::TestFailed => {
                "The destination did not take the test notification: below stands why."
            }
            Self::Activated => "The destination is active: it is told from now on.",
            Self::Deactivated => "The destination is a draft again, and is told nothing more.",
            Self::Retried => "The delivery is tried again at once.",
            Self::Drained => {
                "The endpoint takes no new requests; those that it serves go on to their end."
            }
            Self::Resumed => "The endpoint takes requests again.",
            Self::KeyRevoked => "The key is revoked, and stops working everywhere.",
            Self::PasswordChanged => {
                "Your password is changed, and your other browsers are signed out."
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_in_the_address_is_read_back() {
        for notice in [
            Notice::Stopped,
            Notice::AlreadyEnded,
            Notice::SignedOut,
            Notice::PasswordChanged,
            Notice::Saved,
            Notice::Created,
            Notice::Deleted,
            Notice::KeyRevoked,
            Notice::Asked,
            Notice::TestArrived,
            Notice::TestFailed,
            Notice::Activated,
            Notice::Deactivated,
            Notice::Retried,
        ] {
            let name = serde_json::Value::from(notice.name());
            assert_eq!(serde_json::from_value::<Notice>(name).unwrap(), notice);
        }
    }
}
