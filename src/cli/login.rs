//! `ccag login`: by a browser (RFC 8628), or with the admin key.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::client::{self, Client};
use super::failure::Failure;
use super::output;
use super::profile::{Credential, Profile, Tokens, origin};

/// Who asks, as the gateway knows its own command line.
const SURFACE: &str = "ccag_cli";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// An access token that ends sooner is renewed first.
const MARGIN: i64 = 30;
const DEADLINE: Duration = Duration::from_secs(30);

/// Signs in and keeps what was got.
///
/// # Errors
/// [`Failure`]
pub async fn login(url: &str, with_admin_key: bool) -> Result<(), Failure> {
    let url = origin(url)?;
    let credential = if with_admin_key {
        Credential::AdminKey { admin_key: admin_key()? }
    } else {
        Credential::Tokens(by_browser(&url).await?)
    };
    let token = match &credential {
        Credential::AdminKey { admin_key } => admin_key.clone(),
        Credential::Tokens(tokens) => tokens.access_token.clone(),
    };
    let me = Client::with(&url, token).json("GET", "/admin/me", None).await?;
    Profile { url: url.clone(), credential }.save()?;
    let text = |name| me.get(name).and_then(Value::as_str).unwrap_or_default();
    println!("Signed in to {url} as {} ({}).", text("name"), text("role"));
    Ok(())
}

/// Reads the admin key from the standard input, unseen where it is typed.
fn admin_key() -> Result<SecretString, Failure> {
    let input = std::io::stdin();
    let failed = |error| Failure::File("the standard input".to_owned(), error);
    let unseen = if input.is_terminal() {
        let mut error = std::io::stderr();
        let _ = write!(error, "Admin key: ").and_then(|()| error.flush());
        Unseen::begin()
    } else {
        None
    };
    let mut line = String::new();
    input.lock().read_line(&mut line).map_err(failed)?;
    if unseen.is_some() {
        output::tell("");
    }
    match line.trim() {
        "" => Err(Failure::Usage("the admin key is read from the standard input".to_owned())),
        key => Ok(key.to_owned().into()),
    }
}

/// While it lives, the terminal does not show what is typed.
struct Unseen(nix::sys::termios::Termios);

impl Unseen {
    fn begin() -> Option<Self> {
        use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
        let before = tcgetattr(std::io::stdin()).ok()?;
        let mut without = before.clone();
        without.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(std::io::stdin(), SetArg::TCSANOW, &without).ok()?;
        Some(Self(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        use nix::sys::termios::{SetArg, tcsetattr};
        let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, &self.0);
    }
}

async fn by_browser(url: &str) -> Result<Tokens, Failure> {
    let http = client::http();
    let place = format!("{url}/oauth/device_authorization");
    let (status, start) = form(&http, &place, &[("surface", SURFACE)]).await?;
    let text = |name| start.get(name).and_then(Value::as_str);
    let number = |name, otherwise| start.get(name).and_then(Value::as_u64).unwrap_or(otherwise);
    let Some((device_code, user_code)) = text("device_code").zip(text("user_code")) else {
        let message = format!("{url} offers no sign-in by browser ({status}): use --admin-key");
        return Err(Failure::Refused(message));
    };
    let place = text("verification_uri_complete").or(text("verification_uri")).unwrap_or(url);
    output::tell(&format!("Open {place}\nand confirm the code {user_code}."));
    let end = Instant::now() + Duration::from_secs(number("expires_in", 600));
    let mut pause = Duration::from_secs(number("interval", 5).clamp(1, 60));
    while Instant::now() < end {
        tokio::time::sleep(pause).await;
        let fields = [("grant_type", DEVICE_CODE), ("device_code", device_code)];
        let (status, answer) = form(&http, &format!("{url}/oauth/token"), &fields).await?;
        if status == 200 {
            return tokens(&answer);
        }
        match answer.get("error").and_then(Value::as_str) {
            Some("authorization_pending") => {}
            Some("slow_down") => pause += Duration::from_secs(5),
            Some("access_denied") => {
                return Err(Failure::NotAllowed("the sign-in was denied".to_owned()));
            }
            Some("expired_token") => break,
            other => {
                let why = other.unwrap_or("no reason");
                return Err(Failure::Refused(format!("the sign-in failed ({status}): {why}")));
            }
        }
    }
    Err(Failure::NotAllowed("nobody confirmed the code in time".to_owned()))
}

/// An access token that is valid for a while; a new one is kept.
///
/// # Errors
/// Where the sign-in has ended.
pub async fn fresh(
    http: &awc::Client,
    url: &str,
    tokens_now: &Tokens,
) -> Result<SecretString, Failure> {
    if tokens_now.expires_at > Utc::now() + TimeDelta::seconds(MARGIN) {
        return Ok(tokens_now.access_token.clone());
    }
    let ended = || Failure::NotAllowed(format!("the sign-in has ended: run `ccag login {url}`"));
    let refresh = tokens_now.refresh_token.as_ref().ok_or_else(ended)?;
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
    let (status, answer) = form(http, &format!("{url}/oauth/token"), &fields).await?;
    if status != 200 {
        return Err(ended());
    }
    let new = tokens(&answer)?;
    let token = new.access_token.clone();
    Profile { url: url.to_owned(), credential: Credential::Tokens(new) }.save()?;
    Ok(token)
}

fn tokens(answer: &Value) -> Result<Tokens, Failure> {
    let text = |name| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    let access = text("access_token");
    let access = access.ok_or_else(|| Failure::Refused("the sign-in gave no token".to_owned()))?;
    let lifetime = answer.get("expires_in").and_then(Value::as_i64).unwrap_or(3600);
    Ok(Tokens {
        access_token: access.into(),
        refresh_token: text("refresh_token").map(SecretString::from),
        expires_at: Utc::now() + TimeDelta::seconds(lifetime.clamp(0, 31_536_000)),
    })
}

async fn form(
    http: &awc::Client,
    url: &str,
    fields: &[(&str, &str)],
) -> Result<(u16, Value), Failure> {
    let away = |error: &dyn std::fmt::Display| Failure::Unreachable(format!("{url}: {error}"));
    let sent = http.post(url).timeout(DEADLINE).send_form(&fields).await;
    let mut response = sent.map_err(|error| away(&error))?;
    let body = response.body().await.map_err(|error| away(&error))?;
    Ok((response.status().as_u16(), serde_json::from_slice(&body).unwrap_or_default()))
}
