#![doc = include_str!("../README.md")]

pub mod calendar;
pub mod domain;
mod grpc;
mod process;
mod projector;
mod publisher;
mod query;
mod reference;

use std::sync::Arc;

use chrono::TimeDelta;
use contracts::ticketing::v1::{
    event_service_server::EventServiceServer, ticket_service_server::TicketServiceServer,
};
use eventsourcing::{
    Feed, LocalFeed, LogService, ProcessRunner, Projector, Relay, RemoteFeed, Repository,
    Upcasters, migration,
};
use futures::{FutureExt, future::ready};
use service::{BuildError, Definition, Runtime, Service, Worker};

use domain::TicketingLogEvent;
use process::{TicketHold, TicketPayment, TicketPaymentReceived};
use projector::{Children, Locations, Sales};
use publisher::publish;
use reference::References;

/// The name of the service: of its schema, its stream and its log.
pub const NAME: &str = "ticketing";

/// What a host needs to know to run this service.
pub fn definition() -> Definition {
    Definition {
        name: NAME,
        migrations: vec![migration(
            100,
            "read tables",
            include_str!("../migrations/0100_read_tables.sql"),
        )],
        upcasters: Upcasters::none,
        build: |runtime| ready(build(&runtime)).boxed(),
    }
}

/// The service on a runtime: its RPCs and everything that runs beside them.
///
/// # Errors
/// When a part of the runtime refuses.
pub fn build(runtime: &Runtime) -> Result<Service, BuildError> {
    let sales: Arc<dyn Feed<TicketingLogEvent>> = Arc::new(LocalFeed::new(
        NAME,
        &runtime.log,
        TicketingLogEvent::decode,
    ));
    let children: Arc<dyn Feed<_>> = Arc::new(RemoteFeed::new(
        &runtime.remote("identity"),
        Children::decode,
    ));
    let locations: Arc<dyn Feed<_>> = Arc::new(RemoteFeed::new(
        &runtime.remote("scheduling"),
        Locations::decode,
    ));
    let payments: Arc<dyn Feed<TicketPaymentReceived>> = Arc::new(RemoteFeed::new(
        &runtime.remote("payments"),
        TicketPaymentReceived::decode,
    ));
    let references = References::new(
        runtime.pool.clone(),
        runtime.checkpoints.clone(),
        Arc::clone(&children),
        Arc::clone(&locations),
        Arc::clone(&sales),
    );
    let events = grpc::Events {
        repository: Repository::new(&runtime.log),
        references: references.clone(),
        pool: runtime.pool.clone(),
        checkpoints: runtime.checkpoints.clone(),
    };
    let tickets = grpc::Tickets {
        repository: Repository::new(&runtime.log),
        references,
        pool: runtime.pool.clone(),
        checkpoints: runtime.checkpoints.clone(),
        hold_for: TimeDelta::from_std(runtime.settings.hold)?,
    };

    let pool = || runtime.pool.clone();
    let own_sales = Projector::new(Sales, pool(), vec![Arc::clone(&sales)]);
    let known_children = Projector::new(Children, pool(), vec![children]);
    let known_locations = Projector::new(Locations, pool(), vec![locations]);
    let holds = ProcessRunner::new(TicketHold, pool(), vec![sales], runtime.bus.clone());
    let settlements =
        ProcessRunner::new(TicketPayment, pool(), vec![payments], runtime.bus.clone());
    let relay = Relay::new(&runtime.log, NAME, runtime.broker.clone(), publish);
    let log = LogService::new(NAME, &runtime.log, publish);
    Ok(Service::new()
        .with_rpc(EventServiceServer::new(events))
        .with_rpc(TicketServiceServer::new(tickets))
        .with_rpc(log.server())
        .with_worker(Worker::new(
            "relay",
            |stop| async move { relay.run(stop).await },
        ))
        .with_worker(Worker::new("projector sales", |stop| async move {
            own_sales.run(stop).await;
        }))
        .with_worker(Worker::new("projector children", |stop| async move {
            known_children.run(stop).await;
        }))
        .with_worker(Worker::new("projector locations", |stop| async move {
            known_locations.run(stop).await;
        }))
        .with_worker(Worker::new("process ticket_hold", |stop| async move {
            holds.run(stop).await;
        }))
        .with_worker(Worker::new("process ticket_payment", |stop| async move {
            settlements.run(stop).await;
        })))
}
