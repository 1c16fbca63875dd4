//! Which certificates of Postgres servers are believed: those of the system's authorities, of Amazon RDS
//! (whose own authorities no system knows), and of a file that the operator names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

/// The root certificates of Amazon RDS, region by region.
const RDS: &[u8] = include_bytes!("rds-roots.pem");

/// The file of root certificates cannot be used.
#[derive(Debug, Error)]
#[error("the root certificates in {path} cannot be used: {reason}")]
pub struct RootsError {
    path: PathBuf,
    reason: String,
}

/// TLS that verifies the server's certificate and name; `more` is a PEM file of further roots.
///
/// # Errors
/// [`RootsError`] where that file cannot be read or holds no certificate.
pub(super) fn verified(more: Option<&Path>) -> Result<Arc<ClientConfig>, RootsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(RDS).flatten());
    if let Some(path) = more {
        let failed = |reason: String| RootsError { path: path.to_owned(), reason };
        let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let certificates = certificates.map_err(|error| failed(error.to_string()))?;
        if roots.add_parsable_certificates(certificates).0 == 0 {
            return Err(failed("it holds no certificate in PEM form".to_owned()));
        }
    }
    Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_root_of_rds_is_taken() {
        let mut roots = RootCertStore::empty();
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(RDS).collect();
        let (taken, ignored) = roots.add_parsable_certificates(certificates.unwrap());
        assert_eq!((taken, ignored), (81, 0));
    }

    #[test]
    fn a_file_without_certificates_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = verified(Some(file.path())).unwrap_err().to_string();
        assert!(error.contains(&file.path().display().to_string()), "{error}");
    }
}
