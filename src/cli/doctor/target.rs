//! Which gateway is checked, and with which credential: what Claude Code would use on this machine,
//! else what `ccag login` kept.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::machine::Machine;
use crate::cli::failure::Failure;
use crate::cli::profile::{self, Credential as Kept, Profile};
use crate::cli::{client, login};

/// How long a helper may take.
const HELPER_DEADLINE: Duration = Duration::from_secs(30);
/// Longest output of a helper that is read, in bytes.
const MAX_TOKEN: u64 = 16 * 1024;

/// A gateway's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The origin, such as `https://ccag.example.com`.
    pub(super) url: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_tls: bool,
}

/// What opens the inference API, and where it comes from.
#[derive(Debug)]
pub(super) struct Credential {
    pub(super) secret: SecretString,
    pub(super) place: String,
    /// Whether it goes into `x-api-key` rather than a bearer token.
    pub(super) is_api_key: bool,
}

impl Target {
    /// The gateway at a URL.
    pub(super) fn at(url: &str) -> Result<Self, Failure> {
        let url = profile::origin(url)?;
        let parsed = url::Url::parse(&url);
        let parsed = parsed.map_err(|error| Failure::Usage(format!("{url}: {error}")))?;
        let host = parsed.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = parsed.port_or_known_default().unwrap_or(443);
        Ok(Self { host, port, is_tls: parsed.scheme() == "https", url })
    }

    /// The one that is named, else that of Claude Code's settings, else the one signed in to.
    pub(super) fn find(named: Option<&String>, machine: &Machine) -> Result<Self, Failure> {
        let url = named.cloned().or_else(|| machine.value("ANTHROPIC_BASE_URL"));
        match url.or_else(|| machine.value("CCAG_URL")) {
            Some(url) => Self::at(&url),
            None => Self::at(&Profile::find(None)?.url),
        }
    }
}

impl Credential {
    /// The one that Claude Code would send, else that of `ccag login`; `CCAG_API_KEY` goes before both.
    ///
    /// # Errors
    /// In words, where there is none or its helper fails.
    pub(super) async fn find(machine: &Machine, target: &Target) -> Result<Self, String> {
        for (name, is_api_key) in
            [("CCAG_API_KEY", false), ("ANTHROPIC_AUTH_TOKEN", false), ("ANTHROPIC_API_KEY", true)]
        {
            if let Some(found) = machine.variable(name).pop() {
                let place = format!("{name} (in {})", found.place);
                return Ok(Self { secret: found.value.into(), place, is_api_key });
            }
        }
        if let Some(found) = machine.setting("apiKeyHelper").pop() {
            let place = format!("apiKeyHelper (in {})", found.place);
            return Ok(Self { secret: helped(&found.value)?, place, is_api_key: false });
        }
        let kept = Profile::find(Some(&target.url)).map_err(|_| {
            "there is no API key, no apiKeyHelper, and no sign-in with `ccag login`".to_owned()
        })?;
        let place = "the sign-in of `ccag login`".to_owned();
        match &kept.credential {
            Kept::Tokens(tokens) => {
                let fresh = login::fresh(&client::http(), &target.url, tokens).await;
                let secret = fresh.map_err(|failure| failure.to_string())?;
                Ok(Self { secret, place, is_api_key: false })
            }
            Kept::AdminKey { .. } => {
                Err("the admin key manages, and opens no inference API".to_owned())
            }
        }
    }
}

/// What an `apiKeyHelper` prints, run as Claude Code runs it.
fn helped(command: &str) -> Result<SecretString, String> {
    let failed = |why: String| format!("apiKeyHelper {why}");
    let started = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = started.map_err(|error| failed(format!("cannot be run: {error}")))?;
    let output = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        let read = output.map(|output| output.take(MAX_TOKEN).read_to_string(&mut text));
        read.is_some_and(|read| read.is_ok()).then_some(text)
    });
    let end = Instant::now() + HELPER_DEADLINE;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(20)),
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(failed(format!("took longer than {} s", HELPER_DEADLINE.as_secs())));
            }
        }
    };
    if !status.success() {
        return Err(failed(format!("ended with {status}: run it by hand to see why")));
    }
    let text = reader.join().ok().flatten().unwrap_or_default();
    match text.trim() {
        "" => Err(failed("printed nothing".to_owned())),
        token => Ok(token.to_owned().into()),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn addresses_have_their_ports() {
        for (url, host, port, is_tls) in [
            ("https://a.example", "a.example", 443, true),
            ("http://[::1]:8080/x", "::1", 8080, false),
        ] {
            let target = Target::at(url).unwrap();
            assert_eq!((&*target.host, target.port, target.is_tls), (host, port, is_tls));
        }
    }

    #[test]
    fn helpers_print_a_token_or_say_why_not() {
        assert_eq!(helped("echo ' key '").unwrap().expose_secret(), "key");
        assert!(helped("exit 3").unwrap_err().contains("by hand"));
        assert!(helped("true").unwrap_err().contains("nothing"));
    }
}
