//! What a public event tells the recount. Every event is named here, so that a new one is asked
//! whether it counts.

use chrono::{DateTime, Utc};
use contracts::common::v1::Role;
use contracts::identity::events::v1::identity_event::Event as Identity;
use contracts::payments::events::v1::payments_event::Event as Payments;
use contracts::payments::events::v1::{PaymentCreated, PaymentSucceeded, RefundSucceeded};
use contracts::scheduling::events::v1::SessionCompleted;
use contracts::scheduling::events::v1::scheduling_event::Event as Scheduling;
use contracts::ticketing::events::v1::EventCreated;
use contracts::ticketing::events::v1::ticketing_event::Event as Ticketing;
use contracts::wire;
use eventsourcing::Delivered;
use prost_types::Timestamp;

use super::PublicEvent;

/// What happened, as far as a definition of a figure speaks of it.
pub enum Told<'a> {
    SignedUp(&'a str),
    LoggedIn(&'a str),
    GotProfile(&'a str),
    Closed(&'a str),
    Reopened(&'a str),
    Erased {
        user: &'a str,
        was_active: bool,
    },
    GotRole {
        user: &'a str,
        is_trainer: bool,
    },
    SessionBooked,
    SessionTookPlace(&'a SessionCompleted),
    Drafted(&'a EventCreated),
    /// An event of this id went on sale.
    OnSale(&'a str),
    PaymentOpened(&'a PaymentCreated),
    Paid(&'a PaymentSucceeded),
    /// A payment of this id failed.
    NotPaid(&'a str),
    Refunded(&'a RefundSucceeded),
    /// No figure but the activity of its actor.
    Nothing,
}

/// What an event tells, with its own time if it has one.
type Timed<'a> = (Option<&'a Timestamp>, Told<'a>);

impl<'a> Told<'a> {
    pub fn by(event: &'a PublicEvent) -> Self {
        timed(event).1
    }
}

/// When an event happened, and the instant by which it counts.
pub fn times(delivered: &Delivered<PublicEvent>) -> (DateTime<Utc>, DateTime<Utc>) {
    let (happened_at, told) = timed(&delivered.event);
    let happened_at = happened_at.map_or(delivered.recorded_at, |at| instant(Some(at)));
    let counted_at = match told {
        Told::SessionTookPlace(completed) => instant(completed.starts_at.as_ref()),
        _ => happened_at,
    };
    (happened_at, counted_at)
}

pub fn instant(timestamp: Option<&Timestamp>) -> DateTime<Utc> {
    timestamp.and_then(wire::instant).unwrap()
}

fn timed(event: &PublicEvent) -> Timed<'_> {
    match event {
        PublicEvent::Identity(event) => identity(event),
        PublicEvent::Scheduling(event) => scheduling(event),
        PublicEvent::Ticketing(event) => ticketing(event),
        PublicEvent::Payments(event) => payments(event),
    }
}

fn identity(event: &Identity) -> Timed<'_> {
    let (at, told) = match event {
        Identity::UserRegistered(it) => (&it.registered_at, Told::SignedUp(&it.user_id)),
        Identity::UserLoggedIn(it) => (&it.logged_in_at, Told::LoggedIn(&it.user_id)),
        Identity::TrainerCreated(it) => (&it.created_at, Told::GotProfile(&it.trainer_id)),
        Identity::UserDeactivated(it) => (&it.deactivated_at, Told::Closed(&it.user_id)),
        Identity::UserReactivated(it) => (&it.reactivated_at, Told::Reopened(&it.user_id)),
        Identity::UserErased(it) => {
            let (user, was_active) = (it.user_id.as_str(), it.was_active);
            (&it.erased_at, Told::Erased { user, was_active })
        }
        Identity::UserRoleChanged(it) => {
            let (user, is_trainer) = (it.user_id.as_str(), it.role() == Role::Trainer);
            (&it.changed_at, Told::GotRole { user, is_trainer })
        }
        Identity::ChildAdded(it) => (&it.added_at, Told::Nothing),
        Identity::TrainerUpdated(it) => (&it.updated_at, Told::Nothing),
        Identity::ChildArchived(it) => (&it.archived_at, Told::Nothing),
        Identity::ChildErased(it) => (&it.erased_at, Told::Nothing),
        Identity::GuardianTransferred(it) => (&it.transferred_at, Told::Nothing),
    };
    (at.as_ref(), told)
}

fn scheduling(event: &Scheduling) -> Timed<'_> {
    let (at, told) = match event {
        Scheduling::LocationCreated(_)
        | Scheduling::TrainerLocationAssigned(_)
        | Scheduling::ScheduleOpened(_) => return (None, Told::Nothing),
        Scheduling::SessionHeld(it) => (&it.held_at, Told::SessionBooked),
        Scheduling::SessionCompleted(it) => (&it.completed_at, Told::SessionTookPlace(it)),
        Scheduling::SessionPaid(it) => (&it.paid_at, Told::Nothing),
        Scheduling::SessionHoldExpired(it) => (&it.expired_at, Told::Nothing),
        Scheduling::SessionCanceled(it) => (&it.canceled_at, Told::Nothing),
        Scheduling::SessionPaymentRejected(it) => (&it.rejected_at, Told::Nothing),
    };
    (at.as_ref(), told)
}

fn ticketing(event: &Ticketing) -> Timed<'_> {
    let (at, told) = match event {
        Ticketing::EventCreated(it) => (&it.created_at, Told::Drafted(it)),
        Ticketing::EventPublished(it) => (&it.published_at, Told::OnSale(&it.event_id)),
        Ticketing::TicketsHeld(it) => (&it.held_at, Told::Nothing),
        Ticketing::TicketsConfirmed(it) => (&it.confirmed_at, Told::Nothing),
        Ticketing::TicketHoldExpired(it) => (&it.expired_at, Told::Nothing),
        Ticketing::TicketPaymentRejected(it) => (&it.rejected_at, Told::Nothing),
    };
    (at.as_ref(), told)
}

fn payments(event: &Payments) -> Timed<'_> {
    let (at, told) = match event {
        Payments::PaymentCreated(it) => (&it.created_at, Told::PaymentOpened(it)),
        Payments::PaymentSucceeded(it) => (&it.succeeded_at, Told::Paid(it)),
        Payments::PaymentFailed(it) => (&it.failed_at, Told::NotPaid(&it.payment_id)),
        Payments::RefundSucceeded(it) => (&it.succeeded_at, Told::Refunded(it)),
        Payments::PaymentOutcomeUnknown(it) => (&it.unknown_since, Told::Nothing),
        Payments::RefundRequested(it) => (&it.requested_at, Told::Nothing),
        Payments::RefundOutcomeUnknown(it) => (&it.unknown_since, Told::Nothing),
    };
    (at.as_ref(), told)
}
