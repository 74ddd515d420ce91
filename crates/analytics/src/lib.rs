#![doc = include_str!("../README.md")]

// The rooms. `ARCHITECTURE.md` says what each is for, and which may use which.
mod basis;
mod folding;
mod grpc;
mod projector;
mod query;
mod settings;
#[cfg(test)]
mod tests;
mod wire;

use contracts::analytics::v1::statistics_service_server::StatisticsServiceServer;
use eventsourcing::{Upcasters, migration};
use futures::{FutureExt as _, future::ready};
use service::{Definition, Runtime, Service, own_settings};

pub use settings::AnalyticsSettings;

use basis::Basis;
use folding::Folding;
use grpc::StatisticsRpcs;
use projector::Counted;

/// The name of the service: of its schema and its log.
pub const NAME: &str = "analytics";

/// The service as the program knows it before anything runs.
pub fn definition() -> Definition {
    Definition {
        name: NAME,
        has_log: false,
        contract: &contracts::CONTRACT,
        settings: own_settings::<AnalyticsSettings>,
        migrations: vec![migration(
            100,
            "statistics",
            include_str!("../migrations/0100_statistics.sql"),
        )],
        upcasters: Upcasters::none,
        build: |runtime| ready(Ok(build(&runtime))).boxed(),
    }
}

fn build(runtime: &Runtime) -> Service {
    let basis = Basis::from(runtime.settings.own::<AnalyticsSettings>());
    let feeds = vec![
        runtime.events_of(Counted::of_identity),
        runtime.events_of(Counted::of_scheduling),
        runtime.events_of(Counted::of_ticketing),
        runtime.events_of(Counted::of_payments),
    ];
    let folding = Folding::new(runtime.pool.clone(), feeds, basis);
    let statistics = StatisticsRpcs::on(runtime, basis);
    Service::on(runtime)
        .with_rpc(StatisticsServiceServer::new(statistics))
        .with_worker(folding.worker())
}
