//! One probe of one endpoint: the profiles that Bedrock lists there, and the quotas of its account.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::actors::endpoints::{Endpoints, Session};
use crate::bedrock::client::client;
use crate::bedrock::control_plane::inference_profiles;
use crate::bedrock::credentials::Credential;
use crate::bedrock::service::Access;
use crate::bedrock::service_quotas::quotas;
use crate::domain::model::ListedProfile;
use crate::domain::quota::Quota;
use crate::storage::probes::{self, CLAIM_LASTS, Claim, Found};
use crate::storage::{Database, StorageError};

const CONNECT: Duration = Duration::from_secs(5);
/// How long each half of a probe may take; both end before the claim does.
const DEADLINE: Duration = Duration::from_secs(CLAIM_LASTS as u64 * 2 / 5);

/// An endpoint that this instance is to probe.
pub(super) struct Due {
    session: Arc<Session>,
    claim: Claim,
}

/// Claims an endpoint whose probe is due once in `interval`.
pub(super) async fn claim(
    database: &Database,
    endpoints: &Endpoints,
    interval: Duration,
) -> Result<Option<Due>, StorageError> {
    let sessions = endpoints.enabled();
    let id = |session: &Session| session.id.unwrap_or(Uuid::nil());
    let ids = sessions.iter().map(|session| id(session)).collect();
    let seconds = i64::try_from(interval.as_secs()).unwrap_or(i64::MAX);
    let Some(claim) = probes::claim(database, ids, seconds).await? else { return Ok(None) };
    let session = sessions.into_iter().find(|session| id(session) == claim.endpoint_id);
    Ok(session.map(|session| Due { session, claim }))
}

/// Probes an endpoint, and stores what was found or why nothing was.
pub(super) async fn probe(
    database: &Database,
    endpoints: &Endpoints,
    Due { session, claim }: Due,
    quotas_url: Option<&str>,
) -> Result<(), StorageError> {
    let client = client(CONNECT);
    let profiles = in_time(listed(&client, endpoints, &session)).await;
    let quotas = in_time(read(&client, endpoints, &session, quotas_url)).await;
    let endpoint = &session.endpoint.name;
    if !endpoints.session(session.id).is_some_and(|now| now.is_same_place(&session)) {
        tracing::info!(endpoint, "A probe came to nothing: the endpoint was changed meanwhile.");
        return probes::give_back(database, claim).await;
    }
    if let Err(error) = &profiles {
        tracing::warn!(endpoint, error, "What profiles an endpoint has is not known.");
    }
    if let Err(error) = &quotas {
        tracing::info!(endpoint, error, "What quotas an endpoint has is not known.");
    }
    probes::end(database, claim, Found { profiles, quotas }).await
}

async fn in_time<T>(asking: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = |_| Err("AWS did not answer in time".to_owned());
    tokio::time::timeout(DEADLINE, asking).await.unwrap_or_else(late)
}

async fn listed(
    client: &awc::Client,
    endpoints: &Endpoints,
    session: &Arc<Session>,
) -> Result<Vec<ListedProfile>, String> {
    let asked = endpoints.ask(session, async |loaded| {
        inference_profiles(client, &session.endpoint, &loaded.credential).await
    });
    asked.await.map_err(|error| error.to_string())
}

async fn read(
    client: &awc::Client,
    endpoints: &Endpoints,
    session: &Arc<Session>,
    base_url: Option<&str>,
) -> Result<Vec<Quota>, String> {
    let asked = endpoints.ask(session, async |loaded| match &loaded.credential {
        Credential::SigV4(identity) => {
            let access = Access { client, identity, base_url };
            quotas(&access, &session.endpoint.region).await.map(Some)
        }
        Credential::Bearer(_) => Ok(None),
    });
    let quotas = asked.await.map_err(|error| error.to_string())?;
    quotas.ok_or_else(|| "Service Quotas takes no Bedrock API keys".to_owned())
}
