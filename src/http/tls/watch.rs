//! Follows the files of a certificate: who renews it just writes them, and new connections see the new one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::certificate::Pem;
use super::{Files, TlsError};

/// How often the files are looked at. Watching by the kernel's events would miss how Kubernetes swaps a
/// mounted secret: by a link to a folder.
const LOOK: Duration = Duration::from_secs(1);

/// The certificate that the files held when they last made sense.
pub(super) struct Watched {
    files: Files,
    shown: ArcSwap<CertifiedKey>,
}

impl Watched {
    /// Reads the files for the first time.
    pub(super) fn load(files: Files) -> Result<Self, TlsError> {
        let shown = Pem::read(&files)?.certified(&files)?;
        Ok(Self { files, shown: ArcSwap::new(shown) })
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("files", &self.files).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Watched {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown.load_full())
    }
}

/// Looks at the files until the listener is gone.
pub(super) fn follow(watched: &Arc<Watched>) {
    let watched = Arc::downgrade(watched);
    actix::spawn(async move {
        let (mut seen, mut complaint) = (None, None);
        while let Some(watched) = watched.upgrade() {
            let now = match Pem::read(&watched.files) {
                Ok(pem) if seen.as_ref() == Some(&pem) => Ok(None),
                Ok(pem) => {
                    let certified = pem.certified(&watched.files).map(Some);
                    seen = Some(pem);
                    certified
                }
                Err(error) => Err(error),
            };
            match now {
                Ok(None) => {}
                Ok(Some(certified)) => {
                    complaint = None;
                    if certified.cert != watched.shown.load().cert {
                        watched.shown.store(certified);
                        tracing::info!(
                            chain = %watched.files.chain.display(),
                            "New connections are shown the new certificate."
                        );
                    }
                }
                // Half-written files look like this too, so it is said once and the old one stays.
                Err(error) => {
                    let text = error.to_string();
                    if complaint.as_ref() != Some(&text) {
                        tracing::warn!(error = text, "The new certificate cannot be used (yet).");
                        complaint = Some(text);
                    }
                }
            }
            drop(watched);
            tokio::time::sleep(LOOK).await;
        }
    });
}
