//! What a service crate tells of itself, and what it is given.

use std::convert::Infallible;
use std::error::Error;

use std::sync::Arc;

use contracts_core::{Contract, EventKind, EventsMessage};
use eventsourcing::{
    Broker, Bus, Checkpoints, DecodeError, EventLog, Feed, LocalFeed, LogService, Migration,
    Process, ProcessRunner, Projection, Projector, Publish, Received, RecordedEvent, Relay, Remote,
    RemoteFeed, Upcasters,
};
use futures::future::BoxFuture;
use http::Request;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::{Routes, RoutesBuilder};

use crate::auth::Verifier;
use crate::config::{ReadSettings, Settings};
use crate::metrics::Metrics;

/// Why a service cannot be built.
pub type BuildError = Box<dyn Error + Send + Sync>;

/// How a worker ends: well on shutdown, otherwise with what stopped it.
pub type WorkerError = Box<dyn Error + Send + Sync>;

/// A service as the program knows it before anything runs.
pub struct Definition {
    /// Its name: of its schema, its role, its stream and in the actor of its commands.
    pub name: &'static str,
    /// Whether anything is ever in its log: not in that of a service that only counts.
    pub has_log: bool,
    /// The contract of the whole project.
    pub contract: &'static Contract,
    /// Reads its own settings: [`own_settings`](crate::own_settings) or
    /// [`no_settings`](crate::no_settings).
    pub settings: ReadSettings,
    /// Its own migrations, numbered from 100; those of the log and the runtime come before.
    pub migrations: Vec<Migration>,
    /// Brings its old events to their present form.
    pub upcasters: fn() -> Upcasters,
    /// Every process that runs the service calls this once, on a schema that has been migrated.
    pub build: fn(Runtime) -> BoxFuture<'static, Result<Service, BuildError>>,
}

/// What a service is built from. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    /// Name of the service.
    pub name: &'static str,
    /// Connections in the service's role and schema.
    pub pool: PgPool,
    pub log: EventLog,
    /// The broker of the deployment.
    pub broker: Broker,
    /// Channels to the other services.
    pub bus: Bus,
    pub verifier: Verifier,
    /// The settings of the process.
    pub settings: Settings,
    /// How far its projections are.
    pub checkpoints: Checkpoints,
    /// Its metrics, for workers to add to.
    pub metrics: Metrics,
}

impl Runtime {
    /// The log of another service, as its consumers read it.
    pub fn remote(&self, service: &'static str) -> Remote {
        Remote::new(service, &self.broker, &self.bus)
    }

    /// Every event of the service's own log.
    pub fn own_events<E: Send + Sync + 'static>(
        &self,
        decode: fn(&RecordedEvent) -> Result<Option<E>, DecodeError>,
    ) -> Arc<dyn Feed<E>> {
        Arc::new(LocalFeed::new(self.name, &self.log, decode))
    }

    /// The public events of another service, whose name follows from what `read` takes.
    pub fn events_of<V, E>(
        &self,
        read: fn(Received<'_>, V) -> Result<Option<E>, DecodeError>,
    ) -> Arc<dyn Feed<E>>
    where
        V: EventKind + 'static,
        E: Send + Sync + 'static,
    {
        Arc::new(RemoteFeed::new(&self.remote(V::Message::SERVICE), read))
    }
}

/// A service that is ready to run.
pub struct Service {
    runtime: Runtime,
    routes: RoutesBuilder,
    names: Vec<&'static str>,
    workers: Vec<Worker>,
}

impl Service {
    /// A service without RPCs and workers.
    pub fn on(runtime: &Runtime) -> Self {
        Self {
            runtime: runtime.clone(),
            routes: RoutesBuilder::default(),
            names: Vec::new(),
            workers: Vec::new(),
        }
    }

