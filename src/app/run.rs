//! One life of the gateway: start, serve, drain, stop.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::System;
use actix_web::dev::{Server, ServerHandle};
use chrono::Utc;
use serde_json::json;
use socket2::SockRef;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use uuid::Uuid;

use super::data_dir::DataDir;
use super::{AppError, database, demo, secrets};
use crate::actors::Limits;
use crate::actors::drain::Begin;
use crate::actors::endpoints::{OWN, Own};
use crate::actors::identity::Identity;
use crate::actors::keys::Keys;
use crate::actors::notifier::{Destination, Fallback, Notifier, Routes, Webhook};
use crate::actors::prices::Refresh;
use crate::actors::prober::Probing;
use crate::actors::usage::Usage;
use crate::actors::{Gateway, Start};
use crate::bedrock::credentials::{self, CredentialSource};
use crate::bedrock::endpoint::{Deadlines, Endpoint};
use crate::bedrock::price_list;
use crate::config::{Config, NotificationsConfig, PricingConfig, TlsCertificate, UpstreamConfig};
use crate::control::sign_in::{self, Access};
use crate::control::{Control, providers};
use crate::domain::geography::Geography;
use crate::domain::notification::{Event, EventType, Severity, Target};
use crate::domain::outbound::Outbound;
use crate::http::arrival::Front;
use crate::http::ops::metrics::registry;
use crate::http::server::{Edge, metrics_server, servers};
use crate::http::tls::{Files, TlsListener};
use crate::storage::vault::Vault;
use crate::storage::{Database, notifications};
use crate::telemetry::otlp::Exporter;
use crate::telemetry::trace::Tracing;

/// How long the last usage records are waited for at the end.
const LAST_RECORDS: Duration = Duration::from_secs(10);
/// How long the last notification may take.
const LAST_WORD: Duration = Duration::from_secs(2);
/// How long the region may be looked for.
const REGION: Duration = Duration::from_secs(5);

/// What is told once the gateway listens.
pub struct Running {
    /// The address it listens on.
    pub address: SocketAddr,
    /// The address of HTTPS, where there is one.
    pub tls_address: Option<SocketAddr>,
}

/// Runs the gateway until it is told to stop; `running` is called once it listens.
///
/// # Errors
/// [`AppError`] where it cannot start, or where the tree gave up.
pub fn serve(config: &Config, running: impl FnOnce(Running)) -> Result<(), AppError> {
    let data_dir = DataDir::open(&config.database.data_dir)?;
    let listeners = Listeners::open(config)?;
    let open = database::connect(&config.database)?;
    System::new().block_on(live(config, &data_dir, listeners, open.database.clone(), running))
}

/// Where it listens: opened before the database is touched, so that a taken port is noticed at once.
struct Listeners {
    plain: TcpListener,
    tls: Option<TcpListener>,
    metrics: Option<TcpListener>,
}

impl Listeners {
    fn open(config: &Config) -> Result<Self, AppError> {
        let listen = |port| {
            let address = SocketAddr::new(config.server.host, port);
            bind(address, config.upstream.client).map_err(|error| AppError::Listen(address, error))
        };
        let tls = config.server.tls.as_ref().map(|tls| listen(tls.port)).transpose()?;
        let metrics = config.telemetry.metrics_port.map(listen).transpose()?;
        Ok(Self { plain: listen(config.server.port)?, tls, metrics })
    }
}

/// A listener whose connections the kernel ends where a client takes nothing for as long as `patience`:
/// the work for it ends by then, but the last bytes to it would keep its connection for ever.
fn bind(address: SocketAddr, patience: Duration) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    SockRef::from(&listener).set_tcp_user_timeout(Some(patience))?;
    Ok(listener)
}

/// The listener of HTTPS with its certificate, where there is one.
fn tls(
    config: &Config,
    data_dir: &DataDir,
    listener: Option<TcpListener>,
) -> Result<Option<TlsListener>, AppError> {
    let (Some(tls), Some(listener)) = (&config.server.tls, listener) else { return Ok(None) };
    let files = match &tls.certificate {
        TlsCertificate::Files { chain, key } => Files { chain: chain.clone(), key: key.clone() },
        TlsCertificate::SelfSigned => Files::self_signed(&data_dir.tls())?,
    };
    Ok(Some(TlsListener::new(listener, files)?))
}

