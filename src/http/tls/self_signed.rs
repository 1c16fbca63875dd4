//! A certificate that the gateway makes for itself: good for this machine alone, and kept, so that a client
//! that was told to trust it goes on doing so.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};

use super::certificate::Pem;
use super::{Files, TlsError};

/// How long one lasts; clients distrust those that last longer.
const LIFE: Duration = Duration::from_secs(397 * 24 * 3600);
/// How old one may be at a start before it is made anew.
const AGE: Duration = Duration::from_secs(300 * 24 * 3600);
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The certificate in `folder`, made anew where there is none, it makes no sense, or it is old.
pub(super) fn ensure(folder: &Path) -> Result<Files, TlsError> {
    let files = Files { chain: folder.join("certificate.pem"), key: folder.join("key.pem") };
    let made_at = fs::metadata(&files.chain).and_then(|file| file.modified());
    let is_young = made_at.is_ok_and(|at| at.elapsed().is_ok_and(|age| age < AGE));
    if is_young && Pem::read(&files).and_then(|pem| pem.certified(&files)).is_ok() {
        return Ok(files);
    }
    let (chain, key) = make().map_err(|error| TlsError::SelfSigned(error.to_string()))?;
    let failed = |error: io::Error| TlsError::SelfSigned(format!("{}: {error}", folder.display()));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    write(&files.key, &key).and_then(|()| write(&files.chain, &chain)).map_err(failed)?;
    tracing::info!(
        certificate = %files.chain.display(),
        "A self-signed certificate was made. Claude Code trusts it with NODE_EXTRA_CA_CERTS set to this file."
    );
    Ok(files)
}

/// The certificate and its key, as PEM.
fn make() -> Result<(String, String), rcgen::Error> {
    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    params.distinguished_name.push(DnType::CommonName, "CCAG on this machine");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let now = SystemTime::now();
    // Clocks differ a little.
    params.not_before = (now - Duration::from_secs(3600)).into();
    params.not_after = (now + LIFE).into();
    let key = KeyPair::generate()?;
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

/// Writes a file that only its owner may read, whole or not at all.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let half = path.with_extension("half");
    let _ = fs::remove_file(&half);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half)?;
    file.write_all(text.as_bytes())?;
    fs::rename(half, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_made_once_and_again_when_it_is_broken() {
        let folder = tempfile::tempdir().unwrap();
        let files = ensure(&folder.path().join("tls")).unwrap();
        let first = fs::read(&files.chain).unwrap();
        assert_eq!(ensure(&folder.path().join("tls")).unwrap(), files);
        assert_eq!(fs::read(&files.chain).unwrap(), first);
        fs::write(&files.key, "rubbish").unwrap();
        ensure(&folder.path().join("tls")).unwrap();
        assert_ne!(fs::read(&files.chain).unwrap(), first);
    }
}
