//! How often signing in may be tried. Strangers share a count per account and have one per address; a
//! browser that has signed in before has a count of its own, so that strangers cannot lock its user
//! out.

use std::net::IpAddr;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::control::Control;
use crate::control::error::ControlError;
use crate::domain::hex;
use crate::storage::{Connection, passwords};

/// The window in which attempts are counted, in seconds.
const WINDOW: i32 = 15 * 60;
const PER_ADDRESS: i32 = 20;
const PER_ACCOUNT: i32 = 100;
const PER_KNOWN_BROWSER: i32 = 10;
const CODES_PER_ADDRESS: i32 = 30;
const WRONG_CODES: i32 = 10;

/// A count of attempts, and its bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    name: String,
    most: i32,
}

impl Scope {
    /// All attempts from an address; of IPv6 the network counts, since a host has many addresses.
    pub(super) fn address(address: Option<IpAddr>) -> Self {
        let name = match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V6(address)) => format!("address:{:x?}", &address.segments()[..4]),
            Some(address) => format!("address:{address}"),
            None => "address:unknown".to_owned(),
        };
        Self { name, most: PER_ADDRESS }
    }

    /// All codes for clients that an address has asked for.
    pub(super) fn device(address: Option<IpAddr>) -> Self {
        let name = format!("device {}", Self::address(address).name);
        Self { name, most: CODES_PER_ADDRESS }
    }

    /// All codes of clients that a user has typed wrongly.
    pub(super) fn confirm(user_id: Uuid) -> Self {
        Self { name: format!("confirm:{user_id}"), most: WRONG_CODES }
    }

    /// All attempts of strangers at an account.
    pub(super) fn account(name: &str) -> Self {
        let hash = hex::encode(&Sha256::digest(name));
        Self { name: format!("account:{hash}"), most: PER_ACCOUNT }
    }

    /// All attempts of a browser that has signed in before.
    pub(super) fn browser(id: Uuid) -> Self {
        Self { name: format!("browser:{id}"), most: PER_KNOWN_BROWSER }
    }

    /// All attempts at changing the password of a user.
    pub(super) fn change(user_id: Uuid) -> Self {
        Self { name: format!("change:{user_id}"), most: PER_KNOWN_BROWSER }
    }
}

/// Counts an attempt in all scopes.
///
/// # Errors
/// [`ControlError::TooMany`] where one of them is used up.
pub(super) async fn count(control: &Control, scopes: &[Scope]) -> Result<(), ControlError> {
    let counted = scopes.to_vec();
    let counts = control.read(async move |c: &mut Connection| {
        let mut counts = Vec::new();
        for scope in &counted {
            counts.push(passwords::count_attempt(c, &scope.name, WINDOW).await?);
        }
        Ok(counts)
    });
    for ((attempts, seconds), scope) in counts.await?.into_iter().zip(scopes) {
        if attempts > scope.most {
            tracing::warn!(scope = scope.name, attempts, "Attempts to sign in are refused.");
            let retry_after = u32::try_from(seconds).unwrap_or(1).max(1);
            return Err(ControlError::TooMany { retry_after });
        }
    }
    Ok(())
}

/// Forgets the attempts in all scopes, after one that was right.
///
/// # Errors
/// [`ControlError`]
pub(super) async fn forget(control: &Control, scopes: Vec<Scope>) -> Result<(), ControlError> {
    let forgotten = control.read(async move |c: &mut Connection| {
        for scope in &scopes {
            passwords::forget_attempts(c, &scope.name).await?;
        }
        Ok(())
    });
    forgotten.await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_one_address_and_mapped_ipv4_is_ipv4() {
        let scope = |text: &str| Scope::address(text.parse().ok());
        assert_eq!(scope("2001:db8:1:2::1"), scope("2001:db8:1:2:ffff::9"));
        assert_ne!(scope("2001:db8:1:2::1"), scope("2001:db8:1:3::1"));
        assert_eq!(scope("::ffff:10.0.0.1"), scope("10.0.0.1"));
        assert_ne!(scope("10.0.0.1"), scope("10.0.0.2"));
    }
}