async fn live(
    config: &Config,
    data_dir: &DataDir,
    listeners: Listeners,
    database: Database,
    running: impl FnOnce(Running),
) -> Result<(), AppError> {
    let tls_address = listeners.tls.as_ref().map(TcpListener::local_addr).transpose()?;
    let tls = tls(config, data_dir, listeners.tls)?;
    let versions = database::migrate(&database).await?;
    if !versions.is_empty() {
        tracing::info!(?versions, "The database was migrated.");
    }
    let admin = database::bootstrap(&database, &config.identity).await?;
    let vault = secrets::vault(&config.identity, data_dir)?;
    let usage = Usage::open(&data_dir.journal(), &Uuid::now_v7().simple().to_string())?;
    let (mut exporter, runtime) = Exporter::new(&config.telemetry.otlp)?;
    let identity = Identity::new(vault.clone(), &config.identity.admin_users);
    let outlets = (identity, exporter.tracing(), notifier(&config.notifications, vault.clone()));
    let opened = (usage, vault.clone());
    let (gateway, gave_up) =
        Gateway::start(start(config, database.clone(), opened, outlets).await?);
    let control = Control::new(
        database.clone(),
        vault,
        gateway.settings.clone(),
        (gateway.notifier.clone(), gateway.identity.clone()),
        access(config),
    );
    providers::configure(&control, config.identity.oidc.clone()).await?;
    let password = config.identity.admin_password.as_deref();
    sign_in::configure_password(&control, admin, password).await?;
    if let Some(password) = &config.demo {
        demo::fill(&control, &database, admin, password).await?;
    }
    let address = listeners.plain.local_addr()?;
    let registry = registry(&gateway).map_err(std::io::Error::other)?;
    exporter.start(runtime, &registry)?;
    let edge = Edge {
        control,
        admin_key: config.identity.admin_api_key.clone(),
        front: Front {
            trusted_proxies: config.server.trusted_proxies.clone(),
            public_url: config.server.public_url.clone(),
            has_tls: false,
        },
        body_deadline: config.server.body_deadline,
        workers: config.server.workers,
        metrics_token: config.telemetry.metrics_token.clone(),
        registry,
        is_demo: config.demo.is_some(),
    };
    if let Some(listener) = listeners.metrics {
        tracing::info!(address = %listener.local_addr()?, "Listening for scrapes of the metrics.");
        actix::spawn(metrics_server(edge.registry.clone(), listener)?);
    }
    let servers = servers(&gateway, &edge, listeners.plain, tls)?;
    let handles: Vec<ServerHandle> = servers.iter().map(Server::handle).collect();
    let serving: Vec<_> = servers.into_iter().map(actix::spawn).collect();
    if let Some(address) = tls_address {
        tracing::info!(%address, "Listening with TLS.");
    }
    tracing::info!(%address, "Listening.");
    running(Running { address, tls_address });
    let ended = until_told(gave_up).await;
    if ended.is_ok() {
        stop(config, &gateway, &handles).await;
        for server in serving {
            let _ = server.await;
        }
        finish(&gateway).await;
        gateway.limiter.leave(&gateway.database).await;
        let _ = actix_web::web::block(move || exporter.finish()).await;
        tracing::info!("Stopped.");
    } else {
        tell_of_the_end(&database).await;
    }
    ended
}

async fn start(
    config: &Config,
    database: Database,
    (usage, vault): (Usage, Vault),
    (identity, tracing, notifier): (Identity, Tracing, Notifier),
) -> Result<Start, AppError> {
    let upstream = &config.upstream;
    let region = region(upstream).await.ok_or(AppError::NoRegion)?;
    let credentials = match (upstream.simulated, &upstream.api_key) {
        (Some([id, secret]), _) => CredentialSource::fixed(id, secret),
        (None, Some(key)) => CredentialSource::ApiKey(Arc::clone(key)),
        (None, None) => CredentialSource::Chain,
    };
    let keys = Keys::load(&database).await?;
    if keys.is_empty() {
        tracing::warn!(
            "There is no API key yet, so nobody can use the gateway: set BOOTSTRAP_API_KEY."
        );
    }
    Ok(Start {
        limits: Limits::load(&database).await?,
        keys,
        identity,
        database,
        own: Own {
            endpoint: Endpoint {
                guardrail: upstream.guardrail.clone(),
                ..Endpoint::new(
                    OWN,
                    &region,
                    upstream.runtime_url.as_deref(),
                    upstream.control_url.as_deref(),
                )
            },
            source: credentials,
            geography: upstream.geography.unwrap_or_else(|| Geography::of_region(&region)),
        },
        vault,
        usage,
        notifier,
        price_refresh: price_refresh(&config.pricing, &region),
        probing: upstream
            .probe_interval
            .map(|interval| Probing { interval, quotas_url: upstream.quotas_url.clone() }),
        deadlines: Deadlines {
            connect: upstream.connect,
            first_byte: upstream.first_byte,
            idle: upstream.idle,
            whole: upstream.whole,
            client: upstream.client,
            settle_alone: upstream.settle_alone,
        },
        ping_interval: upstream.ping_interval,
        max_live_streams: config.server.max_live_streams,
        tracing,
    })
}

