//! Webhooks: a `POST` to an address that somebody named, signed as Standard Webhooks has it
//! (`webhook-id`, `webhook-timestamp`, `webhook-signature`), and only to hosts that may be called.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64_simd::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use super::address;
use crate::domain::notification::{Kind, Target};
use crate::domain::outbound::Outbound;
use crate::storage::vault::{Vault, VaultError};

/// How long a receiver may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// How long a secret that was replaced signs along with the new one.
const OVERLAP: TimeDelta = TimeDelta::hours(24);
/// Largest refusal that is read, in bytes.
const MAX_ANSWER: usize = 64 * 1024;
/// Longest part of it that is shown, in characters.
const MAX_SHOWN: usize = 200;

/// Where a webhook is and what signs its bodies.
#[derive(Clone)]
pub struct Webhook {
    /// The address.
    pub url: Url,
    secret: Option<SecretString>,
    previous: Option<(SecretString, DateTime<Utc>)>,
}

/// A webhook as it is sealed.
#[derive(Serialize, Deserialize)]
struct Plain {
    url: String,
    secret: String,
    #[serde(default)]
    previous: Option<(String, DateTime<Utc>)>,
}

impl Webhook {
    /// A webhook whose bodies this secret signs.
    #[must_use]
    pub fn new(url: Url, secret: Option<SecretString>) -> Self {
        Self { url, secret, previous: None }
    }

    /// The secret that these random bits make.
    #[must_use]
    pub fn secret_of(random: &[u8; 32]) -> SecretString {
        format!("{PREFIX}{}", STANDARD.encode_to_string(random)).into()
    }

    /// The same webhook at another address.
    #[must_use]
    pub fn at(self, url: Url) -> Self {
        Self { url, ..self }
    }

    /// The same webhook with another secret; the one before signs along for a day from `now` on.
    #[must_use]
    pub fn with_secret(self, secret: SecretString, now: DateTime<Utc>) -> Self {
        let previous = self.secret.map(|secret| (secret, now + OVERLAP));
        Self { url: self.url, secret: Some(secret), previous }
    }

    /// Seals it for the destination of this id.
    ///
    /// # Errors
    /// [`VaultError`]
    pub fn seal(&self, vault: &Vault, id: Uuid) -> Result<Vec<u8>, VaultError> {
        let text = |secret: &SecretString| secret.expose_secret().to_owned();
        let plain = Plain {
            url: self.url.to_string(),
            secret: self.secret.as_ref().map(text).unwrap_or_default(),
            previous: self.previous.as_ref().map(|(secret, until)| (text(secret), *until)),
        };
        let plain = serde_json::to_string(&plain).unwrap_or_default();
        vault.seal(&purpose(id), &plain.into())
    }

    /// Opens what was sealed for the destination of this id; `None` where it is no webhook.
    ///
    /// # Errors
    /// [`VaultError`]
    pub fn open(vault: &Vault, id: Uuid, sealed: &[u8]) -> Result<Option<Self>, VaultError> {
        let opened = vault.open(&purpose(id), sealed)?;
        let Ok(plain) = serde_json::from_str::<Plain>(opened.expose_secret()) else {
            return Ok(None);
        };
        let Some(Target::Webhook(url)) = Target::parse(Kind::Webhook, &plain.url) else {
            return Ok(None);
        };
        let secret = Some(plain.secret.into());
        let previous = plain.previous.map(|(secret, until)| (secret.into(), until));
        Ok(Some(Self { url, secret, previous }))
    }

