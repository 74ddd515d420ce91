//! Runs one service of the program: its RPCs, its workers, or both.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eventsourcing::{
    Broker, Bus, Checkpoints, EventLog, LogError, ProjectionState, ProjectionStatus,
};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use tokio::net::TcpListener;
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Endpoint;

use crate::auth::{KeyPair, ServiceSigner, Verifier, fetch_from_identity};
use crate::config::Settings;
use crate::database::{self, DatabaseError};
use crate::definition::{BuildError, Definition, Runtime, Worker, WorkerError};
use crate::guard::Guard;
use crate::metrics::Metrics;
use crate::server::{Scrape, Server, ServerParts};

/// A scrape waits no longer than this for the checkpoints.
const SCRAPE_LIMIT: Duration = Duration::from_secs(1);

/// What a process runs of a service. Health and metrics are served in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Api,
    /// Projectors, relay and process managers.
    Workers,
    Both,
}

impl Mode {
    fn serves(self) -> bool {
        self != Self::Workers
    }

    fn works(self) -> bool {
        self != Self::Api
    }
}

/// Why a service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A setting that it cannot do without.
    #[error("{0} is needed")]
    Setting(&'static str),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The schema has no log, or it cannot be read.
    #[error("the event log of {service} cannot be opened: {source}")]
    Log {
        service: &'static str,
        source: LogError,
    },
    /// The broker, the channels to the other services, or the service itself.
    #[error("{service} cannot be built: {source}")]
    Build {
        service: &'static str,
        source: BuildError,
    },
    #[error("{service} cannot listen: {source}")]
    Listen {
        service: &'static str,
        source: io::Error,
    },
}

/// Why a running service ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A worker ended although nobody asked it to.
    #[error("{worker} of {service} ended: {cause}")]
    Worker {
        service: &'static str,
        worker: String,
        cause: String,
    },
    /// Connections can no longer be served.
    #[error("{service} cannot serve any longer: {source}")]
    Server {
        service: &'static str,
        source: io::Error,
    },
}

/// A service that runs.
pub struct Running {
    address: SocketAddr,
    task: JoinHandle<Result<(), RunError>>,
}