fn notifier(config: &NotificationsConfig, vault: Vault) -> Notifier {
    let fallback = config.fallback.clone().map(|target| Fallback {
        destination: match target {
            Target::Webhook(url) => Destination::Webhook(Webhook::new(url, config.secret.clone())),
            other => Destination::unsigned(other),
        },
    });
    let routes = Routes {
        outbound: Outbound { permitted: config.allowed.clone() },
        sns_url: config.sns_url.clone(),
        event_bridge_url: config.event_bridge_url.clone(),
    };
    Notifier::new(vault, fallback, routes)
}

fn access(config: &Config) -> Access {
    Access {
        admin_key: config.identity.admin_api_key.clone(),
        password_enable: config.identity.password_enable,
        is_local: config.server.host.is_loopback(),
    }
}

fn price_refresh(pricing: &PricingConfig, region: &str) -> Option<Refresh> {
    let base_url = pricing.base_url.as_deref().unwrap_or(price_list::BASE_URL).to_owned();
    let (interval, region) = (pricing.interval, region.to_owned());
    pricing.refresh.then_some(Refresh { interval, base_url, region })
}

async fn region(upstream: &UpstreamConfig) -> Option<String> {
    match &upstream.region {
        Some(region) => Some(region.clone()),
        None => tokio::time::timeout(REGION, credentials::region()).await.ok().flatten(),
    }
}

/// Waits for SIGTERM or SIGINT, or for the tree to give up.
async fn until_told(mut gave_up: watch::Receiver<bool>) -> Result<(), AppError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        _ = gave_up.wait_for(|gave_up| *gave_up) => Err(AppError::GaveUp),
    }
}

/// Takes no new work, lets running streams finish, then closes the listener.
async fn stop(config: &Config, gateway: &Gateway, handles: &[ServerHandle]) {
    tracing::info!("Draining.");
    let order = Begin { within: config.server.drain_deadline };
    match gateway.readiness.name.ask_again(order).await {
        Ok(0) => {}
        Ok(cut) => tracing::warn!(cut, "The drain's time is up; the remaining streams are cut."),
        Err(error) => tracing::error!(%error, "The drain failed."),
    }
    if gateway.live.count() > 0 {
        for streams in gateway.streams() {
            streams.tell(crate::actors::streams::StopAll);
        }
    }
    gateway.retire();
    futures_util::future::join_all(handles.iter().map(|handle| handle.stop(true))).await;
}

/// Has another instance, or this one once it is started again, tell that the tree gave up.
async fn tell_of_the_end(database: &Database) {
    let now = Utc::now();
    let event = Event {
        key: format!("gateway_failed:{}", Uuid::now_v7()),
        event_type: EventType::GatewayFailed,
        severity: Severity::Critical,
        user: None,
        team: None,
        detail: json!({ "process": std::process::id() }),
        timestamp: now,
    };
    let writing = notifications::enqueue(database, event);
    if !matches!(tokio::time::timeout(LAST_WORD, writing).await, Ok(Ok(_))) {
        tracing::warn!("That the gateway gave up is not told: Postgres takes nothing.");
    }
}

/// Waits until Postgres has the last records and notifications; records that it does not take stay
/// in the journal.
async fn finish(gateway: &Gateway) {
    let (began, usage) = (Instant::now(), &gateway.usage);
    let is_left = || usage.is_pending() || gateway.notifier.unwritten() > 0;
    while is_left() && began.elapsed() < LAST_RECORDS {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    usage.close();
    tracing::info!(pending_bytes = usage.pending_bytes(), "Usage is written.");
}
