//! Questions to an endpoint outside of the data plane, with the credential that is the same for all who
//! ask.

use std::sync::Arc;

use thiserror::Error;

use super::Endpoints;
use super::session::Session;
use crate::bedrock::credentials::Loaded;
use crate::bedrock::service::ServiceError;

/// A question that brought no answer, in words for admins.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum AskError {
    /// There is nothing to ask with.
    #[error("{0}")]
    NoCredential(String),
    /// AWS did not answer, or refused.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl Endpoints {
    /// Asks with the endpoint's credential, and once more with a fresh one where it is no longer taken.
    ///
    /// # Errors
    /// [`AskError`]
    pub async fn ask<T>(
        &self,
        session: &Arc<Session>,
        question: impl AsyncFn(Arc<Loaded>) -> Result<T, ServiceError>,
    ) -> Result<T, AskError> {
        let loaded = self.credential(session, None).await?;
        match question(Arc::clone(&loaded)).await {
            Err(error) if error.is_stale_credential() => {
                Ok(question(self.credential(session, Some(loaded)).await?).await?)
            }
            answered => Ok(answered?),
        }
    }

    /// The credential that is good now, another one than what was found to be `stale`.
    async fn credential(
        &self,
        session: &Arc<Session>,
        stale: Option<Arc<Loaded>>,
    ) -> Result<Arc<Loaded>, AskError> {
        let fetched = self.fetched(session, None, stale).await;
        let fetched = fetched.map_err(|error| AskError::NoCredential(error.to_string()))?;
        fetched.map_err(AskError::NoCredential)
    }
}
