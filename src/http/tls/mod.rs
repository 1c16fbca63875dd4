//! HTTPS by the gateway itself, for those who have no load balancer. HTTP/1.1 only, like plain HTTP: on
//! HTTP/2 a client that leaves an idle stream would not be noticed.

mod certificate;
mod self_signed;
mod watch;

use std::io;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use thiserror::Error;

use watch::Watched;

/// The certificate cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Read(PathBuf, io::Error),
    /// A file holds something else than it should.
    #[error("{0} {1}")]
    Content(PathBuf, String),
    /// A certificate of its own cannot be made.
    #[error("a self-signed certificate cannot be made: {0}")]
    SelfSigned(String),
}

/// A listener with what its clients are shown.
pub struct TlsListener {
    pub(super) listener: TcpListener,
    pub(super) config: ServerConfig,
}

/// A certificate and its key, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The certificate and those that lead to its root.
    pub chain: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Files {
    /// A certificate for this machine alone in `folder`, made where there is none that lasts.
    ///
    /// # Errors
    /// [`TlsError`] where it cannot be made or kept.
    pub fn self_signed(folder: &std::path::Path) -> Result<Self, TlsError> {
        self_signed::ensure(folder)
    }
}

impl TlsListener {
    /// Serves the certificate in `files` on `listener`, and each one that replaces it there.
    ///
    /// # Errors
    /// [`TlsError`] where there is no usable certificate now.
    pub fn new(listener: TcpListener, files: Files) -> Result<Self, TlsError> {
        let resolver = Arc::new(Watched::load(files)?);
        watch::follow(&resolver);
        let mut config = ServerConfig::builder().with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { listener, config })
    }
}
