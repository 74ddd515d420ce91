//! What a public event counts: from an event to entries, without looking at any table.

use chrono::{DateTime, Utc};
use contracts::common::v1::Role;
use contracts::identity::events::v1::identity_event::Event as Identity;
use contracts::payments::events::v1::PayableKind;
use contracts::payments::events::v1::payments_event::Event as Payments;
use contracts::scheduling::events::v1::scheduling_event::Event as Scheduling;
use contracts::ticketing::events::v1::ticketing_event::Event as Ticketing;
use contracts::ticketing::events::v1::{EventCreated, EventDay};
use eventsourcing::{DecodeError, Delivered, Received};
use uuid::Uuid;
use values::{PaymentId, UserId};

use super::entry::{Account, AccountChange, Count, Draft, Entry, Member};
use super::metric::{Metric, Product};

/// What a public event counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// `None` for an event without a time of its own: it has happened when it was recorded.
    happened_at: Option<DateTime<Utc>>,
    /// In a fixed order.
    pub(super) entries: Vec<Entry>,
}

type Read = Result<Option<Counted>, DecodeError>;

impl Counted {
    /// Reads one of identity's events.
    pub fn of_identity(received: Received<'_>, event: Identity) -> Read {
        Ok(Some(match event {
            Identity::UserRegistered(event) => {
                let at = received.instant("registered_at", event.registered_at.as_ref())?;
                let user = received.id("user_id", &event.user_id)?;
                Self::at(at).count(Metric::Signup, user, at)
            }
            Identity::UserLoggedIn(event) => {
                let at = received.instant("logged_in_at", event.logged_in_at.as_ref())?;
                let user = received.id("user_id", &event.user_id)?;
                Self::at(at).member(Metric::ActiveUser, user, at)
            }
            Identity::TrainerCreated(event) => {
                let at = received.instant("created_at", event.created_at.as_ref())?;
                let trainer: UserId = received.id("trainer_id", &event.trainer_id)?;
                Self::at(at)
                    .count(Metric::NewTrainer, trainer.uuid(), at)
                    .account(trainer, AccountChange::Profile, at)
            }
            Identity::UserRoleChanged(event) => {
                let at = received.instant("changed_at", event.changed_at.as_ref())?;
                let is_trainer = event.role() == Role::Trainer;
                let user = received.id("user_id", &event.user_id)?;
                Self::at(at).account(user, AccountChange::Trainer(is_trainer), at)
            }
            Identity::UserDeactivated(event) => {
                let at = received.instant("deactivated_at", event.deactivated_at.as_ref())?;
                let user: UserId = received.id("user_id", &event.user_id)?;
                Self::at(at)
                    .count(Metric::UserLeft, user.uuid(), at)
                    .account(user, AccountChange::Active(false), at)
            }
            Identity::UserReactivated(event) => {
                let at = received.instant("reactivated_at", event.reactivated_at.as_ref())?;
                let user: UserId = received.id("user_id", &event.user_id)?;
                Self::at(at)
                    .count(Metric::UserReturned, user.uuid(), at)
                    .account(user, AccountChange::Active(true), at)
            }
            Identity::UserErased(event) => {
                let at = received.instant("erased_at", event.erased_at.as_ref())?;
                let user: UserId = received.id("user_id", &event.user_id)?;
                let erased = Self::at(at);
                // One that was closed before has left already.
                let left = if event.was_active {
                    erased.count(Metric::UserLeft, user.uuid(), at)
                } else {
                    erased
                };
                left.account(user, AccountChange::Active(false), at)
            }
            Identity::ChildAdded(event) => {
                Self::at(received.instant("added_at", event.added_at.as_ref())?)
            }
            Identity::TrainerUpdated(event) => {
                Self::at(received.instant("updated_at", event.updated_at.as_ref())?)
            }
            Identity::ChildArchived(event) => {
                Self::at(received.instant("archived_at", event.archived_at.as_ref())?)
            }
            Identity::ChildErased(event) => {
                Self::at(received.instant("erased_at", event.erased_at.as_ref())?)
            }
            Identity::GuardianTransferred(event) => {
                Self::at(received.instant("transferred_at", event.transferred_at.as_ref())?)
            }
        }))
    }

