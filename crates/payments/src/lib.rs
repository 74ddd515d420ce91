#![doc = include_str!("../README.md")]

pub mod domain;
mod feeds;
pub mod grpc;
pub mod process;
pub mod projector;
pub mod provider;
pub mod publisher;
pub mod query;
pub mod settlement;

use std::sync::Arc;

use contracts::payments::v1::{
    payment_service_server::PaymentServiceServer,
    settlement_service_server::SettlementServiceServer,
};
use eventsourcing::{
    DecodeError, Feed, LocalFeed, LogService, Process, ProcessRunner, Projection, Projector,
    RecordedEvent, Relay, RemoteFeed, Repository, Upcasters, migration,
};
use service::{Definition, Runtime, Service, Worker};

use domain::PaymentsLogEvent;
use grpc::{PaymentService, SettlementService};
use process::{charge::Charge, refund, refund_submission::RefundSubmission};
use projector::{
    payables::{self, PayableEvent, Payables},
    payments::Payments,
};
use provider::Provider;
use query::{PayableQuery, PaymentQuery};
use settlement::Settlement;

/// The name of the service: of its schema, its log and its stream.
pub const SERVICE: &str = "payments";

/// The service as the program knows it before anything runs.
pub fn definition() -> Definition {
    Definition {
        name: SERVICE,
        migrations: vec![migration(
            100,
            "payments",
            include_str!("../migrations/0100_payments.sql"),
        )],
        upcasters: Upcasters::none,
        build: |runtime| Box::pin(async move { Ok(build(&runtime)) }),
    }
}

fn build(runtime: &Runtime) -> Service {
    let log = &runtime.log;
    let repository = Repository::new(log);
    let provider = Provider::sandbox(runtime.pool.clone(), runtime.settings.provider_deadline);
    let sessions: Arc<dyn Feed<PayableEvent>> = Arc::new(RemoteFeed::new(
        &runtime.remote("scheduling"),
        payables::of_scheduling,
    ));
    let holds: Arc<dyn Feed<PayableEvent>> = Arc::new(RemoteFeed::new(
        &runtime.remote("ticketing"),
        payables::of_ticketing,
    ));

    let payment_service = PaymentService {
        repository: repository.clone(),
        payments: PaymentQuery::new(runtime.pool.clone()),
        payables: PayableQuery::new(runtime.pool.clone()),
        checkpoints: runtime.checkpoints.clone(),
        sessions: Arc::clone(&sessions),
        holds: Arc::clone(&holds),
        live: provider.is_live(),
    };
    let settlement_service = SettlementService {
        repository: repository.clone(),
        settlement: Settlement::new(repository, provider),
    };
    let money_back: Vec<Arc<dyn Feed<refund::MoneyBack>>> = vec![
        Arc::new(RemoteFeed::new(
            &runtime.remote("scheduling"),
            refund::of_scheduling,
        )),
        Arc::new(RemoteFeed::new(
            &runtime.remote("ticketing"),
            refund::of_ticketing,
        )),
    ];

    let relay = Relay::new(log, SERVICE, runtime.broker.clone(), publisher::publish);
    Service::new()
        .with_rpc(PaymentServiceServer::new(payment_service))
        .with_rpc(SettlementServiceServer::new(settlement_service))
        .with_rpc(LogService::new(SERVICE, log, publisher::publish).server())
        .with_worker(Worker::new("relay", move |shutdown| async move {
            relay.run(shutdown).await;
        }))
        .with_worker(projector(Payments, runtime, vec![own_log(runtime)]))
        .with_worker(projector(Payables, runtime, vec![sessions, holds]))
        .with_worker(process(Charge, runtime, vec![own_log(runtime)]))
        .with_worker(process(RefundSubmission, runtime, vec![own_log(runtime)]))
        .with_worker(process(refund::Refund, runtime, money_back))
}

fn own_log(runtime: &Runtime) -> Arc<dyn Feed<PaymentsLogEvent>> {
    Arc::new(LocalFeed::new(SERVICE, &runtime.log, read))
}

fn read(recorded: &RecordedEvent) -> Result<Option<PaymentsLogEvent>, DecodeError> {
    PaymentsLogEvent::decode(recorded).map(Some)
}

fn projector<P: Projection>(
    projection: P,
    runtime: &Runtime,
    feeds: Vec<Arc<dyn Feed<P::Event>>>,
) -> Worker {
    let projector = Projector::new(projection, runtime.pool.clone(), feeds);
    Worker::new(
        format!("projector {}", P::NAME),
        move |shutdown| async move {
            projector.run(shutdown).await;
        },
    )
}

fn process<P: Process>(
    process: P,
    runtime: &Runtime,
    feeds: Vec<Arc<dyn Feed<P::Event>>>,
) -> Worker {
    let runner = ProcessRunner::new(process, runtime.pool.clone(), feeds, runtime.bus.clone());
    Worker::new(format!("process {}", P::NAME), move |shutdown| async move {
        runner.run(shutdown).await;
    })
}
