//! What an event counts, before anything is said of tables.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use values::{EventId, PaymentId, TrainerId, UserId};

use super::metric::{Metric, Product};

/// One effect of an event on the tables.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// Something to add to the sums of a day.
    Count(Count),
    /// Somebody to count once in each period.
    Member(Member),
    /// Something that decides whether somebody is an active trainer.
    Account(Account),
    /// A payment was opened, and moves real money or not.
    Payment { payment_id: PaymentId, live: bool },
    /// An event of ticketing was drafted.
    Draft(Draft),
    /// An event of ticketing went on sale.
    Publish {
        event_id: EventId,
        published_at: DateTime<Utc>,
    },
}

/// Something to add to the sums of a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    pub metric: Metric,
    /// Of which product, for money.
    pub product: Product,
    /// Whom or what the fact is about.
    pub subject: Uuid,
    pub happened_at: DateTime<Utc>,
    /// ISO 4217 code and minor units, negative for what goes back; `None` for a mere count.
    pub money: Option<(String, i64)>,
    /// Counts only if this payment does.
    pub payment: Option<PaymentId>,
}

impl Count {
    /// A count of one, of no money.
    pub fn one(metric: Metric, subject: Uuid, happened_at: DateTime<Utc>) -> Self {
        Self {
            metric,
            product: Product::None,
            subject,
            happened_at,
            money: None,
            payment: None,
        }
    }
}

/// Somebody to count once in each period, by their earliest event.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    pub metric: Metric,
    pub subject: Uuid,
    pub happened_at: DateTime<Utc>,
}

/// Something that decides whether somebody is an active trainer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Account {
    pub user_id: UserId,
    pub change: AccountChange,
    pub happened_at: DateTime<Utc>,
}

/// What becomes of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// It has a trainer profile.
    Profile,
    /// It is a trainer's, or not.
    Trainer(bool),
    /// It is open, or closed.
    Active(bool),
}

/// An event of ticketing, with its days.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    pub event_id: EventId,
    /// End of its last day.
    pub ends_at: DateTime<Utc>,
    /// Start and end of each day.
    pub days: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    pub trainer_ids: Vec<TrainerId>,
}
