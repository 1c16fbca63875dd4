//! A provider's signing keys (RFC 7517), as far as they can verify a signature.

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// Keys of a set that are used, and of those the ones that are tried for a token that names none.
const MAX_KEYS: usize = 100;
const MAX_TRIED: usize = 4;

/// A provider's signing keys.
pub struct KeySet(Vec<Key>);

struct Key {
    id: Option<String>,
    algorithm: Option<String>,
    key: DecodingKey,
}

impl KeySet {
    /// The keys of a set in JSON (RFC 7517) that can verify a signature; `None` where there is none. Those
    /// of other kinds, shared secrets among them, are left out.
    #[must_use]
    pub fn read(json: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set = serde_json::from_slice(json).ok()?;
        let keys: Vec<Key> = set.keys.into_iter().take(MAX_KEYS).filter_map(Key::read).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The keys that may have signed a token with this key id and algorithm.
    pub(super) fn candidates(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &DecodingKey> {
        let name = format!("{algorithm:?}");
        let fits = move |key: &&Key| {
            key.key.family() == algorithm.family()
                && key.algorithm.as_ref().is_none_or(|only| *only == name)
        };
        let named = move |key: &&Key| id.is_none() || key.id.as_deref() == id;
        self.0.iter().filter(named).filter(fits).take(MAX_TRIED).map(|key| &key.key)
    }
}

impl Key {
    fn read(json: Value) -> Option<Self> {
        let algorithm = json.get("alg").and_then(Value::as_str).map(str::to_owned);
        let jwk: Jwk = serde_json::from_value(json).ok()?;
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        let signs = jwk.common.public_key_use.is_none_or(|of| of == PublicKeyUse::Signature);
        let is_public = key.family() != AlgorithmFamily::Hmac;
        (signs && is_public).then_some(Self { id: jwk.common.key_id, algorithm, key })
    }
}
