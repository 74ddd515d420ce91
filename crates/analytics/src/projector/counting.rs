//! What a public event counts: from an event to entries, without looking at any table.

use chrono::{DateTime, Utc};
use contracts::common::v1::{Money as MoneyMessage, Role};
use contracts::identity::events::v1::identity_event::Event as Identity;
use contracts::payments::events::v1::PayableKind;
use contracts::payments::events::v1::payments_event::Event as Payments;
use contracts::scheduling::events::v1::scheduling_event::Event as Scheduling;
use contracts::ticketing::events::v1::ticketing_event::Event as Ticketing;
use contracts::ticketing::events::v1::{EventCreated, EventDay};
use eventsourcing::Delivered;
use prost_types::Timestamp;
use uuid::Uuid;
use values::{Money, PaymentId, UserId};

use super::entry::{Account, AccountChange, Count, Draft, Entry, Member};
use super::metric::{Metric, Product};
use crate::events::PublicEvent;
use crate::wire::instant;

/// An event that lacks what its contract promises.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("the field {field} of the event is missing or malformed")]
pub struct Malformed {
    field: &'static str,
}

/// What an event counts, in a fixed order.
pub fn entries(event: &Delivered<PublicEvent>) -> Result<Vec<Entry>, Malformed> {
    let mut entries = Entries::of(event);
    match &event.event {
        PublicEvent::Identity(event) => entries.identity(event)?,
        PublicEvent::Scheduling(event) => entries.scheduling(event)?,
        PublicEvent::Ticketing(event) => entries.ticketing(event)?,
        PublicEvent::Payments(event) => entries.payments(event)?,
    }
    Ok(entries.done())
}

/// Collects entries, and the time of the event for the activity of its actor.
struct Entries {
    actor: Option<Uuid>,
    happened_at: DateTime<Utc>,
    list: Vec<Entry>,
}

impl Entries {
    /// An event without a time of its own has happened when it was recorded.
    fn of(event: &Delivered<PublicEvent>) -> Self {
        let actor = event.actor.strip_prefix("user:");
        Self {
            actor: actor.and_then(|id| Uuid::parse_str(id).ok()),
            happened_at: event.recorded_at,
            list: Vec::new(),
        }
    }

    /// The command of a user makes the user active.
    fn done(mut self) -> Vec<Entry> {
        if let Some(user) = self.actor {
            self.member(Metric::ActiveUser, user, self.happened_at);
        }
        self.list
    }

    fn identity(&mut self, event: &Identity) -> Result<(), Malformed> {
        match event {
            Identity::UserRegistered(event) => {
                self.at("registered_at", event.registered_at.as_ref())?;
                self.count(Metric::Signup, id("user_id", &event.user_id)?);
            }
            Identity::UserLoggedIn(event) => {
                self.at("logged_in_at", event.logged_in_at.as_ref())?;
                let user = id("user_id", &event.user_id)?;
                self.member(Metric::ActiveUser, user, self.happened_at);
            }
            Identity::TrainerCreated(event) => {
                self.at("created_at", event.created_at.as_ref())?;
                let trainer = id("trainer_id", &event.trainer_id)?;
                self.count(Metric::NewTrainer, trainer);
                self.account(trainer.into(), AccountChange::Profile);
            }
            Identity::ChildAdded(event) => self.at("added_at", event.added_at.as_ref())?,
            Identity::UserRoleChanged(event) => {
                self.at("changed_at", event.changed_at.as_ref())?;
                let is_trainer = event.role() == Role::Trainer;
                let user = id("user_id", &event.user_id)?;
                self.account(user, AccountChange::Trainer(is_trainer));
            }
            Identity::UserDeactivated(event) => {
                self.at("deactivated_at", event.deactivated_at.as_ref())?;
                let user = id("user_id", &event.user_id)?;
                self.count(Metric::UserLeft, user);
                self.account(user.into(), AccountChange::Active(false));
            }
            Identity::UserReactivated(event) => {
                self.at("reactivated_at", event.reactivated_at.as_ref())?;
                let user = id("user_id", &event.user_id)?;
                self.count(Metric::UserReturned, user);
                self.account(user.into(), AccountChange::Active(true));
            }
            Identity::UserErased(event) => {
                self.at("erased_at", event.erased_at.as_ref())?;
                let user = id("user_id", &event.user_id)?;
                // One that was closed before has left already.
                if event.was_active {
                    self.count(Metric::UserLeft, user);
                }
                self.account(user.into(), AccountChange::Active(false));
            }
            Identity::TrainerUpdated(event) => self.at("updated_at", event.updated_at.as_ref())?,
            Identity::ChildArchived(event) => {
                self.at("archived_at", event.archived_at.as_ref())?;
            }
            Identity::ChildErased(event) => self.at("erased_at", event.erased_at.as_ref())?,
            Identity::GuardianTransferred(event) => {
                self.at("transferred_at", event.transferred_at.as_ref())?;
            }
        }
        Ok(())
    }

