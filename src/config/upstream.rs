//! The AWS side: region, credential, addresses, and how long things may take.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use super::environment::Environment;
use crate::domain::geography::Geography;
use crate::domain::guardrail::Guardrail;

/// The AWS side.
#[derive(Debug, Clone)]
pub struct UpstreamConfig {
    /// `AWS_REGION`, else `AWS_DEFAULT_REGION`; `None` leaves it to the profile.
    pub region: Option<String>,
    /// `BEDROCK_GEOGRAPHY`; `None` leaves it to the region.
    pub geography: Option<Geography>,
    /// `BEDROCK_GUARDRAIL_ID` and `BEDROCK_GUARDRAIL_VERSION`
    pub guardrail: Option<Guardrail>,
    /// `AWS_BEARER_TOKEN_BEDROCK`
    pub api_key: Option<Arc<SecretString>>,
    /// Set by `ccag demo` only: the id and the secret of the simulator's access key.
    pub simulated: Option<[&'static str; 2]>,
    /// `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`, else `AWS_ENDPOINT_URL`
    pub runtime_url: Option<String>,
    /// `AWS_ENDPOINT_URL_BEDROCK`, else `AWS_ENDPOINT_URL`
    pub control_url: Option<String>,
    /// `AWS_ENDPOINT_URL_SERVICE_QUOTAS`, else `AWS_ENDPOINT_URL`
    pub quotas_url: Option<String>,
    /// `ENDPOINT_PROBE_INTERVAL`, in seconds; `None` for 0
    pub probe_interval: Option<Duration>,
    /// `UPSTREAM_CONNECT_TIMEOUT_MS`
    pub connect: Duration,
    /// `UPSTREAM_FIRST_BYTE_TIMEOUT_MS`
    pub first_byte: Duration,
    /// `UPSTREAM_IDLE_TIMEOUT_MS`
    pub idle: Duration,
    /// `UPSTREAM_TOTAL_TIMEOUT_MS`
    pub whole: Duration,
    /// `CLIENT_STALL_TIMEOUT_MS`
    pub client: Duration,
    /// `UPSTREAM_DRAIN_TIMEOUT_MS`
    pub settle_alone: Duration,
    /// `STREAM_PING_INTERVAL_MS`
    pub ping_interval: Duration,
}

impl UpstreamConfig {
    pub(super) fn read(environment: &mut Environment<'_>) -> Self {
        let runtime = environment.url("AWS_ENDPOINT_URL_BEDROCK_RUNTIME");
        let general = environment.url("AWS_ENDPOINT_URL");
        let control = environment.url("AWS_ENDPOINT_URL_BEDROCK");
        let quotas = environment.url("AWS_ENDPOINT_URL_SERVICE_QUOTAS");
        let takes = "a number of seconds from 60 to 604800, or 0 for never";
        let interval = environment.parsed("ENDPOINT_PROBE_INTERVAL", takes, |text| {
            text.parse().ok().filter(|seconds| *seconds == 0 || (60..=604_800).contains(seconds))
        });
        let interval = Some(interval.unwrap_or(3_600)).filter(|seconds| *seconds > 0);
        // Read by the AWS library itself; here only checked.
        environment.url("AWS_ENDPOINT_URL_STS");
        let region = |environment: &mut Environment<'_>, name| {
            environment.parsed(name, "an AWS region such as us-east-1", |text| {
                let fit = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
                (fit && text.contains('-')).then(|| text.to_owned())
            })
        };
        let named = region(environment, "AWS_REGION");
        let default = region(environment, "AWS_DEFAULT_REGION");
        let prefixes = Geography::ALL.map(Geography::prefix).join(", ");
        let takes = format!("one of {prefixes}");
        let geography = environment.parsed("BEDROCK_GEOGRAPHY", takes, Geography::named);
        Self {
            region: named.or(default),
            geography,
            guardrail: guardrail(environment),
            api_key: environment.secret("AWS_BEARER_TOKEN_BEDROCK", 1).map(Arc::new),
            simulated: None,
            runtime_url: runtime.or_else(|| general.clone()),
            control_url: control.or_else(|| general.clone()),
            quotas_url: quotas.or(general),
            probe_interval: interval.map(Duration::from_secs),
            connect: environment.milliseconds("UPSTREAM_CONNECT_TIMEOUT_MS", 5_000),
            first_byte: environment.milliseconds("UPSTREAM_FIRST_BYTE_TIMEOUT_MS", 600_000),
            idle: environment.milliseconds("UPSTREAM_IDLE_TIMEOUT_MS", 300_000),
            whole: environment.milliseconds("UPSTREAM_TOTAL_TIMEOUT_MS", 3_600_000),
            client: environment.milliseconds("CLIENT_STALL_TIMEOUT_MS", 300_000),
            settle_alone: environment.milliseconds("UPSTREAM_DRAIN_TIMEOUT_MS", 5_000),
            ping_interval: environment.milliseconds("STREAM_PING_INTERVAL_MS", 10_000),
        }
    }
}

/// The guardrail of the environment's endpoint: both variables, or none.
fn guardrail(environment: &mut Environment<'_>) -> Option<Guardrail> {
    const ID: &str = "BEDROCK_GUARDRAIL_ID";
    const VERSION: &str = "BEDROCK_GUARDRAIL_VERSION";
    let (id, version) = (environment.text(ID), environment.text(VERSION));
    Guardrail::named(id.as_deref(), version.as_deref()).unwrap_or_else(|error| {
        environment.problem(format!("{} {error}.", error.of(ID, VERSION)));
        None
    })
}
