//! Spans, as the SDK hands them over in batches from a thread of its own.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tokio::runtime::Handle;

use super::transport::Transport;

/// The exporter of spans.
#[derive(Debug)]
pub struct Spans {
    transport: Transport,
    runtime: Handle,
    resource: ResourceAttributesWithSchema,
}

impl Spans {
    /// An exporter whose connections live on `runtime`.
    pub fn new(transport: Transport, runtime: Handle) -> Self {
        let resource = ResourceAttributesWithSchema::from(&Resource::builder_empty().build());
        Self { transport, runtime, resource }
    }
}

impl SpanExporter for Spans {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let resource_spans = group_spans_by_resource_and_scope(batch, &self.resource);
        let request = ExportTraceServiceRequest { resource_spans };
        let transport = self.transport.clone();
        let sent = self.runtime.spawn(async move { transport.traces(request).await }).await;
        match sent {
            Ok(true) => Ok(()),
            Ok(false) => Err(OTelSdkError::InternalFailure("not exported".to_owned())),
            Err(error) => Err(OTelSdkError::InternalFailure(error.to_string())),
        }
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = ResourceAttributesWithSchema::from(resource);
    }
}
