//! Puts the service together: its RPCs, and the workers beside them.

use contracts::identity::v1::authentication_service_server::AuthenticationServiceServer;
use contracts::identity::v1::child_medical_service_server::ChildMedicalServiceServer;
use contracts::identity::v1::child_service_server::ChildServiceServer;
use contracts::identity::v1::email_service_server::EmailServiceServer;
use contracts::identity::v1::key_service_server::KeyServiceServer;
use contracts::identity::v1::trainer_service_server::TrainerServiceServer;
use contracts::identity::v1::user_service_server::UserServiceServer;
use service::{BuildError, Runtime, Service, Worker};

use crate::domain::IdentityLogEvent;
use crate::grpc::{
    AuthenticationRpcs, ChildMedicalRpcs, ChildRpcs, EmailRpcs, KeyRpcs, TrainerRpcs, UserRpcs,
};
use crate::mail::{Patience, Sender, Transport};
use crate::process::{ChildKeys, Erasure, MailNotices};
use crate::projector::availability::{Availability, AvailabilityEvent};
use crate::projector::bookings::{BookingEvent, Bookings};
use crate::projector::children::Children;
use crate::projector::trainers::Trainers;
use crate::projector::users::Users;
use crate::proofs::{Passwords, sweep};
use crate::publisher::publish;
use crate::reference::{References, UpcomingBookings};
use crate::resources::Resources;

/// The service on a runtime.
pub async fn build(runtime: Runtime) -> Result<Service, BuildError> {
    let resources = Resources::new(&runtime.log, &runtime.pool, &runtime.settings.own()).await?;
    let sessions = runtime.events_of(BookingEvent::of_scheduling);
    let tickets = runtime.events_of(BookingEvent::of_ticketing);
    let upcoming = UpcomingBookings::on(&runtime, [sessions, tickets]);
    let passwords = Passwords::new()?;
    let references = References::new(&resources, &upcoming);
    let users = UserRpcs::on(&resources, &references, passwords.clone());
    let authentication = AuthenticationRpcs::on(&resources, passwords);
    let trainers = TrainerRpcs::on(&resources, &references);
    let children = ChildRpcs::on(&resources, &references);
    let child_medical = ChildMedicalRpcs::on(&resources, &references);
    let transport = Transport::new(&resources.settings.mail)?;
    let sender = Sender::new(resources.outbox.clone(), transport, Patience::default());
    let sender = sender.measured(&runtime.metrics);
    let own = runtime.own_events(IdentityLogEvent::decode);
    let child_events = runtime.own_events(Children::decode);
    Ok(Service::on(&runtime)
        .publishing(publish)
        .with_rpc(UserServiceServer::new(users))
        .with_rpc(AuthenticationServiceServer::new(authentication))
        .with_rpc(TrainerServiceServer::new(trainers))
        .with_rpc(ChildServiceServer::new(children))
        .with_rpc(EmailServiceServer::new(EmailRpcs::on(&resources)))
        .with_rpc(ChildMedicalServiceServer::new(child_medical))
        .with_rpc(KeyServiceServer::new(KeyRpcs::on(&resources)))
        .projecting(Users, [runtime.own_events(Users::decode)])
        .projecting(Trainers, [runtime.own_events(Trainers::decode)])
        .projecting(Children, [child_events.clone()])
        .projecting(
            Availability,
            [runtime.events_of(AvailabilityEvent::of_scheduling)],
        )
        .projecting(Bookings, upcoming.feeds())
        .processing(MailNotices, [own.clone()])
        .processing(Erasure, [own])
        .processing(ChildKeys, [child_events])
        .with_worker(Worker::new("mail_sender", async move |stop| {
            sender.run(stop).await;
        }))
        .with_worker(Worker::new("signing_keys", async move |stop| {
            resources.keys.run(stop).await;
        }))
        .with_worker(Worker::new("sweeper", async move |stop| {
            sweep::run(resources.pool, stop).await;
        })))
}
