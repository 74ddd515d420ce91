#![doc = include_str!("../README.md")]

mod basis;
pub mod events;
pub mod grpc;
pub mod projector;
pub mod query;

use std::sync::Arc;

use contracts::analytics::v1::statistics_service_server::StatisticsServiceServer;
use eventsourcing::{
    CheckpointError, Checkpoints, Feed, Migration, Projector, RemoteFeed, Upcasters, migration,
};
use futures::FutureExt as _;
use service::{BuildError, Definition, Runtime, Service, Worker};
use sqlx::PgPool;

pub use basis::{Basis, Grain};
pub use projector::{PROJECTION, Statistics};

use crate::events::{PublicEvent, SOURCES};

/// The service as the program knows it.
pub fn definition() -> Definition {
    Definition {
        name: "analytics",
        migrations: migrations(),
        upcasters: Upcasters::none,
        build: |runtime| build(runtime).boxed(),
    }
}

/// The tables of the service.
pub fn migrations() -> Vec<Migration> {
    vec![migration(
        100,
        "statistics",
        include_str!("../migrations/0100_statistics.sql"),
    )]
}

/// Wires the service up: the projector over the four logs, and the RPCs that read its tables.
pub async fn build(runtime: Runtime) -> Result<Service, BuildError> {
    let basis = Basis {
        zone: runtime.settings.business_zone,
        counts_sandbox: runtime.settings.counts_sandbox,
    };
    settle(&runtime.pool, &runtime.checkpoints, basis).await?;

    let feeds = SOURCES.map(|source| {
        Arc::new(RemoteFeed::new(&runtime.remote(source), events::decode))
            as Arc<dyn Feed<PublicEvent>>
    });
    let projector = Projector::new(
        Statistics::new(basis),
        runtime.pool.clone(),
        Vec::from(feeds),
    );
    let statistics = grpc::Statistics::new(runtime.pool, runtime.checkpoints, basis);
    Ok(Service::new()
        .with_rpc(StatisticsServiceServer::new(statistics))
        .with_worker(Worker::new(PROJECTION, |shutdown| async move {
            projector.run(shutdown).await;
        })))
}

/// Why the settings of the fold cannot be settled.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The rebuild that they need cannot be asked for.
    #[error(transparent)]
    Checkpoints(#[from] CheckpointError),
    /// The database.
    #[error("the settings of the statistics cannot be read or written: {0}")]
    Database(#[from] sqlx::Error),
}

/// Tables that were folded with other settings are asked to be built anew. The wish is written
/// before the settings are, so that it cannot get lost between the two.
pub async fn settle(
    pool: &PgPool,
    checkpoints: &Checkpoints,
    basis: Basis,
) -> Result<(), SettleError> {
    let stored = Basis::stored(pool).await?;
    if stored == Some(basis) {
        return Ok(());
    }
    if stored.is_some() {
        tracing::warn!(
            business_zone = basis.zone.name(),
            counts_sandbox = basis.counts_sandbox,
            "the settings of the statistics have changed: they are rebuilt"
        );
        match checkpoints.request_rebuild(PROJECTION).await {
            Ok(()) | Err(CheckpointError::Unknown(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(basis.store(pool).await?)
}
