//! OTLP: spans and metrics to a collector. All of it runs on a thread of its own; a collector that is
//! slow or away costs requests nothing, since what waits for it is bounded and then dropped.

mod families;
mod spans;
mod transport;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use prometheus::Registry;
use secrecy::SecretString;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use self::spans::Spans;
pub use self::transport::TransportError;
use self::transport::{Exports, Transport};
use super::trace::Tracing;

pub use self::transport::metrics::ALL;

/// How long the last export may take when the gateway ends.
const LAST_EXPORT: Duration = Duration::from_secs(3);

/// What goes out, and where to.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Where spans go; `None` for nowhere.
    pub traces: Option<Destination>,
    /// Where metrics go; `None` for nowhere.
    pub metrics: Option<Destination>,
    /// Which requests are traced.
    pub sampling: Sampling,
    /// How often metrics go out.
    pub interval: Duration,
    /// The attributes of the resource, `service.name` among them.
    pub resource: Vec<(String, String)>,
}

/// A collector.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The URL: whole for HTTP, the origin for gRPC.
    pub url: String,
    /// How it is spoken to.
    pub protocol: Protocol,
    /// Headers for each export; their values may be secret.
    pub headers: Vec<(String, SecretString)>,
    /// How long an export may take.
    pub timeout: Duration,
    /// Whether exports are compressed.
    pub gzip: bool,
    /// A file with certificates to be trusted besides the system's.
    pub certificate: Option<PathBuf>,
}

/// How a collector is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `grpc`
    Grpc,
    /// `http/protobuf`
    Http,
}

/// Which requests are traced, as `OTEL_TRACES_SAMPLER` says it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sampling {
    /// All.
    AlwaysOn,
    /// None.
    AlwaysOff,
    /// This share of them.
    Ratio(f64),
    /// As the client decided; where it did not, as the inner one says.
    Parent(&'static Sampling),
    /// As the client decided; where it did not, this share.
    ParentRatio(f64),
}

impl Default for Sampling {
    fn default() -> Self {
        Self::Parent(&Self::AlwaysOn)
    }
}

impl From<Sampling> for Sampler {
    fn from(sampling: Sampling) -> Self {
        match sampling {
            Sampling::AlwaysOn => Self::AlwaysOn,
            Sampling::AlwaysOff => Self::AlwaysOff,
            Sampling::Ratio(share) => Self::TraceIdRatioBased(share),
            Sampling::Parent(inner) => Self::ParentBased(Box::new(Self::from(*inner))),
            Sampling::ParentRatio(share) => {
                Self::ParentBased(Box::new(Self::TraceIdRatioBased(share)))
            }
        }
    }
}

/// The exporter: it lives as long as the gateway.
pub struct Exporter {
    resource: Resource,
    provider: Option<SdkTracerProvider>,
    metrics: Option<(Transport, Duration)>,
    exports: Exports,
    thread: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

impl Exporter {
    /// An exporter that is yet to be started. Nothing is connected before there is something to send.
    ///
    /// # Errors
    /// Where a certificate cannot be read, or a URL or header be none.
    pub fn new(settings: &Settings) -> Result<(Self, Runtime), TransportError> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let attributes = settings.resource.iter();
        let attributes = attributes.map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
        let resource = Resource::builder_empty().with_attributes(attributes).build();
        let exports = Exports::default();
        let entered = runtime.enter();
        let open = |destination: &Destination| Transport::open(destination, &exports);
        let traces = settings.traces.as_ref().map(open).transpose()?;
        let metrics = settings.metrics.as_ref().map(open).transpose()?;
        let provider = traces.map(|transport| {
            let spans = Spans::new(transport, runtime.handle().clone());
            SdkTracerProvider::builder()
                .with_batch_exporter(spans)
                .with_sampler(Sampler::from(settings.sampling))
                .with_resource(resource.clone())
                .build()
        });
        let metrics = metrics.map(|transport| (transport, settings.interval));
        drop(entered);
        Ok((Self { resource, provider, metrics, exports, thread: None }, runtime))
    }

    /// What requests are traced with.
    #[must_use]
    pub fn tracing(&self) -> Tracing {
        let scope =
            || InstrumentationScope::builder("ccag").with_version(env!("CARGO_PKG_VERSION"));
        let tracer = self.provider.as_ref();
        Tracing::new(tracer.map(|provider| provider.tracer_with_scope(scope().build())))
    }

    /// Begins to export, also the metrics of `registry`, to which its own are added.
    ///
    /// # Errors
    /// Where its metrics are registered already, or the system gives no thread.
    pub fn start(&mut self, runtime: Runtime, registry: &Registry) -> Result<(), TransportError> {
        self.exports.register(registry)?;
        let (stop, stopped) = oneshot::channel();
        let (metrics, registry) = (self.metrics.take(), registry.clone());
        let resource = Arc::new(ResourceAttributesWithSchema::from(&self.resource));
        let work = async move {
            let Some((transport, interval)) = metrics else {
                let _ = stopped.await;
                return;
            };
            export(&transport, interval, &resource, &registry, stopped).await;
        };
        let thread = std::thread::Builder::new().name("otlp".to_owned());
        let thread = thread.spawn(move || runtime.block_on(work))?;
        self.thread = Some((stop, thread));
        Ok(())
    }

    /// Sends what is left, within a few seconds.
    pub fn finish(mut self) {
        if let Some(provider) = self.provider.take() {
            let _ = provider.shutdown_with_timeout(LAST_EXPORT);
        }
        if let Some((stop, thread)) = self.thread.take() {
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

/// Exports metrics in each interval, and once more at the end.
async fn export(
    transport: &Transport,
    interval: Duration,
    resource: &ResourceAttributesWithSchema,
    registry: &Registry,
    stopped: oneshot::Receiver<()>,
) {
    let began = SystemTime::now();
    let mut stopped = stopped;
    loop {
        let ends = tokio::select! {
            _ = &mut stopped => true,
            () = tokio::time::sleep(interval) => false,
        };
        let request = families::request(&registry.gather(), resource, began, SystemTime::now());
        let sent = transport.metrics(request);
        if ends {
            let _ = tokio::time::timeout(LAST_EXPORT, sent).await;
            return;
        }
        sent.await;
    }
}
