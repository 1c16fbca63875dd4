//! From two PEM files to a certificate that clients can be shown.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::{Files, TlsError};

/// Both files' bytes.
#[derive(PartialEq, Eq)]
pub(super) struct Pem {
    chain: Vec<u8>,
    key: Vec<u8>,
}

impl Pem {
    /// Reads both files.
    pub(super) fn read(files: &Files) -> Result<Self, TlsError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| TlsError::Read(path.to_owned(), error))
        };
        Ok(Self { chain: read(&files.chain)?, key: read(&files.key)? })
    }

    /// The certificate, where the two belong together.
    pub(super) fn certified(&self, files: &Files) -> Result<Arc<CertifiedKey>, TlsError> {
        let wrong = |path: &Path, what: String| TlsError::Content(path.to_owned(), what);
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.chain).collect();
        let chain = chain
            .ok()
            .filter(|chain| !chain.is_empty())
            .ok_or_else(|| wrong(&files.chain, "holds no certificate in PEM form".to_owned()))?;
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|_| wrong(&files.key, "holds no private key in PEM form".to_owned()))?;
        let provider = CryptoProvider::get_default()
            .map_or_else(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()), Arc::clone);
        let certified =
            CertifiedKey::from_der(chain, key, &provider).map_err(|error| match error {
                rustls::Error::InconsistentKeys(_) => {
                    wrong(&files.key, format!("is not the key of {}", files.chain.display()))
                }
                other => wrong(&files.chain, format!("cannot be used: {other}")),
            })?;
        Ok(Arc::new(certified))
    }
}