    /// Reads one of scheduling's events.
    pub fn of_scheduling(received: Received<'_>, event: Scheduling) -> Read {
        Ok(Some(match event {
            Scheduling::LocationCreated(_)
            | Scheduling::TrainerLocationAssigned(_)
            | Scheduling::ScheduleOpened(_) => Self::when_recorded(),
            Scheduling::SessionHeld(event) => {
                let at = received.instant("held_at", event.held_at.as_ref())?;
                let session = received.id("session_id", &event.session_id)?;
                Self::at(at).count(Metric::BookedSession, session, at)
            }
            Scheduling::SessionPaid(event) => {
                Self::at(received.instant("paid_at", event.paid_at.as_ref())?)
            }
            Scheduling::SessionHoldExpired(event) => {
                Self::at(received.instant("expired_at", event.expired_at.as_ref())?)
            }
            Scheduling::SessionCanceled(event) => {
                Self::at(received.instant("canceled_at", event.canceled_at.as_ref())?)
            }
            Scheduling::SessionCompleted(event) => {
                let starts_at = received.instant("starts_at", event.starts_at.as_ref())?;
                let session = received.id("session_id", &event.session_id)?;
                let trainer = received.id("trainer_id", &event.trainer_id)?;
                Self::at(received.instant("completed_at", event.completed_at.as_ref())?)
                    .count(Metric::CompletedSession, session, starts_at)
                    .member(Metric::ActiveTrainer, trainer, starts_at)
            }
            Scheduling::SessionPaymentRejected(event) => {
                Self::at(received.instant("rejected_at", event.rejected_at.as_ref())?)
            }
        }))
    }

    /// Reads one of ticketing's events.
    pub fn of_ticketing(received: Received<'_>, event: Ticketing) -> Read {
        Ok(Some(match event {
            Ticketing::EventCreated(event) => {
                let at = received.instant("created_at", event.created_at.as_ref())?;
                let draft = draft(received, &event)?;
                Self::at(at)
                    .count(Metric::CreatedEvent, draft.event_id.uuid(), at)
                    .with(Entry::Draft(draft))
            }
            Ticketing::EventPublished(event) => {
                let at = received.instant("published_at", event.published_at.as_ref())?;
                Self::at(at).with(Entry::Publish {
                    event_id: received.id("event_id", &event.event_id)?,
                    published_at: at,
                })
            }
            Ticketing::TicketsHeld(event) => {
                Self::at(received.instant("held_at", event.held_at.as_ref())?)
            }
            Ticketing::TicketsConfirmed(event) => {
                Self::at(received.instant("confirmed_at", event.confirmed_at.as_ref())?)
            }
            Ticketing::TicketHoldExpired(event) => {
                Self::at(received.instant("expired_at", event.expired_at.as_ref())?)
            }
            Ticketing::TicketPaymentRejected(event) => {
                Self::at(received.instant("rejected_at", event.rejected_at.as_ref())?)
            }
        }))
    }

    /// Reads one of payments' events.
    pub fn of_payments(received: Received<'_>, event: Payments) -> Read {
        Ok(Some(match event {
            Payments::PaymentCreated(event) => {
                let at = received.instant("created_at", event.created_at.as_ref())?;
                Self::at(at).with(Entry::Payment {
                    payment_id: received.id("payment_id", &event.payment_id)?,
                    live: event.live,
                })
            }
            Payments::PaymentSucceeded(event) => {
                let at = received.instant("succeeded_at", event.succeeded_at.as_ref())?;
                let payment: PaymentId = received.id("payment_id", &event.payment_id)?;
                let amount = received.money("amount", event.amount.as_ref())?;
                Self::at(at).with(Entry::Count(Count {
                    product: product(received, event.payable_kind())?,
                    money: Some((amount.currency_code().to_owned(), amount.minor_units())),
                    payment: Some(payment),
                    ..Count::one(Metric::SucceededPayment, payment.uuid(), at)
                }))
            }
            Payments::PaymentFailed(event) => {
                let at = received.instant("failed_at", event.failed_at.as_ref())?;
                let payment: PaymentId = received.id("payment_id", &event.payment_id)?;
                Self::at(at).with(Entry::Count(Count {
                    product: product(received, event.payable_kind())?,
                    payment: Some(payment),
                    ..Count::one(Metric::FailedPayment, payment.uuid(), at)
                }))
            }
            Payments::RefundSucceeded(event) => {
                let at = received.instant("succeeded_at", event.succeeded_at.as_ref())?;
                let refund = received.id("refund_id", &event.refund_id)?;
                let amount = received.money("amount", event.amount.as_ref())?;
                Self::at(at).with(Entry::Count(Count {
                    product: product(received, event.payable_kind())?,
                    money: Some((amount.currency_code().to_owned(), -amount.minor_units())),
                    payment: Some(received.id("payment_id", &event.payment_id)?),
                    ..Count::one(Metric::Refund, refund, at)
                }))
            }
            Payments::PaymentOutcomeUnknown(event) => {
                Self::at(received.instant("unknown_since", event.unknown_since.as_ref())?)
            }
            Payments::RefundRequested(event) => {
                Self::at(received.instant("requested_at", event.requested_at.as_ref())?)
            }
            Payments::RefundOutcomeUnknown(event) => {
                Self::at(received.instant("unknown_since", event.unknown_since.as_ref())?)
            }
        }))
    }