    /// Publishes its events: by `EventLogService`, and to the broker.
    #[must_use]
    pub fn publishing(self, publish: Publish) -> Self {
        let Runtime {
            name, log, broker, ..
        } = self.runtime.clone();
        let server = LogService::new(name, &log, publish).server();
        let relay = Relay::new(&log, name, broker, publish);
        self.with_rpc(server)
            .with_worker(Worker::named("relay", |stop| async move {
                relay.run(stop).await;
            }))
    }

    /// Folds a projection from these logs.
    #[must_use]
    pub fn projecting<P: Projection>(
        self,
        projection: P,
        feeds: impl IntoIterator<Item = Arc<dyn Feed<P::Event>>>,
    ) -> Self {
        let feeds = feeds.into_iter().collect();
        let projector = Projector::new(projection, self.runtime.pool.clone(), feeds);
        self.with_worker(Worker::projection::<P, _>(|stop| async move {
            projector.run(stop).await;
        }))
    }

    /// Runs a process on these logs.
    #[must_use]
    pub fn processing<P: Process>(
        self,
        process: P,
        feeds: impl IntoIterator<Item = Arc<dyn Feed<P::Event>>>,
    ) -> Self {
        let Runtime { pool, bus, .. } = self.runtime.clone();
        let runner = ProcessRunner::new(process, pool, feeds.into_iter().collect(), bus);
        let name = format!("process {}", P::NAME);
        self.with_worker(Worker::named(name, |stop| async move {
            runner.run(stop).await;
        }))
    }

    /// Adds a proto service: a generated `*Server`.
    #[must_use]
    pub fn with_rpc<S>(mut self, server: S) -> Self
    where
        S: tower::Service<Request<Body>, Response = http::Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.routes.add_service(server);
        self.names.push(S::NAME);
        self
    }

    #[must_use]
    pub fn with_worker(mut self, worker: Worker) -> Self {
        self.workers.push(worker);
        self
    }

    pub(crate) fn into_parts(self) -> (Routes, Vec<&'static str>, Vec<Worker>) {
        (self.routes.routes(), self.names, self.workers)
    }
}

/// Something that runs beside the RPCs until the process stops: a projector, a relay, a process
/// manager.
pub struct Worker {
    pub(crate) name: String,
    pub(crate) run:
        Box<dyn FnOnce(CancellationToken) -> BoxFuture<'static, Result<(), WorkerError>> + Send>,
}

impl Worker {
    /// A worker that returns soon after the token is cancelled, and not before: one that ends
    /// earlier stops the whole service, so that nobody reads its last state as the present one.
    /// Logs and errors call it `worker <name>`.
    pub fn new<W>(
        name: &'static str,
        run: impl FnOnce(CancellationToken) -> W + Send + 'static,
    ) -> Self
    where
        W: Future<Output = ()> + Send + 'static,
    {
        Self::named(format!("worker {name}"), run)
    }

    /// The same for one that folds a projection by its own loop. It is called `projection <name>`.
    pub fn projection<P: Projection, W>(
        run: impl FnOnce(CancellationToken) -> W + Send + 'static,
    ) -> Self
    where
        W: Future<Output = ()> + Send + 'static,
    {
        Self::named(format!("projection {}", P::NAME), run)
    }

    /// The same for one that says why it ended.
    pub fn fallible<W, E>(
        name: &'static str,
        run: impl FnOnce(CancellationToken) -> W + Send + 'static,
    ) -> Self
    where
        W: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<WorkerError>,
    {
        Self {
            name: format!("worker {name}"),
            run: Box::new(|shutdown| {
                Box::pin(async move { run(shutdown).await.map_err(Into::into) })
            }),
        }
    }

    fn named<W>(
        name: impl Into<String>,
        run: impl FnOnce(CancellationToken) -> W + Send + 'static,
    ) -> Self
    where
        W: Future<Output = ()> + Send + 'static,
    {
        Self {
            name: name.into(),
            run: Box::new(|shutdown| {
                Box::pin(async move {
                    run(shutdown).await;
                    Ok(())
                })
            }),
        }
    }
}
