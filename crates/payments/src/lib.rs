#![doc = include_str!("../README.md")]

// The rooms. `ARCHITECTURE.md` says what each is for, and which may use which.
mod domain;
mod grpc;
mod process;
mod projector;
mod provider;
mod publisher;
mod query;
mod reference;
mod settings;
mod settlement;
mod wire;

use contracts::payments::v1::payment_service_server::PaymentServiceServer;
use contracts::payments::v1::settlement_service_server::SettlementServiceServer;
use eventsourcing::{Upcasters, migration};
use futures::{FutureExt as _, future::ready};
use service::{Definition, Runtime, Service, own_settings};

pub use settings::PaymentsSettings;

use domain::PaymentsLogEvent;
use grpc::{PaymentRpcs, SettlementRpcs};
use process::{Charge, MoneyBack, Refund, RefundSubmission};
use projector::{PayableEvent, Payables, Payments};
use provider::Provider;
use reference::References;

/// The name of the service: of its schema, its log and its stream.
pub const NAME: &str = "payments";

/// The service as the program knows it before anything runs.
pub fn definition() -> Definition {
    Definition {
        name: NAME,
        has_log: true,
        contract: &contracts::CONTRACT,
        settings: own_settings::<PaymentsSettings>,
        migrations: vec![migration(
            100,
            "payments",
            include_str!("../migrations/0100_payments.sql"),
        )],
        upcasters: Upcasters::none,
        build: |runtime| ready(Ok(build(&runtime))).boxed(),
    }
}

fn build(runtime: &Runtime) -> Service {
    let PaymentsSettings { provider_deadline } = runtime.settings.own();
    let provider = Provider::sandbox(runtime.pool.clone(), provider_deadline);
    let own = runtime.own_events(PaymentsLogEvent::decode);
    let sessions = runtime.events_of(PayableEvent::of_scheduling);
    let holds = runtime.events_of(PayableEvent::of_ticketing);
    let references = References::on(runtime, &sessions, &holds);
    let payments = PaymentRpcs::on(runtime, &references, &provider);
    let settlement = SettlementRpcs::on(runtime, provider);
    Service::on(runtime)
        .publishing(publisher::publish)
        .with_rpc(PaymentServiceServer::new(payments))
        .with_rpc(SettlementServiceServer::new(settlement))
        .projecting(Payments, [own.clone()])
        .projecting(Payables, [sessions, holds])
        .processing(Charge, [own.clone()])
        .processing(RefundSubmission, [own])
        .processing(
            Refund,
            [
                runtime.events_of(MoneyBack::of_scheduling),
                runtime.events_of(MoneyBack::of_ticketing),
            ],
        )
}
