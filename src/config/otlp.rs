//! `OTEL_*`: whether and how spans and metrics go out, by OpenTelemetry's own variables. The SDK itself reads
//! `OTEL_BSP_*`, the bounds of its queue of spans.

use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use super::environment::Environment;
use crate::telemetry::otlp::{Destination, Protocol, Sampling, Settings};

/// The port that collectors take gRPC on.
const GRPC_PORT: &str = ":4317";

pub(super) fn read(environment: &mut Environment<'_>) -> Settings {
    let sampling = sampling(environment);
    let interval = environment.milliseconds("OTEL_METRIC_EXPORT_INTERVAL", 60_000);
    let mut resource = pairs(environment, "OTEL_RESOURCE_ATTRIBUTES");
    if let Some(name) = environment.text("OTEL_SERVICE_NAME") {
        resource.retain(|(key, _)| key != "service.name");
        resource.push(("service.name".to_owned(), name));
    }
    for (key, value) in [("service.name", "ccag"), ("service.version", env!("CARGO_PKG_VERSION"))] {
        if resource.iter().all(|(known, _)| known != key) {
            resource.push((key.to_owned(), value.to_owned()));
        }
    }
    let disabled = environment.flag("OTEL_SDK_DISABLED").unwrap_or(false);
    let mut signal = |signal: &str, path| {
        let destination = destination(environment, signal, path);
        destination.filter(|_| exports(environment, signal) && !disabled)
    };
    let (traces, metrics) = (signal("TRACES", "/v1/traces"), signal("METRICS", "/v1/metrics"));
    Settings { traces, metrics, sampling, interval, resource }
}

/// Whether a signal is exported at all.
fn exports(environment: &mut Environment<'_>, signal: &str) -> bool {
    let name = format!("OTEL_{signal}_EXPORTER");
    let exports = environment.parsed(&name, "otlp or none", |text| match text {
        "otlp" => Some(true),
        "none" => Some(false),
        _ => None,
    });
    exports.unwrap_or(true)
}

/// Where a signal goes: by its own variables, else by those for both.
fn destination(environment: &mut Environment<'_>, signal: &str, path: &str) -> Option<Destination> {
    let own = format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT");
    let shared = environment.url("OTEL_EXPORTER_OTLP_ENDPOINT");
    let (base, is_whole) = match environment.url(&own) {
        Some(url) => (url, true),
        None => (shared?, false),
    };
    let mut of = |what: &str| {
        let own = format!("OTEL_EXPORTER_OTLP_{signal}_{what}");
        let own_is_set = environment.text(&own).is_some();
        if own_is_set { own } else { format!("OTEL_EXPORTER_OTLP_{what}") }
    };
    let names = ["PROTOCOL", "HEADERS", "TIMEOUT", "COMPRESSION", "CERTIFICATE"].map(&mut of);
    let [protocol, headers, timeout, compression, certificate] = &names;
    let protocol = environment.parsed(protocol, "grpc or http/protobuf", |text| match text {
        "grpc" => Some(Protocol::Grpc),
        "http/protobuf" => Some(Protocol::Http),
        _ => None,
    });
    let by_port = if base.ends_with(GRPC_PORT) { Protocol::Grpc } else { Protocol::Http };
    let protocol = protocol.unwrap_or(by_port);
    let gzip = environment.parsed(compression, "gzip or none", |text| match text {
        "gzip" => Some(true),
        "none" => Some(false),
        _ => None,
    });
    let appended = !is_whole && protocol == Protocol::Http;
    let headers = pairs(environment, headers);
    Some(Destination {
        url: if appended { format!("{base}{path}") } else { base },
        protocol,
        headers: headers
            .into_iter()
            .map(|(name, value)| (name, SecretString::from(value)))
            .collect(),
        timeout: environment.milliseconds(timeout, 10_000),
        gzip: gzip.unwrap_or(false),
        certificate: environment.text(certificate).map(Into::into),
    })
}

