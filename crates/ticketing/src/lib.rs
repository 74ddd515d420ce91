#![doc = include_str!("../README.md")]

// The rooms. `ARCHITECTURE.md` says what each is for, and which may use which.
mod domain;
mod grpc;
mod process;
mod projector;
mod publisher;
mod query;
mod reference;
mod settings;
mod wire;

use contracts::ticketing::v1::event_service_server::EventServiceServer;
use contracts::ticketing::v1::ticket_service_server::TicketServiceServer;
use eventsourcing::{Upcasters, migration};
use futures::{FutureExt as _, future::ready};
use service::{Definition, Runtime, Service, own_settings};

pub use settings::TicketingSettings;

use domain::TicketingLogEvent;
use grpc::{EventRpcs, TicketRpcs};
use process::{PaidHold, TicketHold, TicketPayment};
use projector::{ChildEvent, Children, LocationRow, Locations, Sales};
use reference::References;

/// The name of the service: of its schema, its log and its stream.
pub const NAME: &str = "ticketing";

/// The service as the program knows it before anything runs.
pub fn definition() -> Definition {
    Definition {
        name: NAME,
        has_log: true,
        contract: &contracts::CONTRACT,
        settings: own_settings::<TicketingSettings>,
        migrations: vec![migration(
            100,
            "read tables",
            include_str!("../migrations/0100_read_tables.sql"),
        )],
        upcasters: Upcasters::none,
        build: |runtime| ready(Ok(build(&runtime))).boxed(),
    }
}

fn build(runtime: &Runtime) -> Service {
    let own = runtime.own_events(TicketingLogEvent::decode);
    let identity = runtime.events_of(ChildEvent::of_identity);
    let scheduling = runtime.events_of(LocationRow::of_scheduling);
    let payments = runtime.events_of(PaidHold::of_payments);
    let references = References::on(runtime, &identity, &scheduling, &own);
    Service::on(runtime)
        .publishing(publisher::publish)
        .with_rpc(EventServiceServer::new(EventRpcs::on(runtime, &references)))
        .with_rpc(TicketServiceServer::new(TicketRpcs::on(
            runtime,
            &references,
        )))
        .projecting(Children, [identity])
        .projecting(Locations, [scheduling])
        .projecting(Sales, [own.clone()])
        .processing(TicketHold, [own])
        .processing(TicketPayment, [payments])
}
