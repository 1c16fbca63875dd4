//! A browser's session of whoever knows the admin key: a cookie that the gateway has sealed with a
//! key derived from the admin key, so that each instance knows it and a new admin key ends it.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use aws_lc_rs::hmac;
use base64_simd::URL_SAFE_NO_PAD;
use chrono::Utc;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::http::server::Edge;

const COOKIE: &str = "ccag_session";
/// How long a session lasts, in seconds.
const LIFETIME: i64 = 8 * 60 * 60;

/// A session that is valid now.
pub(super) struct Session {
    token: String,
}

impl Session {
    /// The session of the browser behind a request.
    pub(super) fn of(request: &HttpRequest, edge: &Edge) -> Option<Self> {
        let cookie = request.cookie(COOKIE)?;
        Self::open(cookie.value(), &sealing(edge.admin_key.as_deref()?), Utc::now().timestamp())
    }

    /// What each form of the session's pages must carry.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Whether a form carries this session's token.
    pub(super) fn owns(&self, token: &str) -> bool {
        subtle::ConstantTimeEq::ct_eq(self.token.as_bytes(), token.as_bytes()).into()
    }

    fn open(value: &str, key: &hmac::Key, now: i64) -> Option<Self> {
        let (content, seal) = value.rsplit_once('.')?;
        let (expires, _) = content.split_once('.')?;
        let seal = URL_SAFE_NO_PAD.decode_to_vec(seal).ok()?;
        hmac::verify(key, message("session", content).as_bytes(), &seal).ok()?;
        if expires.parse::<i64>().ok()? <= now {
            return None;
        }
        Some(Self { token: seal_of(key, "form", content) })
    }
}

/// The cookie that begins a session.
pub(super) fn begin(admin_key: &SecretString, secure: bool) -> Cookie<'static> {
    let value = sealed(&sealing(admin_key), Utc::now().timestamp() + LIFETIME);
    cookie(value, secure, Duration::seconds(LIFETIME))
}

/// The cookie that ends a session.
pub(super) fn end(secure: bool) -> Cookie<'static> {
    cookie(String::new(), secure, Duration::ZERO)
}

fn cookie(value: String, secure: bool, age: Duration) -> Cookie<'static> {
    Cookie::build(COOKIE, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(secure)
        .max_age(age)
        .finish()
}

fn sealed(key: &hmac::Key, expires: i64) -> String {
    let content = format!("{expires}.{}", Uuid::new_v4().simple());
    let seal = seal_of(key, "session", &content);
    format!("{content}.{seal}")
}

fn sealing(admin_key: &SecretString) -> hmac::Key {
    let root = hmac::Key::new(hmac::HMAC_SHA256, admin_key.expose_secret().as_bytes());
    hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, b"ccag portal session").as_ref())
}

/// The purpose is part of what is sealed: a form's token is no session.
fn message(purpose: &str, content: &str) -> String {
    format!("{purpose}:{content}")
}

fn seal_of(key: &hmac::Key, purpose: &str, content: &str) -> String {
    let seal = hmac::sign(key, message(purpose, content).as_bytes());
    URL_SAFE_NO_PAD.encode_to_string(seal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> hmac::Key {
        sealing(&SecretString::from(text))
    }

    #[test]
    fn only_an_unaltered_session_of_this_key_and_time_is_taken() {
        let value = sealed(&key("one"), 100);
        assert!(Session::open(&value, &key("one"), 99).is_some());
        assert!(Session::open(&value, &key("one"), 100).is_none(), "it is over");
        assert!(Session::open(&value, &key("two"), 99).is_none(), "another key");
        let longer = value.replacen("100.", "999.", 1);
        assert!(Session::open(&longer, &key("one"), 99).is_none(), "altered");
        for broken in ["", ".", "..", "100", "100.x", "100.x.", "100.x.zz", "100.x.é0"] {
            assert!(Session::open(broken, &key("one"), 99).is_none(), "{broken}");
        }
    }

    #[test]
    fn the_token_of_forms_is_the_sessions_own_and_no_session() {
        let (one, two) = (sealed(&key("k"), 100), sealed(&key("k"), 100));
        let session = Session::open(&one, &key("k"), 0).unwrap();
        let other = Session::open(&two, &key("k"), 0).unwrap();
        assert!(session.owns(session.token()) && !session.owns(other.token()));
        assert!(!session.owns(""));
        let (content, _) = one.rsplit_once('.').unwrap();
        let swapped = format!("{content}.{}", session.token());
        assert!(Session::open(&swapped, &key("k"), 0).is_none());
    }
}
