//! Which gateway is managed and with what credential: the environment, else what `ccag login` kept.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use super::failure::Failure;

/// What is kept between commands, in a file that only its owner reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Profile {
    /// The gateway.
    pub url: String,
    /// How it is called.
    #[serde(flatten)]
    pub credential: Credential,
}

/// What opens the JSON API.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Credential {
    /// The deployment's admin key.
    AdminKey {
        /// The key.
        #[serde(serialize_with = "kept")]
        admin_key: SecretString,
    },
    /// A sign-in by a browser.
    Tokens(Tokens),
}

/// The tokens of a sign-in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tokens {
    /// What is sent.
    #[serde(serialize_with = "kept")]
    pub access_token: SecretString,
    /// What a new access token is got with.
    #[serde(serialize_with = "kept_where_it_is")]
    pub refresh_token: Option<SecretString>,
    /// When the access token ends.
    pub expires_at: DateTime<Utc>,
}

fn kept<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

fn kept_where_it_is<S: Serializer>(
    secret: &Option<SecretString>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|secret| secret.expose_secret()).serialize(serializer)
}

impl Profile {
    /// That of `--url`, `CCAG_URL` and `CCAG_ADMIN_KEY`, and what was kept for the same gateway.
    ///
    /// # Errors
    /// Where no gateway is named or nobody is signed in to it.
    pub fn find(url: Option<&String>) -> Result<Self, Failure> {
        let kept = Self::load()?;
        let named = url.cloned().or_else(|| variable("CCAG_URL"));
        let url = match (named, &kept) {
            (Some(url), _) => origin(&url)?,
            (None, Some(kept)) => kept.url.clone(),
            (None, None) => {
                let message = "no gateway is named: run `ccag login URL`, or set CCAG_URL";
                return Err(Failure::Usage(message.to_owned()));
            }
        };
        if let Some(key) = variable("CCAG_ADMIN_KEY") {
            let credential = Credential::AdminKey { admin_key: key.into() };
            return Ok(Self { url, credential });
        }
        match kept {
            Some(kept) if kept.url == url => Ok(kept),
            _ => {
                let message = format!("nobody is signed in to {url}: run `ccag login {url}`");
                Err(Failure::NotAllowed(message))
            }
        }
    }

    fn load() -> Result<Option<Self>, Failure> {
        let path = path()?;
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::File(path.display().to_string(), error)),
        };
        let unreadable = || Failure::Usage(format!("{} is damaged: sign in again", path.display()));
        serde_json::from_str(&text).map(Some).map_err(|_| unreadable())
    }

    /// Keeps it for the next commands.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn save(&self) -> Result<(), Failure> {
        let path = path()?;
        let failed = |error| Failure::File(path.display().to_string(), error);
        let text = serde_json::to_string(self).map_err(|error| failed(error.into()))?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        // Beside it and then in its place, so that it is never half there, nor readable for others.
        let new = path.with_extension("new");
        let _ = fs::remove_file(&new);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)
            .map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        fs::rename(&new, &path).map_err(failed)
    }

    /// Forgets what was kept.
    ///
    /// # Errors
    /// Where the file cannot be removed.
    pub fn forget() -> Result<(), Failure> {
        let path = path()?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::File(path.display().to_string(), error))
            }
            _ => Ok(()),
        }
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

fn path() -> Result<PathBuf, Failure> {
    let folder = variable("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".config")));
    let folder = folder.ok_or_else(|| Failure::Usage("HOME is not set".to_owned()))?;
    Ok(folder.join("ccag").join("credentials.json"))
}

/// The scheme, host and port of a gateway's URL.
///
/// # Errors
/// Where it is none.
pub fn origin(url: &str) -> Result<String, Failure> {
    let with_scheme = if url.contains("://") { url.to_owned() } else { format!("https://{url}") };
    let parsed = with_scheme.parse::<actix_web::http::Uri>().ok();
    let parts = parsed.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.authority()?)));
    match parts {
        Some((scheme @ ("http" | "https"), authority)) if !authority.as_str().contains('@') => {
            Ok(format!("{scheme}://{authority}"))
        }
        _ => Err(Failure::Usage(format!("{url:?} is no URL such as https://ccag.example.com"))),
    }
}