    fn scheduling(&mut self, event: &Scheduling) -> Result<(), Malformed> {
        match event {
            Scheduling::LocationCreated(_)
            | Scheduling::TrainerLocationAssigned(_)
            | Scheduling::ScheduleOpened(_) => {}
            Scheduling::SessionHeld(event) => {
                self.at("held_at", event.held_at.as_ref())?;
                self.count(Metric::BookedSession, id("session_id", &event.session_id)?);
            }
            Scheduling::SessionPaid(event) => self.at("paid_at", event.paid_at.as_ref())?,
            Scheduling::SessionHoldExpired(event) => {
                self.at("expired_at", event.expired_at.as_ref())?;
            }
            Scheduling::SessionCanceled(event) => {
                self.at("canceled_at", event.canceled_at.as_ref())?;
            }
            Scheduling::SessionCompleted(event) => {
                self.at("completed_at", event.completed_at.as_ref())?;
                let starts_at = time("starts_at", event.starts_at.as_ref())?;
                let session = id("session_id", &event.session_id)?;
                self.count_at(Metric::CompletedSession, session, starts_at);
                let trainer = id("trainer_id", &event.trainer_id)?;
                self.member(Metric::ActiveTrainer, trainer, starts_at);
            }
            Scheduling::SessionPaymentRejected(event) => {
                self.at("rejected_at", event.rejected_at.as_ref())?;
            }
        }
        Ok(())
    }

    fn ticketing(&mut self, event: &Ticketing) -> Result<(), Malformed> {
        match event {
            Ticketing::EventCreated(event) => {
                self.at("created_at", event.created_at.as_ref())?;
                let draft = draft(event)?;
                self.count(Metric::CreatedEvent, draft.event_id.uuid());
                self.list.push(Entry::Draft(draft));
            }
            Ticketing::EventPublished(event) => {
                self.at("published_at", event.published_at.as_ref())?;
                self.list.push(Entry::Publish {
                    event_id: id("event_id", &event.event_id)?,
                    published_at: self.happened_at,
                });
            }
            Ticketing::TicketsHeld(event) => self.at("held_at", event.held_at.as_ref())?,
            Ticketing::TicketsConfirmed(event) => {
                self.at("confirmed_at", event.confirmed_at.as_ref())?;
            }
            Ticketing::TicketHoldExpired(event) => {
                self.at("expired_at", event.expired_at.as_ref())?;
            }
            Ticketing::TicketPaymentRejected(event) => {
                self.at("rejected_at", event.rejected_at.as_ref())?;
            }
        }
        Ok(())
    }