    fn at(happened_at: DateTime<Utc>) -> Self {
        Self {
            happened_at: Some(happened_at),
            ..Self::when_recorded()
        }
    }

    fn when_recorded() -> Self {
        Self {
            happened_at: None,
            entries: Vec::new(),
        }
    }

    fn with(mut self, entry: Entry) -> Self {
        self.entries.push(entry);
        self
    }

    fn count(self, metric: Metric, subject: Uuid, happened_at: DateTime<Utc>) -> Self {
        self.with(Entry::Count(Count::one(metric, subject, happened_at)))
    }

    fn account(self, user_id: UserId, change: AccountChange, happened_at: DateTime<Utc>) -> Self {
        self.with(Entry::Account(Account {
            user_id,
            change,
            happened_at,
        }))
    }

    fn member(self, metric: Metric, subject: Uuid, happened_at: DateTime<Utc>) -> Self {
        self.with(Entry::Member(Member {
            metric,
            subject,
            happened_at,
        }))
    }
}

/// The command of a user makes the user active; `None` where the event says so itself, as a login
/// does.
pub(super) fn activity(event: &Delivered<Counted>) -> Option<Entry> {
    let user = Uuid::parse_str(event.actor.strip_prefix("user:")?).ok()?;
    let active = Entry::Member(Member {
        metric: Metric::ActiveUser,
        subject: user,
        happened_at: event.event.happened_at.unwrap_or(event.recorded_at),
    });
    (!event.event.entries.contains(&active)).then_some(active)
}

fn draft(received: Received<'_>, event: &EventCreated) -> Result<Draft, DecodeError> {
    let day = |day: &EventDay| {
        Ok((
            received.instant("days.starts_at", day.starts_at.as_ref())?,
            received.instant("days.ends_at", day.ends_at.as_ref())?,
        ))
    };
    Ok(Draft {
        event_id: received.id("event_id", &event.event_id)?,
        ends_at: received.instant("ends_at", event.ends_at.as_ref())?,
        days: event.days.iter().map(day).collect::<Result<_, _>>()?,
        trainer_ids: received.ids("trainer_ids", &event.trainer_ids)?,
    })
}

fn product(received: Received<'_>, kind: PayableKind) -> Result<Product, DecodeError> {
    match kind {
        PayableKind::Session => Ok(Product::Session),
        PayableKind::TicketHold => Ok(Product::Event),
        PayableKind::Unspecified => Err(received.malformed("payable_kind", "says nothing")),
    }
}

#[cfg(test)]
mod tests {
    use contracts::identity::events::v1 as identity;
    use prost_types::Timestamp;

    use super::*;
    use crate::tests::support::read;

    fn of(event: Identity) -> Vec<Entry> {
        let counted = read(event, Counted::of_identity).unwrap();
        counted.unwrap().entries
    }

    fn erased(was_active: bool) -> Vec<Entry> {
        of(Identity::UserErased(identity::UserErased {
            user_id: Uuid::from_u128(7).to_string(),
            role: Role::Parent.into(),
            was_active,
            erased_at: Some(Timestamp::default()),
        }))
    }

    #[test]
    fn an_erasure_counts_once_and_not_at_all_for_an_account_that_was_closed_before() {
        let left = |entries: &[Entry]| {
            let left = entries.iter().filter(
                |entry| matches!(entry, Entry::Count(count) if count.metric == Metric::UserLeft),
            );
            left.count()
        };
        assert_eq!(left(&erased(true)), 1);
        assert_eq!(left(&erased(false)), 0);
    }

    #[test]
    fn a_change_of_role_moves_no_user_but_may_move_a_trainer() {
        let changed = of(Identity::UserRoleChanged(identity::UserRoleChanged {
            user_id: Uuid::from_u128(7).to_string(),
            role: Role::Parent.into(),
            changed_at: Some(Timestamp::default()),
        }));
        assert_eq!(
            changed,
            [Entry::Account(Account {
                user_id: Uuid::from_u128(7).into(),
                change: AccountChange::Trainer(false),
                happened_at: DateTime::UNIX_EPOCH,
            })]
        );
    }
}