impl Running {
    /// The address has the port that the system has chosen, if the listener was bound to port 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it has drained and its workers have ended, after `shutdown` was cancelled or
    /// something failed.
    pub async fn stopped(self) -> Result<(), RunError> {
        match self.task.await {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
}

/// Starts a service on a schema that has been migrated. Returns when it accepts calls.
pub async fn start(
    definition: Definition,
    settings: Settings,
    mode: Mode,
    listener: TcpListener,
    shutdown: CancellationToken,
) -> Result<Running, StartError> {
    let service = definition.name;
    let drain = settings.drain;
    let runtime = runtime(&definition, settings).await?;
    let (metrics, checkpoints) = (runtime.metrics.clone(), runtime.checkpoints.clone());
    let guard = Guard::new(
        definition.contract,
        service,
        runtime.verifier.clone(),
        metrics.clone(),
        runtime.settings.max_concurrent_calls,
        runtime.settings.default_deadline,
    )
    .trusting_forwarded(runtime.settings.trusts_forwarded);
    let built = (definition.build)(runtime)
        .await
        .map_err(|source| StartError::Build { service, source })?;
    let (routes, names, workers) = built.into_parts();
    let (routes, names) = if mode.serves() {
        (routes, names)
    } else {
        (Routes::default(), Vec::new())
    };
    let mut parts = ServerParts::new(routes, names, guard, &metrics);
    parts.drain = drain;
    parts.scrape = scrape(metrics, checkpoints);

    // Cancelled from outside, or by a worker's end.
    let stop = shutdown.child_token();
    let server = Server::start(parts, listener, stop.clone())
        .await
        .map_err(|source| StartError::Listen { service, source })?;
    let address = server.address();
    let workers = if mode.works() { workers } else { Vec::new() };
    tracing::info!(service, %address, ?mode, "started");
    let task = tokio::spawn(supervise(service, server, workers, stop, drain));
    Ok(Running { address, task })
}

async fn runtime(definition: &Definition, settings: Settings) -> Result<Runtime, StartError> {
    let service = definition.name;
    let build = |source: BuildError| StartError::Build { service, source };
    let key = settings
        .service_key
        .clone()
        .ok_or(StartError::Setting("DIVINETIME_SERVICE_KEY"))?;
    let pool = database::connect(
        &settings.database_url,
        service,
        settings.database_connections,
    )
    .await?;
    let log = EventLog::open(pool.clone(), (definition.upcasters)())
        .await
        .map_err(|source| StartError::Log { service, source })?;
    let broker = Broker::connect(settings.nats_url.expose(), &settings.broker_prefix)
        .await
        .map_err(|error| build(error.into()))?;
    let token = ServiceSigner::new(service, key.clone()).into_source();
    let bus = Bus::new(settings.addresses.clone(), token).map_err(|error| build(error.into()))?;
    Ok(Runtime {
        name: service,
        checkpoints: Checkpoints::new(pool.clone()),
        pool,
        log,
        broker,
        bus,
        verifier: verifier(&settings, &key).map_err(build)?,
        metrics: Metrics::new(service),
        settings,
    })
}

fn verifier(settings: &Settings, key: &KeyPair) -> Result<Verifier, BuildError> {
    let identity = settings.address("identity").unwrap_or_default().to_owned();
    let channel = Endpoint::from_shared(identity)?.connect_lazy();
    Ok(Verifier::new(key, fetch_from_identity(channel)))
}

/// Runs the workers beside the server until the stop, or until one of them ends.
async fn supervise(
    service: &'static str,
    server: Server,
    workers: Vec<Worker>,
    stop: CancellationToken,
    drain: Duration,
) -> Result<(), RunError> {
    let mut running = JoinSet::new();
    let mut names = HashMap::new();
    for Worker { name, run } in workers {
        names.insert(running.spawn(run(stop.clone())).id(), name);
    }
    let mut failure = None;
    while let Some(ended) = next_end(&mut running, &stop, drain).await {
        let (id, outcome) = match ended {
            Ok((id, outcome)) => (id, outcome),
            Err(panic) => (panic.id(), Err(WorkerError::from(panic))),
        };
        let worker = names.remove(&id).unwrap_or_default();
        if let Err(error) = &outcome {
            tracing::error!(service, worker, error = %error, "a worker failed");
        }
        if !stop.is_cancelled() {
            let cause = outcome
                .err()
                .map_or_else(|| "without an error".to_owned(), |error| error.to_string());
            failure = Some(RunError::Worker {
                service,
                worker,
                cause,
            });
            stop.cancel();
        }
    }
    let ended = server
        .stopped()
        .await
        .map_err(|source| RunError::Server { service, source });
    tracing::info!(service, "stopped");
    failure.map_or(ended, Err)
}

/// The next worker's end; `None` when there is none left. After the stop the rest is given the
/// time of the drain, and then cut off.
async fn next_end(
    running: &mut JoinSet<Result<(), WorkerError>>,
    stop: &CancellationToken,
    drain: Duration,
) -> Option<Result<(Id, Result<(), WorkerError>), JoinError>> {
    let too_late = async {
        stop.cancelled().await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        ended = running.join_next_with_id() => return ended,
        () = too_late => {}
    }
    tracing::warn!(
        workers = running.len(),
        "workers were cut off: they took longer than the drain"
    );
    running.shutdown().await;
    None
}

type ByProjection<N, A> = Family<[(&'static str, String); 2], Gauge<N, A>>;

/// Brings the gauges of the checkpoints up to date, then writes everything.
fn scrape(metrics: Metrics, checkpoints: Checkpoints) -> Scrape {
    let gauges = Arc::new(ProjectionGauges::register(&metrics));
    Arc::new(move || {
        let (metrics, checkpoints, gauges) =
            (metrics.clone(), checkpoints.clone(), Arc::clone(&gauges));
        Box::pin(async move {
            let looked = tokio::time::timeout(SCRAPE_LIMIT, checkpoints.list()).await;
            // What cannot be read is absent: it must not look like the last good figure.
            gauges.set(&looked.ok().and_then(Result::ok).unwrap_or_default());
            metrics.encode()
        })
    })
}

#[derive(Default)]
struct ProjectionGauges {
    lag_events: ByProjection<i64, std::sync::atomic::AtomicI64>,
    lag_seconds: ByProjection<f64, std::sync::atomic::AtomicU64>,
    look_age_seconds: ByProjection<f64, std::sync::atomic::AtomicU64>,
    parked_keys: ByProjection<i64, std::sync::atomic::AtomicI64>,
    waiting_commands: ByProjection<i64, std::sync::atomic::AtomicI64>,
    parked_commands: ByProjection<i64, std::sync::atomic::AtomicI64>,
    live: ByProjection<i64, std::sync::atomic::AtomicI64>,
}

impl ProjectionGauges {
    fn register(metrics: &Metrics) -> Self {
        let gauges = Self::default();
        metrics.register(
            "projection_lag_events",
            "Events to fold",
            gauges.lag_events.clone(),
        );
        metrics.register(
            "projection_lag_seconds",
            "Seconds since everything was folded, 0 while it is",
            gauges.lag_seconds.clone(),
        );
        metrics.register(
            "projection_look_age_seconds",
            "Seconds since the last look at the source",
            gauges.look_age_seconds.clone(),
        );
        metrics.register(
            "projection_parked_keys",
            "Keys that wait for a retry",
            gauges.parked_keys.clone(),
        );
        metrics.register(
            "projection_waiting_commands",
            "Commands of a process that are to be sent",
            gauges.waiting_commands.clone(),
        );
        metrics.register(
            "projection_parked_commands",
            "Commands of a process that were refused for good and wait for a retry",
            gauges.parked_commands.clone(),
        );
        metrics.register(
            "projection_live",
            "1 while it follows its source",
            gauges.live.clone(),
        );
        gauges
    }

    fn set(&self, statuses: &[ProjectionStatus]) {
        self.lag_events.clear();
        self.lag_seconds.clear();
        self.look_age_seconds.clear();
        self.parked_keys.clear();
        self.waiting_commands.clear();
        self.parked_commands.clear();
        self.live.clear();
        for status in statuses {
            let labels = [
                ("projection", status.projection.clone()),
                ("source", status.source.clone()),
            ];
            self.lag_events
                .get_or_create(&labels)
                .set(status.lag_events);
            self.lag_seconds
                .get_or_create(&labels)
                .set(status.lag_seconds);
            self.look_age_seconds
                .get_or_create(&labels)
                .set(status.look_age_seconds);
            self.parked_keys
                .get_or_create(&labels)
                .set(status.parked_keys);
            self.waiting_commands
                .get_or_create(&labels)
                .set(status.waiting_commands);
            self.parked_commands
                .get_or_create(&labels)
                .set(status.parked_commands);
            self.live
                .get_or_create(&labels)
                .set(i64::from(status.state == ProjectionState::Live));
        }
    }
}