    fn payments(&mut self, event: &Payments) -> Result<(), Malformed> {
        match event {
            Payments::PaymentCreated(event) => {
                self.at("created_at", event.created_at.as_ref())?;
                self.list.push(Entry::Payment {
                    payment_id: id("payment_id", &event.payment_id)?,
                    live: event.live,
                });
            }
            Payments::PaymentSucceeded(event) => {
                self.at("succeeded_at", event.succeeded_at.as_ref())?;
                let payment: PaymentId = id("payment_id", &event.payment_id)?;
                self.list.push(Entry::Count(Count {
                    metric: Metric::SucceededPayment,
                    product: product(event.payable_kind())?,
                    subject: payment.uuid(),
                    happened_at: self.happened_at,
                    money: Some(money(event.amount.as_ref())?),
                    payment: Some(payment),
                }));
            }
            Payments::PaymentFailed(event) => {
                self.at("failed_at", event.failed_at.as_ref())?;
                let payment: PaymentId = id("payment_id", &event.payment_id)?;
                self.list.push(Entry::Count(Count {
                    metric: Metric::FailedPayment,
                    product: product(event.payable_kind())?,
                    subject: payment.uuid(),
                    happened_at: self.happened_at,
                    money: None,
                    payment: Some(payment),
                }));
            }
            Payments::PaymentOutcomeUnknown(event) => {
                self.at("unknown_since", event.unknown_since.as_ref())?;
            }
            Payments::RefundRequested(event) => {
                self.at("requested_at", event.requested_at.as_ref())?;
            }
            Payments::RefundSucceeded(event) => {
                self.at("succeeded_at", event.succeeded_at.as_ref())?;
                let (currency, amount) = money(event.amount.as_ref())?;
                self.list.push(Entry::Count(Count {
                    metric: Metric::Refund,
                    product: product(event.payable_kind())?,
                    subject: id("refund_id", &event.refund_id)?,
                    happened_at: self.happened_at,
                    money: Some((currency, -amount)),
                    payment: Some(id("payment_id", &event.payment_id)?),
                }));
            }
            Payments::RefundOutcomeUnknown(event) => {
                self.at("unknown_since", event.unknown_since.as_ref())?;
            }
        }
        Ok(())
    }

    fn at(&mut self, field: &'static str, at: Option<&Timestamp>) -> Result<(), Malformed> {
        self.happened_at = time(field, at)?;
        Ok(())
    }

    fn count(&mut self, metric: Metric, subject: Uuid) {
        self.count_at(metric, subject, self.happened_at);
    }

    fn count_at(&mut self, metric: Metric, subject: Uuid, happened_at: DateTime<Utc>) {
        let count = Count::one(metric, subject, happened_at);
        self.list.push(Entry::Count(count));
    }

    fn account(&mut self, user_id: UserId, change: AccountChange) {
        self.list.push(Entry::Account(Account {
            user_id,
            change,
            happened_at: self.happened_at,
        }));
    }

    /// Adds somebody at most once for each event: the actor of a login may be the user itself.
    fn member(&mut self, metric: Metric, subject: Uuid, happened_at: DateTime<Utc>) {
        let entry = Entry::Member(Member {
            metric,
            subject,
            happened_at,
        });
        if !self.list.contains(&entry) {
            self.list.push(entry);
        }
    }
}

fn draft(event: &EventCreated) -> Result<Draft, Malformed> {
    let day = |day: &EventDay| {
        Ok((
            time("days.starts_at", day.starts_at.as_ref())?,
            time("days.ends_at", day.ends_at.as_ref())?,
        ))
    };
    Ok(Draft {
        event_id: id("event_id", &event.event_id)?,
        ends_at: time("ends_at", event.ends_at.as_ref())?,
        days: event.days.iter().map(day).collect::<Result<_, _>>()?,
        trainer_ids: event
            .trainer_ids
            .iter()
            .map(|trainer| id("trainer_ids", trainer))
            .collect::<Result<_, _>>()?,
    })
}

fn id<I: From<Uuid>>(field: &'static str, text: &str) -> Result<I, Malformed> {
    let id = Uuid::parse_str(text);
    id.map(I::from).map_err(|_| Malformed { field })
}

fn time(field: &'static str, at: Option<&Timestamp>) -> Result<DateTime<Utc>, Malformed> {
    instant(at).ok_or(Malformed { field })
}

fn money(amount: Option<&MoneyMessage>) -> Result<(String, i64), Malformed> {
    let money = amount.and_then(|it| Money::new(&it.currency_code, it.minor_units).ok());
    let money = money.ok_or(Malformed { field: "amount" })?;
    Ok((money.currency_code().to_owned(), money.minor_units()))
}

fn product(kind: PayableKind) -> Result<Product, Malformed> {
    match kind {
        PayableKind::Session => Ok(Product::Session),
        PayableKind::TicketHold => Ok(Product::Event),
        PayableKind::Unspecified => Err(Malformed {
            field: "payable_kind",
        }),
    }
}

#[cfg(test)]
mod tests {
    use contracts::identity::events::v1 as identity;
    use testing::delivered;

    use super::*;

    fn of(event: Identity) -> Vec<Entry> {
        entries(&delivered(PublicEvent::Identity(event))).unwrap()
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
