//! Puts the service together: its RPCs, and the workers beside them.

use std::sync::Arc;

use eventsourcing::{
    EventLog, Feed, LocalFeed, LogService, Process, ProcessRunner, Projector, Relay, RemoteFeed,
};
use service::{BuildError, Runtime, Service, Worker};

use crate::{
    NAME,
    domain::{IdentityLogEvent, child::ChildEvent},
    grpc::Servers,
    mail::{Patience, Sender, Transport},
    process::{ChildKeys, Erasure, MailNotices},
    projector::{
        Projectors,
        availability::Availability,
        bookings::{Bookings, decode_scheduling, decode_ticketing},
        children::Children,
    },
    proofs::sweep,
    publisher::publish,
    reference::{BookingFeed, UpcomingBookings},
    resources::Resources,
};

/// The service on a runtime.
pub async fn build(runtime: Runtime) -> Result<Service, BuildError> {
    let scheduling = runtime.remote("scheduling");
    let upcoming = upcoming(&runtime);
    let Runtime {
        pool,
        log,
        broker,
        bus,
        settings,
        metrics,
        ..
    } = runtime;
    let resources = Resources::new(&log, &pool, &settings).await?;
    let Servers {
        users,
        authentication,
        trainers,
        children,
        emails,
        child_medical,
        keys,
    } = Servers::new(&resources, &upcoming)?;
    let projectors = Projectors::new(&log, &pool);
    let transport = Transport::new(&settings.mail)?;
    let sender = Sender::new(resources.outbox.clone(), transport, Patience::default());
    let sender = sender.measured(&metrics);
    let notices = ProcessRunner::new(MailNotices, pool.clone(), vec![own(&log)], bus.clone());
    let erasure = ProcessRunner::new(Erasure, pool.clone(), vec![own(&log)], bus.clone());
    let availability = RemoteFeed::new(&scheduling, Availability::decode);
    let availability = Projector::new(Availability, pool.clone(), vec![Arc::new(availability)]);
    let bookings = Projector::new(Bookings, pool.clone(), upcoming.feeds());
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
            resources.keys.run(stop).await;
        }))
        .with_worker(Worker::new("sweeper", async move |stop| {
            sweep::run(resources.pool, stop).await;
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

/// Upcoming bookings, from the logs of scheduling and ticketing.
fn upcoming(runtime: &Runtime) -> UpcomingBookings {
    let (sessions, tickets) = (runtime.remote("scheduling"), runtime.remote("ticketing"));
    let sessions: BookingFeed = Arc::new(RemoteFeed::new(&sessions, decode_scheduling));
    let tickets: BookingFeed = Arc::new(RemoteFeed::new(&tickets, decode_ticketing));
    UpcomingBookings::new(runtime.pool.clone(), [sessions, tickets])
}

fn child_events(log: &EventLog) -> Arc<dyn Feed<ChildEvent>> {
    Arc::new(LocalFeed::new(NAME, log, Children::decode))
}
