//! The gateway's own AWS credential as SNS and EventBridge need it, kept while it is good.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::client::identity::Identity;

use crate::bedrock::credentials::{Credential, CredentialSource, Loaded};

/// How long before its end a credential is no longer used.
const MARGIN: Duration = Duration::from_secs(60);

/// The gateway's own AWS credential, kept while it is good.
#[derive(Clone, Default)]
pub struct Credentials(Arc<Mutex<Option<Loaded>>>);

impl Credentials {
    pub(super) async fn identity(&self) -> Result<Identity, String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let good =
            |loaded: &Loaded| loaded.expires_at.is_none_or(|end| end > SystemTime::now() + MARGIN);
        let loaded = match kept.filter(good) {
            Some(loaded) => loaded,
            None => {
                let loaded = CredentialSource::Chain.load(None).await.map_err(|e| e.to_string())?;
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(loaded.clone());
                loaded
            }
        };
        match loaded.credential {
            Credential::SigV4(identity) => Ok(identity),
            Credential::Bearer(_) => Err("a Bedrock API key opens Bedrock only".to_owned()),
        }
    }

    /// Has the next call fetch another.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
