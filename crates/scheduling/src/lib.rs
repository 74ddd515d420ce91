#![doc = include_str!("../README.md")]

// In the order in which a command flows.
pub mod calendar;
pub mod domain;
pub mod grpc;
pub mod process;
pub mod projector;
pub mod publisher;
pub mod query;

#[cfg(test)]
mod golden_tests;

use std::sync::Arc;

use contracts::log::v1::event_log_service_server::EventLogServiceServer;
use contracts::scheduling::v1::location_service_server::LocationServiceServer;
use contracts::scheduling::v1::schedule_service_server::ScheduleServiceServer;
use contracts::scheduling::v1::session_service_server::SessionServiceServer;
use contracts::scheduling::v1::trainer_calendar_service_server::TrainerCalendarServiceServer;
use eventsourcing::{
    DecodeError, Feed, LocalFeed, LogService, Process, ProcessRunner, Projection, Projector,
    RecordedEvent, Relay, RemoteFeed, Upcasters,
};
use service::{Definition, Runtime, Service, Worker};

use domain::SchedulingLogEvent;
use process::{SessionHold, SessionPayment, SessionPaymentSucceeded};
use projector::{Calendar, Reference, ReferenceEvent, Sessions};
use query::Directory;

/// The name of the service.
pub const NAME: &str = "scheduling";

/// The service as the program runs it.
pub fn definition() -> Definition {
    Definition {
        name: NAME,
        migrations: vec![eventsourcing::migration(
            100,
            "read tables",
            include_str!("../migrations/0100_read_tables.sql"),
        )],
        upcasters: Upcasters::none,
        build: |runtime| Box::pin(async move { Ok(build(&runtime)) }),
    }
}

fn build(runtime: &Runtime) -> Service {
    let own = || -> Arc<dyn Feed<SchedulingLogEvent>> {
        Arc::new(LocalFeed::new(NAME, &runtime.log, decode))
    };
    let identity: Arc<dyn Feed<ReferenceEvent>> = Arc::new(RemoteFeed::new(
        &runtime.remote("identity"),
        ReferenceEvent::decode,
    ));
    let payments: Arc<dyn Feed<SessionPaymentSucceeded>> = Arc::new(RemoteFeed::new(
        &runtime.remote("payments"),
        SessionPaymentSucceeded::decode,
    ));
    let directory = Directory::new(
        runtime.pool.clone(),
        runtime.checkpoints.clone(),
        Arc::clone(&identity),
        own(),
    );
    let api = grpc::Api::new(runtime, directory);
    let log = LogService::new(NAME, &runtime.log, publisher::publish);
    Service::new()
        .with_rpc(LocationServiceServer::new(api.clone()))
        .with_rpc(TrainerCalendarServiceServer::new(api.clone()))
        .with_rpc(ScheduleServiceServer::new(api.clone()))
        .with_rpc(SessionServiceServer::new(api))
        .with_rpc(EventLogServiceServer::new(log))
        .with_worker(relay(runtime))
        .with_worker(projection(runtime, Reference, identity))
        .with_worker(projection(runtime, Calendar, own()))
        .with_worker(projection(runtime, Sessions, own()))
        .with_worker(process(runtime, SessionHold, own()))
        .with_worker(process(runtime, SessionPayment, payments))
}

fn relay(runtime: &Runtime) -> Worker {
    let broker = runtime.broker.clone();
    let relay = Relay::new(&runtime.log, NAME, broker, publisher::publish);
    Worker::new("relay", |shutdown| async move { relay.run(shutdown).await })
}

fn projection<P: Projection>(
    runtime: &Runtime,
    projection: P,
    feed: Arc<dyn Feed<P::Event>>,
) -> Worker {
    let projector = Projector::new(projection, runtime.pool.clone(), vec![feed]);
    Worker::new(
        P::NAME,
        |shutdown| async move { projector.run(shutdown).await },
    )
}

fn process<P: Process>(runtime: &Runtime, process: P, feed: Arc<dyn Feed<P::Event>>) -> Worker {
    let (pool, bus) = (runtime.pool.clone(), runtime.bus.clone());
    let runner = ProcessRunner::new(process, pool, vec![feed], bus);
    Worker::new(
        P::NAME,
        |shutdown| async move { runner.run(shutdown).await },
    )
}

/// Every event of the own log is of interest.
fn decode(recorded: &RecordedEvent) -> Result<Option<SchedulingLogEvent>, DecodeError> {
    SchedulingLogEvent::decode(recorded).map(Some)
}
