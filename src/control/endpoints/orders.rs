//! What an admin has an endpoint do: drain and resume, be asked of AWS again, be tried.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Endpoint, TABLES, read};
use crate::actors::Trial;
use crate::actors::endpoints::OWN;
use crate::actors::worker::Worker;
use crate::control::caller::Caller;
use crate::control::change::Change;
use crate::control::error::ControlError;
use crate::control::{Control, field};
use crate::storage::endpoints;
use crate::storage::{Connection, episodes, probes, routing};

/// Lets an endpoint take no new requests; those that it serves go on to their end.
///
/// # Errors
/// [`ControlError`]
pub async fn drain(control: &Control, caller: &Caller, id: Uuid) -> Result<Endpoint, ControlError> {
    enable(control, caller, id, false).await
}

/// Lets an endpoint take requests again.
///
/// # Errors
/// [`ControlError`]
pub async fn resume(
    control: &Control,
    caller: &Caller,
    id: Uuid,
) -> Result<Endpoint, ControlError> {
    enable(control, caller, id, true).await
}

async fn enable(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    enabled: bool,
) -> Result<Endpoint, ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let before = read(c, id).await?;
        endpoints::enable(c, id, enabled).await?;
        if !enabled {
            episodes::forget(c, id).await?;
        }
        let after = read(c, id).await?;
        let action = if enabled { "endpoint.resume" } else { "endpoint.drain" };
        let change = Change::new(action, TABLES).of(id, &after.name);
        Ok((after.clone(), change.before(&before).after(&after)))
    });
    written.await
}

/// The names of teams whose requests are refused while this endpoint is drained, since they have no other;
/// twenty at the most.
///
/// # Errors
/// [`ControlError`]
pub async fn teams_without_another(
    control: &Control,
    caller: &Caller,
    id: Uuid,
) -> Result<Vec<String>, ControlError> {
    caller.admin()?;
    control.read(async move |c: &mut Connection| routing::teams_without_another(c, id).await).await
}

/// Has AWS be asked at once what an endpoint has; the nil id means the environment's.
///
/// # Errors
/// [`ControlError`], also where endpoints are not probed at all.
pub async fn probe(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    is_probing: bool,
) -> Result<(), ControlError> {
    caller.admin()?;
    if !is_probing {
        let message =
            "This gateway asks AWS nothing about its endpoints: ENDPOINT_PROBE_INTERVAL is 0.";
        return Err(ControlError::conflict("probes_off", message));
    }
    let written = control.write(caller, async move |c: &mut Connection| {
        let name = name(c, id).await?;
        probes::ask(c, id).await?;
        Ok(((), Change::new("endpoint.probe", &[probes::TABLE]).of(id, &name)))
    });
    written.await
}

/// The order to try an endpoint.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestEndpoint {
    /// The model that is to answer; the cheapest that is there where it is not given.
    #[schema(min_length = 1, max_length = 2048)]
    pub model: Option<String>,
}

/// What came of a trial: one short prompt, and one token of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EndpointTest {
    /// Whether the model has answered.
    pub works: bool,
    /// The model.
    pub model: String,
    /// The profile that was called; null where the endpoint has none for the model.
    pub profile: Option<String>,
    /// How long it took, the credential included, in milliseconds.
    pub duration_ms: u64,
    /// Tokens of the prompt.
    pub input_tokens: Option<u64>,
    /// Tokens of the answer.
    pub output_tokens: Option<u64>,
    /// Why it did not answer, in AWS's own words where AWS refused.
    pub error: Option<String>,
    /// What to do about that, where it is a common cause.
    pub hint: Option<&'static str>,
}

/// Has a model answer with one token at an endpoint, drained or not; the nil id means the environment's.
/// It costs next to nothing, is in no usage and counts for no health.
///
/// # Errors
/// [`ControlError`]; a model that does not answer is none.
pub async fn test(
    control: &Control,
    caller: &Caller,
    worker: &Worker,
    id: Uuid,
    order: TestEndpoint,
) -> Result<EndpointTest, ControlError> {
    caller.admin()?;
    let model = order.model.map(|model| field::profile("model", &model)).transpose()?;
    let name = control.ask(async move |c: &mut Connection| name(c, id).await).await?;
    let session = worker.gateway.endpoints.session((!id.is_nil()).then_some(id));
    let session = session.ok_or_else(|| {
        let message = "This instance is yet to hear of the endpoint; try again in a moment.";
        ControlError::conflict("not_known_yet", message)
    })?;
    let test = EndpointTest::of(worker.try_endpoint(&session, model.as_deref()).await);
    let noted = test.clone();
    control
        .write(caller, async move |_: &mut Connection| {
            Ok(((), Change::new("endpoint.test", &[]).of(id, &name).after(&noted)))
        })
        .await?;
    Ok(test)
}

async fn name(connection: &mut Connection, id: Uuid) -> Result<String, ControlError> {
    if id.is_nil() {
        return Ok(OWN.to_owned());
    }
    Ok(read(connection, id).await?.name)
}

impl EndpointTest {
    fn of(trial: Trial) -> Self {
        let answered = trial.result.as_ref().ok();
        let error = trial.result.as_ref().err();
        Self {
            works: answered.is_some(),
            input_tokens: answered.map(|answered| answered.input_tokens),
            output_tokens: answered.map(|answered| answered.output_tokens),
            hint: error.and_then(|error| hint(error.code()?)),
            error: error.map(ToString::to_string),
            duration_ms: u64::try_from(trial.took.as_millis()).unwrap_or(u64::MAX),
            model: trial.model,
            profile: trial.profile,
        }
    }
}

/// What is to be done where AWS refuses with this word.
fn hint(code: &str) -> Option<&'static str> {
    Some(match code.strip_suffix("Exception").unwrap_or(code) {
        "AccessDenied" => {
            "Allow bedrock:InvokeModel and bedrock:InvokeModelWithResponseStream on the profile and on its model in all its regions, and see that the account has access to the model."
        }
        "UnrecognizedClient"
        | "InvalidSignature"
        | "ExpiredToken"
        | "MissingAuthenticationToken" => {
            "AWS does not take the credential: see that it belongs to this account and region, and is not disabled."
        }
        "ResourceNotFound" | "Validation" => {
            "See that the model has a profile in this region and geography, and that the account has access to it."
        }
        "Throttling" | "ServiceQuotaExceeded" | "TooManyRequests" => {
            "The endpoint works, and its quota is used up at the moment. Service Quotas raises quotas."
        }
        _ => return None,
    })
}