fn sampling(environment: &mut Environment<'_>) -> Sampling {
    let share = environment.parsed("OTEL_TRACES_SAMPLER_ARG", "a share from 0 to 1", |text| {
        text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share))
    });
    let share = share.unwrap_or(1.0);
    let takes = "always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or parentbased_traceidratio";
    let sampling = environment.parsed("OTEL_TRACES_SAMPLER", takes, |text| match text {
        "always_on" => Some(Sampling::AlwaysOn),
        "always_off" => Some(Sampling::AlwaysOff),
        "traceidratio" => Some(Sampling::Ratio(share)),
        "parentbased_always_on" => Some(Sampling::Parent(&Sampling::AlwaysOn)),
        "parentbased_always_off" => Some(Sampling::Parent(&Sampling::AlwaysOff)),
        "parentbased_traceidratio" => Some(Sampling::ParentRatio(share)),
        _ => None,
    });
    sampling.unwrap_or_default()
}

/// Pairs such as `a=1,b=2`, percent-encoded; what it got is not shown, since it may be secret.
fn pairs(environment: &mut Environment<'_>, name: &str) -> Vec<(String, String)> {
    let Some(text) = environment.text(name) else { return Vec::new() };
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let pairs: Option<Vec<_>> = parts
        .map(|part| {
            let (key, value) = part.split_once('=')?;
            let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
            Some((key.trim().to_owned(), value.into_owned())).filter(|(key, _)| !key.is_empty())
        })
        .collect();
    pairs.unwrap_or_else(|| {
        environment.problem(format!("{name} takes pairs such as name=value, with commas between."));
        Vec::new()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use secrecy::ExposeSecret as _;

    use super::*;

    fn settings(variables: &[(&str, &str)]) -> (Settings, Vec<String>) {
        let read_variable = |name: &str| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        };
        let mut environment = Environment::new(&read_variable);
        let settings = read(&mut environment);
        (settings, environment.into_problems())
    }

    #[test]
    fn without_an_endpoint_nothing_goes_out() {
        let (settings, problems) = settings(&[("OTEL_SERVICE_NAME", "gate")]);
        assert!(settings.traces.is_none() && settings.metrics.is_none() && problems.is_empty());
        assert!(settings.resource.contains(&("service.name".to_owned(), "gate".to_owned())));
    }

    #[test]
    fn a_signals_own_variables_win_over_the_shared_ones() {
        let (settings, problems) = settings(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20x, tenant=a"),
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://other:4317"),
            ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "tenant=b"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "500"),
        ]);
        assert_eq!(problems, Vec::<String>::new());
        let (traces, metrics) = (settings.traces.unwrap(), settings.metrics.unwrap());
        assert_eq!(
            (traces.url.as_str(), traces.protocol),
            ("http://collector:4318/v1/traces", Protocol::Http)
        );
        assert_eq!(traces.headers[0].1.expose_secret(), "Bearer x");
        assert_eq!((metrics.url.as_str(), metrics.protocol), ("http://other:4317", Protocol::Grpc));
        assert_eq!((metrics.headers.len(), metrics.timeout), (1, Duration::from_millis(500)));
        assert!(!format!("{traces:?}").contains("Bearer x"));
    }

    #[test]
    fn what_is_wrong_is_named_and_what_is_off_is_off() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317");
        let (_, problems) = settings(&[
            endpoint,
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_TRACES_SAMPLER", "sometimes"),
            ("OTEL_TRACES_SAMPLER_ARG", "2"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "secret-without-a-name"),
        ]);
        for name in ["PROTOCOL", "SAMPLER is", "SAMPLER_ARG", "HEADERS"] {
            assert!(problems.iter().any(|problem| problem.contains(name)), "{name}: {problems:?}");
        }
        assert!(!problems.concat().contains("secret-without"));
        let (off, _) = settings(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]);
        assert!(off.traces.is_none() && off.metrics.is_some());
        let (off, _) = settings(&[endpoint, ("OTEL_SDK_DISABLED", "true")]);
        assert!(off.traces.is_none() && off.metrics.is_none());
    }
}
