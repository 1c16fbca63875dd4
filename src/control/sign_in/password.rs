//! Hashes of passwords: argon2id, away from the threads that serve requests, a few at once.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use crate::control::error::ControlError;

/// Shortest password that is taken, in characters.
pub const MIN_PASSWORD: usize = 12;
/// Longest password that is taken, in bytes.
pub const MAX_PASSWORD: usize = 256;
/// Hashes that are made at once: each takes 19 MiB and some 20 ms of a core.
const AT_ONCE: usize = 2;
/// The hash of a random password that nobody knows: an unknown name takes as long as a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$Y2NhZy1ub2JvZHktc2FsdA$\
    Tq0DsmEGfKJAG1ujUHbkX5fJ4VfT9d7Jb8hvKTxkM0o";

/// Makes and checks hashes; cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::control) struct Hasher(Arc<Semaphore>);

impl Default for Hasher {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Hasher {
    /// The hash of a password, in PHC form.
    pub(super) async fn hash(&self, password: SecretString) -> Result<String, ControlError> {
        self.apart(move || {
            let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|_| ControlError::Fault)
        })
        .await?
    }

    /// Whether a password has this hash; where there is no hash, it takes as long to say no.
    pub(super) async fn verify(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool, ControlError> {
        self.apart(move || {
            let is_known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            let parsed = PasswordHash::new(&hash).map_err(|_| ControlError::Fault)?;
            let password = password.expose_secret().as_bytes();
            Ok(Argon2::default().verify_password(password, &parsed).is_ok() && is_known)
        })
        .await?
    }

    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ControlError> {
        let _permit = self.0.acquire().await.map_err(|_| ControlError::Fault)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| ControlError::Fault)
    }
}

/// A new password: long enough, and none that is guessed first.
///
/// # Errors
/// Where it does not fit.
pub(super) fn fit(user: &str, password: &SecretString) -> Result<(), ControlError> {
    let text = password.expose_secret();
    if text.chars().count() < MIN_PASSWORD || text.len() > MAX_PASSWORD {
        let takes = format!("takes {MIN_PASSWORD} characters or more, up to {MAX_PASSWORD} bytes");
        return Err(ControlError::invalid("new_password", takes));
    }
    let repeats = text.chars().collect::<std::collections::HashSet<_>>().len() < 5;
    if repeats || text.to_lowercase().contains(&user.to_lowercase()) {
        let takes = "takes a password with five different characters and without the user's name";
        return Err(ControlError::invalid("new_password", takes));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix::test]
    async fn only_the_right_password_has_its_hash() {
        let hasher = Hasher::default();
        let hash = hasher.hash("correct horse battery".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        let verify =
            |password: &str, hash: Option<&String>| hasher.verify(password.into(), hash.cloned());
        assert_eq!(verify("correct horse battery", Some(&hash)).await, Ok(true));
        assert_eq!(verify("correct horse batterz", Some(&hash)).await, Ok(false));
        assert_eq!(verify("anything", None).await, Ok(false));
    }

    #[test]
    fn weak_passwords_are_refused() {
        for weak in ["short", "aaaaaaaaaaaaaaaa", "my-ADMIN-password", &"x1y2z".repeat(60)] {
            assert!(fit("admin", &weak.into()).is_err(), "{weak}");
        }
        assert_eq!(fit("admin", &"tall ships at noon".into()), Ok(()));
    }
}
