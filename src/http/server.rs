//! The HTTP server: which routes there are, and how connections are kept in bounds.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_http::HttpService;
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer};
use actix_web_lab::middleware::CatchPanic;
use actix_web_prom::PrometheusMetrics;
use prometheus::Registry;
use secrecy::SecretString;
use tracing_actix_web::TracingLogger;

use super::arrival::Front;
use super::error::Refusal;
use super::request_id::request_id;
use super::resource::{Only, get, head, post};
use super::span::RequestSpan;
use super::tls::TlsListener;
use super::{admin, api, metrics, oauth, ops, portal, scim, setup};
use crate::actors::Gateway;
use crate::actors::worker::Worker;
use crate::control::Control;
use crate::domain::error::{ApiError, ErrorKind};

/// Longer than the idle timeout of the load balancer in front (900 s), which must be the one to
/// close.
const KEEP_ALIVE: Duration = Duration::from_secs(910);
/// For the head of a request.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);

/// What the edge itself needs to know.
#[derive(Clone)]
pub struct Edge {
    /// The bearer token with the admin role.
    pub admin_key: Option<Arc<SecretString>>,
    /// The bearer token that may read the metrics.
    pub metrics_token: Option<Arc<SecretString>>,
    /// How clients come to the gateway.
    pub front: Front,
    /// The control plane.
    pub control: Control,
    /// For the body of a request.
    pub body_deadline: Duration,
    /// Worker threads.
    pub workers: usize,
    /// All metrics.
    pub registry: Registry,
    /// Whether people and usage are made up.
    pub is_demo: bool,
}

/// Servers on the listeners, yet to be run; they handle no signals.
///
/// # Errors
/// Where a listener cannot be used or the metrics not be registered.
pub fn servers(
    gateway: &Gateway,
    edge: &Edge,
    plain: TcpListener,
    tls: Option<TlsListener>,
) -> io::Result<Vec<Server>> {
    let prometheus = metrics::middleware(&edge.registry).map_err(io::Error::other)?;
    let mut servers = vec![plain_server(gateway, edge, &prometheus, plain)?];
    if let Some(tls) = tls {
        servers.push(tls_server(gateway, edge, &prometheus, tls)?);
    }
    Ok(servers)
}

fn app(
    gateway: &Gateway,
    edge: &Edge,
    prometheus: &PrometheusMetrics,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = actix_web::Error,
        InitError = (),
    > + use<>,
> {
    App::new()
        .app_data(Data::new(Worker::of_this_thread(gateway)))
        .app_data(Data::new(edge.clone()))
        .wrap(CatchPanic::default())
        .wrap(TracingLogger::<RequestSpan>::new())
        .wrap(prometheus.clone())
        .wrap(from_fn(request_id))
        .configure(routes)
        .default_service(web::to(not_found))
}

fn plain_server(
    gateway: &Gateway,
    edge: &Edge,
    prometheus: &PrometheusMetrics,
    listener: TcpListener,
) -> io::Result<Server> {
    let (gateway, edge, prometheus) = (gateway.clone(), edge.clone(), prometheus.clone());
    let workers = edge.workers;
    let server = HttpServer::new(move || app(&gateway, &edge, &prometheus));
    Ok(server
        .workers(workers)
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEAD_DEADLINE)
        // Otherwise a client that leaves an idle stream is not noticed.
        .h1_allow_half_closed(false)
        .tcp_nodelay(true)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)?
        .run())
}

/// As [`plain_server`], over TLS. Made by hand, since `HttpServer` always offers HTTP/2 there.
fn tls_server(
    gateway: &Gateway,
    edge: &Edge,
    prometheus: &PrometheusMetrics,
    TlsListener { listener, config }: TlsListener,
) -> io::Result<Server> {
    let (gateway, mut edge, prometheus) = (gateway.clone(), edge.clone(), prometheus.clone());
    edge.front.has_tls = true;
    let address: SocketAddr = listener.local_addr()?;
    Ok(actix_server::Server::build()
        .workers(edge.workers)
        .disable_signals()
        .shutdown_timeout(1)
        .listen("tls", listener, move || {
            let app = app(&gateway, &edge, &prometheus).into_factory();
            let app = app.map_err(|error| error.error_response());
            HttpService::build()
                .keep_alive(KEEP_ALIVE)
                .client_request_timeout(HEAD_DEADLINE)
                .h1_allow_half_closed(false)
                .tcp_nodelay(true)
                .local_addr(address)
                .secure()
                .h1(map_config(app, |()| AppConfig::default()))
                .rustls_0_23(config.clone())
        })?
        .run())
}

/// A server for the metrics alone, on a listener that only scrapers reach: it asks for no token.
///
/// # Errors
/// Where the listener cannot be used.
pub fn metrics_server(registry: Registry, listener: TcpListener) -> io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(registry.clone()))
            .service(web::resource("/metrics").route(web::get().to(ops::metrics_apart)))
            .service(web::resource("/health").route(web::get().to(ops::health)))
    });
    let server = server.workers(1).disable_signals().shutdown_timeout(1);
    Ok(server.client_request_timeout(HEAD_DEADLINE).listen(listener)?.run())
}

fn routes(config: &mut ServiceConfig) {
    let only = |path: &str| Only::at(path, method_not_allowed);
    config
        .service(only("/v1/messages").route(post().to(api::messages)))
        .service(only("/v1/messages/count_tokens").route(post().to(api::count_tokens)))
        .service(only("/v1/models").route(get().to(api::models)))
        .service(only("/v1/models/{id}").route(get().to(api::model)))
        .service(only("/api/oauth/usage").route(get().to(api::usage)))
        .service(only("/model/{id}/invoke").route(post().to(api::invoke)))
        .service(
            only("/model/{id}/invoke-with-response-stream").route(post().to(api::invoke_stream)),
        )
        .service(only("/model/{id}/count-tokens").route(post().to(api::native_count_tokens)))
        .service(only("/inference-profiles").route(get().to(api::profiles)))
        .service(only("/inference-profiles/{id}").route(get().to(api::profile)))
        .service(only("/v1/probe").route(get().to(ops::probe)))
        .service(only("/health").route(get().to(ops::health)))
        .service(only("/ready").route(get().to(ops::ready)))
        .service(only("/metrics").route(get().to(ops::metrics)))
        .service(only("/api/hello").route(get().to(ops::hello)).route(head().to(ops::hello)))
        .service(only("/").route(head().to(ops::hello)).route(get().to(portal::connect)))
        .configure(oauth::routes)
        .configure(portal::routes)
        .configure(admin::routes)
        .configure(scim::routes)
        .configure(setup::routes);
}

async fn not_found(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let shown: String = request.path().chars().take(200).collect();
    Err(ApiError::new(ErrorKind::NotFound, format!("There is no {shown} here.")).into())
}

/// The answer to a method that a route does not have.
///
/// # Errors
/// Always.
pub fn method_not_allowed(request: &HttpRequest) -> Result<HttpResponse, Error> {
    let message = format!("{} is not possible here.", request.method());
    Err(Refusal::from(ApiError::new(ErrorKind::MethodNotAllowed, message)).into())
}
