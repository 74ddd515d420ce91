//! What a service crate tells of itself, and what it is given.

use std::convert::Infallible;
use std::error::Error;

use eventsourcing::{Broker, Bus, Checkpoints, EventLog, Migration, Remote, Upcasters};
use futures::future::BoxFuture;
use http::Request;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::{Routes, RoutesBuilder};

use crate::auth::Verifier;
use crate::config::Settings;
use crate::metrics::Metrics;

/// Why a service cannot be built.
pub type BuildError = Box<dyn Error + Send + Sync>;

/// How a worker ends: well on shutdown, otherwise with what stopped it.
pub type WorkerError = Box<dyn Error + Send + Sync>;

/// A service as the program knows it before anything runs.
pub struct Definition {
    /// Its name: of its schema, its role, its stream and in the actor of its commands.
    pub name: &'static str,
    /// Its own migrations, numbered from 100; those of the log and the runtime come before.
    pub migrations: Vec<Migration>,
    /// Brings its old events to their present form.
    pub upcasters: fn() -> Upcasters,
    /// Wires it up.
    pub build: fn(Runtime) -> BoxFuture<'static, Result<Service, BuildError>>,
}

/// What a service is built from. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    /// Name of the service.
    pub name: &'static str,
    /// Connections in the service's role and schema.
    pub pool: PgPool,
    /// Its event log.
    pub log: EventLog,
    /// The broker of the deployment.
    pub broker: Broker,
    /// Channels to the other services.
    pub bus: Bus,
    /// Verifies tokens.
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
}

/// A service that is ready to run.
#[derive(Default)]
pub struct Service {
    routes: RoutesBuilder,
    names: Vec<&'static str>,
    workers: Vec<Worker>,
}

impl Service {
    /// A service without RPCs and workers.
    pub fn new() -> Self {
        Self::default()
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

    /// Adds a worker.
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
    pub fn new<F, W>(name: impl Into<String>, run: F) -> Self
    where
        F: FnOnce(CancellationToken) -> W + Send + 'static,
        W: Future<Output = ()> + Send + 'static,
    {
        Self::fallible(name, |shutdown| async move {
            run(shutdown).await;
            Ok::<_, WorkerError>(())
        })
    }

    /// The same for a worker that says why it ended.
    pub fn fallible<F, W, E>(name: impl Into<String>, run: F) -> Self
    where
        F: FnOnce(CancellationToken) -> W + Send + 'static,
        W: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<WorkerError>,
    {
        Self {
            name: name.into(),
            run: Box::new(|shutdown| {
                Box::pin(async move { run(shutdown).await.map_err(Into::into) })
            }),
        }
    }
}
