//! An OTLP collector by HTTP: what the fake upstream was sent, decoded by the public proto files.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use super::until;
use super::upstream::{Script, Upstream};

/// The collector; it ends when dropped.
pub(crate) struct Collector(pub(crate) Upstream);

impl Collector {
    pub(crate) fn start() -> Self {
        let upstream = Upstream::of_another_service();
        upstream.otherwise(Script::reply(200, ""));
        Self(upstream)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0.address)
    }

    /// All spans that came so far.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let requests = self.bodies("/v1/traces").into_iter();
        let requests = requests.map(|body| ExportTraceServiceRequest::decode(&*body).unwrap());
        let resources = requests.flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }

    /// The metrics of the latest export.
    pub(crate) fn metrics(&self) -> Vec<Metric> {
        let Some(body) = self.bodies("/v1/metrics").pop() else { return Vec::new() };
        let request = ExportMetricsServiceRequest::decode(&*body).unwrap();
        let resources = request.resource_metrics.into_iter();
        resources
            .flat_map(|resource| resource.scope_metrics)
            .flat_map(|scope| scope.metrics)
            .collect()
    }

    /// Waits until so many spans came.
    #[track_caller]
    pub(crate) fn wait_spans(&self, count: usize) -> Vec<Span> {
        until(&format!("{count} spans"), || Some(self.spans()).filter(|spans| spans.len() >= count))
    }

    fn bodies(&self, path: &str) -> Vec<Vec<u8>> {
        let start = format!("POST {path} ");
        (0..self.0.count())
            .map(|number| self.0.exchange(number))
            .filter(|exchange| exchange.head.start.starts_with(&start))
            .map(|exchange| exchange.body.clone())
            .collect()
    }
}

/// The text of an attribute, numbers included.
pub(crate) fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|pair| pair.key == key)?.value.as_ref()?.value.as_ref()?;
    Some(match found {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        Value::BoolValue(flag) => flag.to_string(),
        other => format!("{other:?}"),
    })
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
