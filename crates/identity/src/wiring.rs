//! Puts the service together: its RPCs, and the workers beside them.

use service::{BuildError, Runtime, Service, Worker};

use crate::{
    domain::IdentityLogEvent,
    grpc::Servers,
    mail::{Patience, Sender, Transport},
    process::{ChildKeys, Erasure, MailNotices},
    projector::{
        availability::{Availability, AvailabilityEvent},
        bookings::{BookingEvent, Bookings},
        children::Children,
        trainers::Trainers,
        users::Users,
    },
    proofs::sweep,
    publisher::publish,
    reference::UpcomingBookings,
    resources::Resources,
};

/// The service on a runtime.
pub async fn build(runtime: Runtime) -> Result<Service, BuildError> {
    let resources = Resources::new(&runtime.log, &runtime.pool, &runtime.settings.own()).await?;
    let sessions = runtime.events_of(BookingEvent::of_scheduling);
    let tickets = runtime.events_of(BookingEvent::of_ticketing);
    let upcoming = UpcomingBookings::new(&runtime.pool, [sessions, tickets]);
    let Servers {
        users,
        authentication,
        trainers,
        children,
        emails,
        child_medical,
        keys,
    } = Servers::new(&resources, &upcoming)?;
    let transport = Transport::new(&resources.settings.mail)?;
    let sender = Sender::new(resources.outbox.clone(), transport, Patience::default());
    let sender = sender.measured(&runtime.metrics);
    let own = || runtime.own_events(|event| IdentityLogEvent::decode(event).map(Some));
    let child_events = || runtime.own_events(Children::decode);
    Ok(Service::on(&runtime)
        .publishing(publish)
        .with_rpc(users)
        .with_rpc(authentication)
        .with_rpc(trainers)
        .with_rpc(children)
        .with_rpc(emails)
        .with_rpc(child_medical)
        .with_rpc(keys)
        .projecting(Users, [runtime.own_events(Users::decode)])
        .projecting(Trainers, [runtime.own_events(Trainers::decode)])
        .projecting(Children, [child_events()])
        .projecting(Availability, [runtime.events_of(AvailabilityEvent::read)])
        .projecting(Bookings, upcoming.feeds())
        .processing(MailNotices, [own()])
        .processing(Erasure, [own()])
        .processing(ChildKeys, [child_events()])
        .with_worker(Worker::new("worker mail_sender", async move |stop| {
            sender.run(stop).await;
        }))
        .with_worker(Worker::new("worker signing_keys", async move |stop| {
            resources.keys.run(stop).await;
        }))
        .with_worker(Worker::new("worker sweeper", async move |stop| {
            sweep::run(resources.pool, stop).await;
        })))
}
