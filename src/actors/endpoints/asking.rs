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
        match question(self.credential(session, false).await?).await {
            Err(error) if error.is_stale_credential() => {
                Ok(question(self.credential(session, true).await?).await?)
            }
            answered => Ok(answered?),
        }
    }

    /// The credential that is good now, or a `fresh` one.
    async fn credential(
        &self,
        session: &Arc<Session>,
        fresh: bool,
    ) -> Result<Arc<Loaded>, AskError> {
        if let Some((ready, _)) = session.wallet.ready(None).filter(|_| !fresh) {
            return Ok(ready);
        }
        let fetched = self.fetched(session, None).await;
        let fetched = fetched.map_err(|error| AskError::NoCredential(error.to_string()))?;
        fetched.map_err(AskError::NoCredential)
    }
}
