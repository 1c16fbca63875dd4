//! The key for secrets at rest: `SECRETS_KEY`; else the one that was made in the data directory;
//! else one that follows from the admin key, which all instances share; else a new one in the data
//! directory.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use secrecy::SecretString;

use super::AppError;
use super::data_dir::DataDir;
use crate::config::IdentityConfig;
use crate::domain::hex;
use crate::storage::vault::Vault;

/// The vault of this deployment.
pub(super) fn vault(identity: &IdentityConfig, data_dir: &DataDir) -> Result<Vault, AppError> {
    let path = data_dir.secrets_key();
    let secret = match (&identity.secrets_key, stored(&path)?, &identity.admin_api_key) {
        (Some(key), ..) => SecretString::clone(key),
        (None, Some(key), _) => key,
        (None, None, Some(key)) => SecretString::clone(key),
        (None, None, None) => make(&path)?,
    };
    Vault::new(&secret).map_err(AppError::Secrets)
}

fn stored(path: &Path) -> io::Result<Option<SecretString>> {
    match fs::read_to_string(path) {
        Ok(key) if key.trim().len() >= 32 => Ok(Some(key.trim().into())),
        Ok(_) => Err(io::Error::other(format!("{} holds no key", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn make(path: &Path) -> io::Result<SecretString> {
    let mut random = [0; 32];
    aws_lc_rs::rand::fill(&mut random).map_err(io::Error::other)?;
    let key = hex::encode(&random);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(key.as_bytes())?;
    file.sync_all()?;
    Ok(key.into())
}
