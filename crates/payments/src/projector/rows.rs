use chrono::{DateTime, Utc};
use eventsourcing::Row;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A session or a hold of tickets, as its owner tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayableRow {
    pub kind: String,
    pub payable_id: Uuid,
    pub user_id: Uuid,
    pub trainer_id: Option<Uuid>,
    pub event_id: Option<Uuid>,
    pub event_ticket_id: Option<Uuid>,
    pub ticket_id: Option<Uuid>,
    pub amount: i64,
    pub currency: String,
    pub expires_at: DateTime<Utc>,
    pub state: String,
}

impl Row for PayableRow {
    const TABLE: &'static str = "payables";
    const KEY: &'static [&'static str] = &["kind", "payable_id"];
    type Key = (String, Uuid);

    fn key(&self) -> Self::Key {
        (self.kind.clone(), self.payable_id)
    }
}

/// A payment for tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRow {
    pub id: Uuid,
    pub user_id: Uuid,
    pub event_id: Option<Uuid>,
    pub event_ticket_id: Option<Uuid>,
    pub ticket_id: Option<Uuid>,
    pub payable_id: Uuid,
    pub stripe_payment_id: Option<String>,
    pub amount: i64,
    pub currency: String,
    pub refunded: i64,
    pub status: String,
    pub failure_code: Option<String>,
    pub payment_method: String,
    /// Where the receipt goes; unknown to payments.
    pub email: Option<String>,
    pub live: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Row for PaymentRow {
    const TABLE: &'static str = "payments";
    const KEY: &'static [&'static str] = &["id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }
}

/// A payment for a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainerOrderRow {
    pub id: Uuid,
    pub user_id: Uuid,
    pub trainer_id: Uuid,
    pub payable_id: Uuid,
    pub stripe_payment_id: Option<String>,
    pub amount: i64,
    pub currency: String,
    pub refunded: i64,
    pub status: String,
    pub failure_code: Option<String>,
    pub payment_method: String,
    pub live: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Row for TrainerOrderRow {
    const TABLE: &'static str = "trainer_orders";
    const KEY: &'static [&'static str] = &["id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }
}

/// Money that goes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRow {
    pub id: Uuid,
    /// The ticket, when the payment was for one.
    pub ticket_id: Option<Uuid>,
    pub user_id: Uuid,
    pub payment_id: Uuid,
    pub amount: i64,
    pub currency: String,
    /// The legacy word: PENDING, APPROVED, REJECTED, COMPLETED.
    pub status: String,
    pub state: String,
    /// The provider's name of the payment.
    pub stripe_payment_id: Option<String>,
    pub reason: String,
    pub cause_event_id: Uuid,
    pub failure_code: Option<String>,
    pub requested_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Row for RefundRow {
    const TABLE: &'static str = "refunds";
    const KEY: &'static [&'static str] = &["id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }
}
