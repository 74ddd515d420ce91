//! The rows of the read tables.

use chrono::{DateTime, NaiveDate, Utc};
use eventsourcing::Row;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::basis::Grain;

/// What a fact counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// A registration.
    Signup,
    /// A first trainer profile.
    NewTrainer,
    /// An account that was closed or erased.
    UserLeft,
    /// A closed account that was opened again.
    UserReturned,
    /// A trainer whose account is no active trainer's any more.
    TrainerLeft,
    /// A trainer whose account is an active trainer's again.
    TrainerReturned,
    /// A session that was booked.
    BookedSession,
    /// A session that took place.
    CompletedSession,
    /// An event that was drafted.
    CreatedEvent,
    /// A charge that succeeded.
    SucceededPayment,
    /// A charge that failed.
    FailedPayment,
    /// Money that went back.
    Refund,
    /// A user who did something; a distinct count.
    ActiveUser,
    /// A trainer with a completed session; a distinct count.
    ActiveTrainer,
}

/// What money was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Product {
    /// Tickets.
    Event,
    /// A session.
    Session,
    /// The fact is not about money.
    #[serde(rename = "")]
    None,
}

/// See `statistic_facts`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    pub source: String,
    pub position: i64,
    pub ordinal: i32,
    pub event_id: Uuid,
    pub metric: Metric,
    pub product: Product,
    pub day: NaiveDate,
    pub subject: Uuid,
    pub currency: String,
    pub amount: i64,
    pub happened_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
}

impl Row for Fact {
    const TABLE: &'static str = "statistic_facts";
    const KEY: &'static [&'static str] = &["source", "position", "ordinal"];
    type Key = (String, i64, i32);

    fn key(&self) -> Self::Key {
        (self.source.clone(), self.position, self.ordinal)
    }
}

/// See `statistic_days`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Day {
    pub day: NaiveDate,
    pub metric: Metric,
    pub product: Product,
    pub currency: String,
    pub count: i64,
    pub amount: i64,
}

impl Row for Day {
    const TABLE: &'static str = "statistic_days";
    const KEY: &'static [&'static str] = &["day", "metric", "product", "currency"];
    type Key = (NaiveDate, Metric, Product, String);

    fn key(&self) -> Self::Key {
        (self.day, self.metric, self.product, self.currency.clone())
    }
}

/// See `statistic_members`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    pub metric: Metric,
    pub grain: Grain,
    pub period: NaiveDate,
    pub subject: Uuid,
    pub source: String,
    pub position: i64,
    pub event_id: Uuid,
    pub day: NaiveDate,
    pub happened_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
}

impl Row for Member {
    const TABLE: &'static str = "statistic_members";
    const KEY: &'static [&'static str] = &["metric", "grain", "period", "subject"];
    type Key = (Metric, Grain, NaiveDate, Uuid);

    fn key(&self) -> Self::Key {
        (self.metric, self.grain, self.period, self.subject)
    }
}

impl Member {
    /// Whether this one's event came before the other's. The same whichever is folded first,
    /// so that the earliest is kept however the logs interleave.
    pub fn is_earlier_than(&self, other: &Self) -> bool {
        (self.happened_at, &self.source, self.position)
            < (other.happened_at, &other.source, other.position)
    }
}

/// See `statistic_distincts`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distinct {
    pub metric: Metric,
    pub grain: Grain,
    pub period: NaiveDate,
    pub members: i64,
}

impl Row for Distinct {
    const TABLE: &'static str = "statistic_distincts";
    const KEY: &'static [&'static str] = &["metric", "grain", "period"];
    type Key = (Metric, Grain, NaiveDate);

    fn key(&self) -> Self::Key {
        (self.metric, self.grain, self.period)
    }
}

/// See `statistic_corrections`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    pub grain: Grain,
    pub period: NaiveDate,
    pub facts: i64,
    pub corrected_at: DateTime<Utc>,
}

impl Row for Correction {
    const TABLE: &'static str = "statistic_corrections";
    const KEY: &'static [&'static str] = &["grain", "period"];
    type Key = (Grain, NaiveDate);

    fn key(&self) -> Self::Key {
        (self.grain, self.period)
    }
}

/// See `statistic_payments`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    pub payment_id: Uuid,
    pub live: bool,
}

impl Row for Payment {
    const TABLE: &'static str = "statistic_payments";
    const KEY: &'static [&'static str] = &["payment_id"];
    type Key = (Uuid,);

    fn key(&self) -> Self::Key {
        (self.payment_id,)
    }
}

/// See `statistic_accounts`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the columns of a table; none follows from the others"
)]
pub struct Account {
    pub user_id: Uuid,
    pub active: bool,
    pub is_trainer: bool,
    pub has_profile: bool,
    pub counted: bool,
}

impl Row for Account {
    const TABLE: &'static str = "statistic_accounts";
    const KEY: &'static [&'static str] = &["user_id"];
    type Key = (Uuid,);

    fn key(&self) -> Self::Key {
        (self.user_id,)
    }
}

/// See `statistic_events`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub event_id: Uuid,
    pub ends_at: DateTime<Utc>,
    pub end_day: NaiveDate,
    pub published_at: Option<DateTime<Utc>>,
    pub position: i64,
    pub log_event_id: Uuid,
    pub recorded_at: DateTime<Utc>,
}

impl Row for Event {
    const TABLE: &'static str = "statistic_events";
    const KEY: &'static [&'static str] = &["event_id"];
    type Key = (Uuid,);

    fn key(&self) -> Self::Key {
        (self.event_id,)
    }
}

/// See `statistic_event_days`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventDay {
    pub event_id: Uuid,
    pub number: i32,
    pub day: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub trainer_ids: Vec<Uuid>,
}

impl Row for EventDay {
    const TABLE: &'static str = "statistic_event_days";
    const KEY: &'static [&'static str] = &["event_id", "number"];
    type Key = (Uuid, i32);

    fn key(&self) -> Self::Key {
        (self.event_id, self.number)
    }
}
