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

use contracts::scheduling::v1::location_service_server::LocationServiceServer;
use contracts::scheduling::v1::schedule_service_server::ScheduleServiceServer;
use contracts::scheduling::v1::session_service_server::SessionServiceServer;
use contracts::scheduling::v1::trainer_calendar_service_server::TrainerCalendarServiceServer;
use eventsourcing::{Upcasters, migration};
use futures::{FutureExt as _, future::ready};
use service::{Definition, Runtime, Service, own_settings};

pub use settings::SchedulingSettings;

use domain::SchedulingLogEvent;
use grpc::{LocationRpcs, ScheduleRpcs, SessionRpcs, TrainerCalendarRpcs};
use process::{PaidSession, SessionHold, SessionPayment};
use projector::{Calendar, Reference, ReferenceEvent, Sessions};
use reference::References;

/// The name of the service: of its schema, its log and its stream.
pub const NAME: &str = "scheduling";

/// The service as the program knows it before anything runs.
pub fn definition() -> Definition {
    Definition {
        name: NAME,
        has_log: true,
        contract: &contracts::CONTRACT,
        settings: own_settings::<SchedulingSettings>,
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
    let own = runtime.own_events(SchedulingLogEvent::decode);
    let identity = runtime.events_of(ReferenceEvent::of_identity);
    let payments = runtime.events_of(PaidSession::of_payments);
    let references = References::on(runtime, &identity, &own);
    let sessions = SessionRpcs::on(runtime, &references);
    let schedules = ScheduleRpcs::on(runtime, &references);
    let calendars = TrainerCalendarRpcs::on(runtime, &references);
    Service::on(runtime)
        .publishing(publisher::publish)
        .with_rpc(LocationServiceServer::new(LocationRpcs::on(runtime)))
        .with_rpc(TrainerCalendarServiceServer::new(calendars))
        .with_rpc(ScheduleServiceServer::new(schedules))
        .with_rpc(SessionServiceServer::new(sessions))
        .projecting(Reference, [identity])
        .projecting(Calendar, [own.clone()])
        .projecting(Sessions, [own.clone()])
        .processing(SessionHold, [own])
        .processing(SessionPayment, [payments])
}
