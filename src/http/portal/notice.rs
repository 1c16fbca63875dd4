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
}

impl Notice {
    /// The name in the address.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::AlreadyEnded => "already-ended",
            Self::SignedOut => "signed-out",
            Self::PasswordChanged => "password-changed",
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopped => "The request was stopped, and its client told so.",
            Self::AlreadyEnded => "That request had ended already.",
            Self::SignedOut => "You are signed out.",
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
        for notice in
            [Notice::Stopped, Notice::AlreadyEnded, Notice::SignedOut, Notice::PasswordChanged]
        {
            let name = serde_json::Value::from(notice.name());
            assert_eq!(serde_json::from_value::<Notice>(name).unwrap(), notice);
        }
    }
}
