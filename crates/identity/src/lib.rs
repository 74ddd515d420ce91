#![doc = include_str!("../README.md")]

// In the order in which a command flows.
pub mod accounts;
mod admin;
pub mod ahead;
pub mod authentication;
pub mod children;
mod credentials;
pub mod domain;
mod erasure;
mod export;
pub mod grpc;
mod lifecycle;
pub mod mail;
pub mod parts;
pub mod password;
pub mod process;
pub mod projector;
pub mod publisher;
pub mod query;
pub mod sealing;
mod search;
pub mod security;
mod tokens;

use std::sync::Arc;

use eventsourcing::{
    EventLog, Feed, LocalFeed, LogService, Migration, Process, ProcessRunner, Projector, Relay,
    RemoteFeed, Upcasters, migration,
};
use service::{BuildError, Definition, Runtime, Service, Worker};

pub use admin::{CreateAdminError, CreatedAdmin, NewAdmin, create_admin};
use ahead::{Ahead, BookingFeed};
use domain::IdentityLogEvent;
use grpc::Servers;
use mail::{Patience, Sender, Transport};
pub use parts::Parts;
use process::{ChildKeys, MailNotices, erasure::Erasure};
use projector::{
    Projectors,
    availability::Availability,
    bookings::{Bookings, decode_scheduling, decode_ticketing},
    children::Children,
};
use publisher::publish;

/// Name of the service, of its schema and of its log.
pub const NAME: &str = "identity";

/// The service as the program knows it before anything runs.
pub fn definition() -> Definition {
    Definition {
        name: NAME,
        migrations: migrations(),
        upcasters,
        build: |runtime| Box::pin(build(runtime)),
    }
}

/// The tables beside the log.
pub fn migrations() -> Vec<Migration> {
    vec![
        migration(
            100,
            "credentials",
            include_str!("../migrations/0100_credentials.sql"),
        ),
        migration(101, "users", include_str!("../migrations/0101_users.sql")),
        migration(
            102,
            "trainers",
            include_str!("../migrations/0102_trainers.sql"),
        ),
        migration(
            103,
            "children",
            include_str!("../migrations/0103_children.sql"),
        ),
        migration(104, "subject keys", eventsourcing::personal::TABLES),
        migration(
            110,
            "erasures",
            include_str!("../migrations/0110_erasures.sql"),
        ),
        migration(
            130,
            "child records",
            include_str!("../migrations/0130_child_records.sql"),
        ),
        migration(
            131,
            "bookings",
            include_str!("../migrations/0131_bookings.sql"),
        ),
        migration(120, "logins", include_str!("../migrations/0120_logins.sql")),
        migration(121, "otps", include_str!("../migrations/0121_otps.sql")),
        migration(
            122,
            "login attempts",
            include_str!("../migrations/0122_login_attempts.sql"),
        ),
        migration(
            123,
            "signing keys",
            include_str!("../migrations/0123_signing_keys.sql"),
        ),
        migration(
            140,
            "availability",
            include_str!("../migrations/0140_availability.sql"),
        ),
        migration(150, "emails", include_str!("../migrations/0150_emails.sql")),
    ]
}

/// No event has changed yet.
fn upcasters() -> Upcasters {
    Upcasters::none()
}

async fn build(runtime: Runtime) -> Result<Service, BuildError> {
    let scheduling = runtime.remote("scheduling");
    let ahead = ahead(&runtime);
    let Runtime {
        pool,
        log,
        broker,
        bus,
        settings,
        metrics,
        ..
    } = runtime;
    let parts = Parts::new(&log, &pool, &settings).await?;
    let Servers {
        users,
        authentication,
        trainers,
        children,
        emails,
        child_medical,
        keys,
    } = Servers::new(&parts, &ahead)?;
    let projectors = Projectors::new(&log, &pool);
    let transport = Transport::new(&settings.mail)?;
    let sender = Sender::new(parts.outbox.clone(), transport, Patience::default());
    let sender = sender.measured(&metrics);
    let notices = ProcessRunner::new(MailNotices, pool.clone(), vec![own(&log)], bus.clone());
    let erasure = ProcessRunner::new(Erasure, pool.clone(), vec![own(&log)], bus.clone());
    let availability = RemoteFeed::new(&scheduling, Availability::decode);
    let availability = Projector::new(Availability, pool.clone(), vec![Arc::new(availability)]);
    let bookings = Projector::new(Bookings, pool.clone(), ahead.feeds());
    let child_keys = ProcessRunner::new(ChildKeys, pool, vec![child_events(&log)], bus);
    let relay = Relay::new(&log, NAME, broker, publish);
    Ok(Service::new()
        .with_rpc(users)
        .with_rpc(authentication)
        .with_rpc(trainers)
        .with_rpc(children)
        .with_rpc(emails)
        .with_rpc(child_medical)
        .with_rpc(keys)
        .with_rpc(LogService::new(NAME, &log, publish).server())
        .with_worker(Worker::new("projector users", async move |stop| {
            projectors.users.run(stop).await;
        }))
        .with_worker(Worker::new("projector trainers", async move |stop| {
            projectors.trainers.run(stop).await;
        }))
        .with_worker(Worker::new("projector availability", async move |stop| {
            availability.run(stop).await;
        }))
        .with_worker(Worker::new("projector children", async move |stop| {
            projectors.children.run(stop).await;
        }))
        .with_worker(Worker::new("mail sender", async move |stop| {
            sender.run(stop).await;
        }))
        .with_worker(Worker::new(MailNotices::NAME, async move |stop| {
            notices.run(stop).await;
        }))
        .with_worker(Worker::new("signing keys", async move |stop| {
            parts.keys.run(stop).await;
        }))
        .with_worker(Worker::new("sweeper", async move |stop| {
            security::sweep::run(parts.pool, stop).await;
        }))
        .with_worker(Worker::new(Erasure::NAME, async move |stop| {
            erasure.run(stop).await;
        }))
        .with_worker(Worker::new("projector bookings", async move |stop| {
            bookings.run(stop).await;
        }))
        .with_worker(Worker::new("process child_keys", async move |stop| {
            child_keys.run(stop).await;
        }))
        .with_worker(Worker::new("relay", async move |stop| {
            relay.run(stop).await;
        })))
}

/// All events of the log, for a process.
fn own(log: &EventLog) -> Arc<dyn Feed<IdentityLogEvent>> {
    Arc::new(LocalFeed::new(NAME, log, |event| {
        IdentityLogEvent::decode(event).map(Some)
    }))
}

/// What lies ahead, from the logs of scheduling and ticketing.
fn ahead(runtime: &Runtime) -> Ahead {
    let (sessions, tickets) = (runtime.remote("scheduling"), runtime.remote("ticketing"));
    let sessions: BookingFeed = Arc::new(RemoteFeed::new(&sessions, decode_scheduling));
    let tickets: BookingFeed = Arc::new(RemoteFeed::new(&tickets, decode_ticketing));
    Ahead::new(runtime.pool.clone(), [sessions, tickets])
}

fn child_events(log: &EventLog) -> Arc<dyn Feed<domain::child::ChildEvent>> {
    Arc::new(LocalFeed::new(NAME, log, Children::decode))
}
