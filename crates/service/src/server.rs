//! Serves RPCs, health, reflection and metrics on one listener, and drains.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use http::{Response, header};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::transport::Server as TonicServer;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, health_reporter};
use tower::service_fn;

use crate::guard::{Guard, METRICS_PATH};
use crate::metrics::Metrics;

/// After the last answer, for connections to close by themselves.
const LAST_BYTES: Duration = Duration::from_millis(250);
const KEEPALIVE: Duration = Duration::from_secs(30);

/// What `/metrics` answers with; brings gauges up to date first.
pub type Scrape = Arc<dyn Fn() -> BoxFuture<'static, String> + Send + Sync>;

/// Everything that a server needs.
pub struct ServerParts {
    pub routes: Routes,
    /// The proto services in them, for health.
    pub names: Vec<&'static str>,
    /// The layer in front of them.
    pub guard: Guard,
    /// What `/metrics` answers with.
    pub scrape: Scrape,
    /// How long calls under way may take to end.
    pub drain: Duration,
}

impl ServerParts {
    /// RPCs behind a guard, with the metrics as they are and ten seconds to drain.
    pub fn new(routes: Routes, names: Vec<&'static str>, guard: Guard, metrics: &Metrics) -> Self {
        let metrics = metrics.clone();
        Self {
            routes,
            names,
            guard,
            scrape: Arc::new(move || {
                let metrics = metrics.clone();
                Box::pin(async move { metrics.encode() })
            }),
            drain: Duration::from_secs(10),
        }
    }
}

/// A server that is accepting connections.
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Server {
    /// Starts to serve. When `shutdown` is cancelled, health says `NOT_SERVING`, no further
    /// connection is accepted, calls under way are answered, and the server ends: at the latest
    /// when the time to drain is over.
    pub async fn start(
        parts: ServerParts,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (health, health_service) = health_reporter();
        for name in &parts.names {
            health
                .set_service_status(name, ServingStatus::Serving)
                .await;
        }
        let routes = parts.routes.add_service(health_service);
        let descriptors = parts.guard.contract().descriptors;
        let routes =
            with_reflection(routes, descriptors, &parts.names).map_err(io::Error::other)?;
        let routes = with_metrics(routes, parts.scrape).prepare();

        let serve = TonicServer::builder()
            // Prometheus does not speak HTTP/2 in the clear.
            .accept_http1(true)
            .http2_keepalive_interval(Some(KEEPALIVE))
            .layer(parts.guard.clone().serving(&parts.names))
            .add_routes(routes)
            .serve_with_incoming_shutdown(
                TcpIncoming::from(listener).with_nodelay(Some(true)),
                shutdown.clone().cancelled_owned(),
            );
        let task = tokio::spawn(async move {
            tokio::select! {
                ended = serve => ended,
                () = drained(shutdown, health, parts.names, parts.guard, parts.drain) => Ok(()),
            }
        });
        Ok(Self { address, task })
    }

    /// Where it listens: the port that was chosen, when port 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for the end.
    pub async fn stopped(self) -> io::Result<()> {
        self.task
            .await
            .map_err(io::Error::other)?
            .map_err(io::Error::other)
    }
}

/// Watches of health and reflection streams never end by themselves, so the end of a drain is
/// that no call of ours is under way.
async fn drained(
    shutdown: CancellationToken,
    health: HealthReporter,
    names: Vec<&'static str>,
    guard: Guard,
    limit: Duration,
) {
    shutdown.cancelled().await;
    guard.refuse_further_calls();
    for name in names.into_iter().chain([""]) {
        health
            .set_service_status(name, ServingStatus::NotServing)
            .await;
    }
    if tokio::time::timeout(limit, guard.idle()).await.is_ok() {
        tokio::time::sleep(LAST_BYTES).await;
    } else {
        tracing::warn!("calls under way were cut off: they took longer than the drain");
    }
}

/// Adds reflection of what is served here; the descriptors hold every service of the project.
fn with_reflection(
    routes: Routes,
    descriptors: &[u8],
    names: &[&'static str],
) -> Result<Routes, tonic_reflection::server::Error> {
    let builder = || {
        let described = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(descriptors)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .with_service_name("grpc.health.v1.Health");
        names.iter().fold(described, |described, name| {
            described.with_service_name(*name)
        })
    };
    Ok(routes
        .add_service(builder().build_v1()?)
        .add_service(builder().build_v1alpha()?))
}

fn with_metrics(mut routes: Routes, scrape: Scrape) -> Routes {
    let answer = service_fn(move |_| {
        let scrape = scrape.clone();
        async move {
            let mut response = Response::new(Body::new(scrape().await));
            response.headers_mut().insert(
                header::CONTENT_TYPE,
                header::HeaderValue::from_static(
                    "application/openmetrics-text; version=1.0.0; charset=utf-8",
                ),
            );
            Ok::<_, Infallible>(response)
        }
    });
    let without = std::mem::take(routes.axum_router_mut());
    Routes::from(without.route_service(METRICS_PATH, answer))
}
