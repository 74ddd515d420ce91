#![doc = include_str!("../README.md")]

mod basis;
pub mod events;
mod folding;
pub mod grpc;
pub mod projector;
pub mod query;

use std::sync::Arc;

use contracts::analytics::v1::statistics_service_server::StatisticsServiceServer;
use eventsourcing::{Feed, Migration, RemoteFeed, Upcasters, migration};
use futures::FutureExt as _;
use futures::future::ready;
use service::{Definition, Runtime, Service, Worker};

pub use basis::{Basis, Grain};
pub use folding::{Folding, SettleError};
pub use projector::{PROJECTION, Statistics};

use crate::events::{PublicEvent, SOURCES};

/// The service as the program knows it.
pub fn definition() -> Definition {
    Definition {
        name: "analytics",
        migrations: migrations(),
        upcasters: Upcasters::none,
        build: |runtime| ready(Ok(build(runtime))).boxed(),
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
pub fn build(runtime: Runtime) -> Service {
    let basis = Basis {
        zone: runtime.settings.business_zone,
        counts_sandbox: runtime.settings.counts_sandbox,
    };
    let feeds = SOURCES.map(|source| {
        Arc::new(RemoteFeed::new(&runtime.remote(source), events::decode))
            as Arc<dyn Feed<PublicEvent>>
    });
    let folding = Folding::new(runtime.pool.clone(), Vec::from(feeds), basis);
    let statistics = grpc::Statistics::new(runtime.pool, runtime.checkpoints, basis);
    Service::new()
        .with_rpc(StatisticsServiceServer::new(statistics))
        .with_worker(Worker::new(PROJECTION, |shutdown| async move {
            folding.run(shutdown).await;
        }))
}