    /// The signatures of a body, with spaces between; `None` where nothing signs.
    fn signature(&self, id: &str, now: DateTime<Utc>, body: &str) -> Option<String> {
        let signed = format!("{id}.{}.{body}", now.timestamp());
        let valid = |(secret, until): &(SecretString, DateTime<Utc>)| {
            (*until > now).then(|| secret.clone())
        };
        let previous = self.previous.as_ref().and_then(valid);
        let secrets = self.secret.iter().chain(&previous);
        let signatures: Vec<String> = secrets
            .map(|secret| {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &key(secret.expose_secret()));
                let tag = hmac::sign(&key, signed.as_bytes());
                format!("v1,{}", STANDARD.encode_to_string(tag.as_ref()))
            })
            .collect();
        (!signatures.is_empty()).then(|| signatures.join(" "))
    }

    /// Posts a body under an id that stays the same from attempt to attempt; returns what the
    /// receiver answers.
    ///
    /// # Errors
    /// Why it is not delivered, in words that may be shown.
    pub async fn post(
        &self,
        client: &awc::Client,
        outbound: &Outbound,
        id: Uuid,
        body: String,
    ) -> Result<String, String> {
        let address = address::permitted(&self.url, outbound).await?;
        let (id, now) = (id.to_string(), Utc::now());
        let mut request = client
            .post(self.url.as_str())
            .address(address)
            .timeout(DEADLINE)
            .insert_header(("content-type", "application/json"))
            .insert_header(("user-agent", concat!("ccag/", env!("CARGO_PKG_VERSION"))))
            .insert_header(("webhook-id", id.as_str()))
            .insert_header(("webhook-timestamp", now.timestamp().to_string()));
        if let Some(signature) = self.signature(&id, now, &body) {
            request = request.insert_header(("webhook-signature", signature));
        }
        let failed = |error: awc::error::SendRequestError| format!("it cannot be reached: {error}");
        let mut answer = request.send_body(body).await.map_err(failed)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(status.as_u16().to_string());
        }
        let read = tokio::time::timeout(DEADLINE, answer.body().limit(MAX_ANSWER)).await;
        let text = read.ok().and_then(Result::ok).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let text: String = text.chars().filter(|c| !c.is_control()).take(MAX_SHOWN).collect();
        Err(format!("it answers {}: {text}", status.as_u16()))
    }
}

fn purpose(id: Uuid) -> String {
    format!("notification_destinations/{id}")
}

/// The key of a secret: what its base64 stands for, or its bytes where it is none of ours.
fn key(secret: &str) -> Vec<u8> {
    let decoded = secret.strip_prefix(PREFIX).map(|text| STANDARD.decode_to_vec(text));
    match decoded {
        Some(Ok(key)) => key,
        _ => secret.as_bytes().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(secret: &str) -> Webhook {
        let url = Url::parse("https://example.com/hook").unwrap();
        Webhook::new(url, Some(secret.into()))
    }

    /// The example of the Standard Webhooks specification's reference libraries.
    #[test]
    fn a_signature_is_as_the_standard_has_it() {
        let webhook = webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let at = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let signature =
            webhook.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", at, r#"{"test": 2432232314}"#);
        assert_eq!(signature.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_replaced_secret_signs_along_for_a_day() {
        let now = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let webhook = webhook("one-one-one").with_secret("two-two-two".into(), now);
        let signatures = |at| webhook.signature("id", at, "{}").unwrap().split(' ').count();
        assert_eq!(signatures(now), 2);
        assert_eq!(signatures(now + OVERLAP), 1);
        let url = Url::parse("https://example.com/").unwrap();
        assert_eq!(Webhook::new(url, None).signature("id", now, "{}"), None);
    }

    #[test]
    fn a_webhook_is_sealed_for_its_destination() {
        let vault = Vault::new(&"k".repeat(32).into()).unwrap();
        let (id, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = webhook("whsec_x").seal(&vault, id).unwrap();
        let opened = Webhook::open(&vault, id, &sealed).unwrap().unwrap();
        assert_eq!(opened.url.as_str(), "https://example.com/hook");
        assert_eq!(opened.secret.unwrap().expose_secret(), "whsec_x");
        assert!(Webhook::open(&vault, other, &sealed).is_err());
    }
}
