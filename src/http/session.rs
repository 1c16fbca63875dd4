//! The cookies of the portal: the session's secret, and the one by which a browser is known at its
//! next sign-in.

use actix_web::HttpResponse;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use base64_simd::URL_SAFE_NO_PAD;

use crate::control::sessions::SessionSecret;
use crate::control::sign_in::SignedIn;

/// The session's cookie.
pub const SESSION: &str = "ccag_session";
/// The cookie of a browser that has signed in before.
pub const KNOWN_BROWSER: &str = "ccag_known_browser";
/// The cookie of a browser that signs in at an identity provider.
pub const ELSEWHERE: &str = "ccag_sign_in";
/// How long a browser is known.
const KNOWN_FOR: Duration = Duration::days(365);

/// The secret in a request's cookie.
#[must_use]
pub fn secret(cookie: Option<Cookie<'_>>) -> Option<SessionSecret> {
    cookie
        .filter(|cookie| cookie.value().len() <= 128)
        .map(|cookie| SessionSecret::of(cookie.value()))
}

/// Gives a browser that has signed in its cookies. The session itself says how long it lasts, so its
/// cookie ends with the browser.
pub fn begin(response: &mut HttpResponse, signed_in: &SignedIn, is_secure: bool) {
    let session = cookie(SESSION, signed_in.session.cookie().to_owned(), is_secure);
    let _ = response.add_cookie(&session);
    if let Some(known) = &signed_in.known_browser {
        let mut known = cookie(KNOWN_BROWSER, URL_SAFE_NO_PAD.encode_to_string(known), is_secure);
        known.set_max_age(KNOWN_FOR);
        let _ = response.add_cookie(&known);
    }
}

/// Takes the session's cookie away.
pub fn end(response: &mut HttpResponse, is_secure: bool) {
    let mut session = cookie(SESSION, String::new(), is_secure);
    session.set_max_age(Duration::ZERO);
    let _ = response.add_cookie(&session);
}

/// Has a browser keep what its sign-in at a provider was begun with, for some seconds.
pub fn begin_elsewhere(response: &mut HttpResponse, sealed: String, seconds: i64, is_secure: bool) {
    let mut begun = cookie(ELSEWHERE, sealed, is_secure);
    begun.set_max_age(Duration::seconds(seconds));
    let _ = response.add_cookie(&begun);
}

/// Takes what a sign-in was begun with away.
pub fn end_elsewhere(response: &mut HttpResponse, is_secure: bool) {
    let mut begun = cookie(ELSEWHERE, String::new(), is_secure);
    begun.set_max_age(Duration::ZERO);
    let _ = response.add_cookie(&begun);
}

fn cookie(name: &'static str, value: String, is_secure: bool) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_secure)
        .finish()
}
