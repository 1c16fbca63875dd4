//! API keys as the gateway knows them: only by their hash.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

/// Shortest key that is looked up at all, in bytes.
const MIN_LENGTH: usize = 16;
/// Longest key that is looked up at all, in bytes.
const MAX_LENGTH: usize = 512;

/// SHA-256 of a whole API key. A key has 256 random bits, so its hash needs no salt, and looking
/// it up in a map tells an attacker nothing about the key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The hash of a key as a client sent it; `None` where its length rules a key out.
    #[must_use]
    pub fn of(key: &[u8]) -> Option<Self> {
        (MIN_LENGTH..=MAX_LENGTH).contains(&key.len()).then(|| Self(Sha256::digest(key).into()))
    }

    /// Whether two secrets are the same, in a time that tells nothing about how much of them is; of a
    /// length that rules a key out, none is.
    #[must_use]
    pub fn same(one: &[u8], other: &[u8]) -> bool {
        let hashes = Self::of(one).zip(Self::of(other));
        hashes.is_some_and(|(one, other)| one.0.ct_eq(&other.0).into())
    }

    /// A stored hash.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes that are stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(…)")
    }
}
