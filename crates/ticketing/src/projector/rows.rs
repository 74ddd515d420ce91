//! The rows of the read tables; a column is named as its field.

use chrono::{DateTime, NaiveDate, Utc};
use eventsourcing::Row;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Names the table and the key of each row type.
macro_rules! rows {
    ($($row:ident in $table:literal by $key:ident),+ $(,)?) => {$(
        impl Row for $row {
            const TABLE: &'static str = $table;
            const KEY: &'static [&'static str] = &[stringify!($key)];
            type Key = Uuid;

            fn key(&self) -> Uuid {
                self.$key
            }
        }
    )+};
}

rows! {
    EventListing in "event_listings" by id,
    EventTicket in "event_tickets" by id,
    EventRegistration in "event_registrations" by id,
    Ticket in "tickets" by id,
    UserTicket in "user_tickets" by id,
    TicketHold in "ticket_holds" by id,
    ChildRow in "children" by child_id,
    LocationRow in "locations" by location_id,
}

impl Row for EventTrainer {
    const TABLE: &'static str = "event_trainers";
    const KEY: &'static [&'static str] = &["event_id", "trainer_id"];
    type Key = (Uuid, Uuid);

    fn key(&self) -> (Uuid, Uuid) {
        (self.event_id, self.trainer_id)
    }
}

/// An event as browsers see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventListing {
    /// The event.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// CLINIC, CAMP or NETWORKING.
    pub event_type: String,
    /// Where it takes place.
    pub location_id: Uuid,
    /// IANA zone of the location.
    pub time_zone: String,
    /// The first day in that zone.
    pub start_date: NaiveDate,
    /// The last day in that zone.
    pub end_date: NaiveDate,
    /// When each day begins, local, "HH:MM".
    pub start_time: String,
    /// When each day ends, local, "HH:MM".
    pub end_time: String,
    /// Start of the first day.
    pub starts_at: DateTime<Utc>,
    /// End of the last day.
    pub ends_at: DateTime<Utc>,
    /// `[{"starts_at", "ends_at"}]` in order.
    pub days: Value,
    /// Price of the cheapest tier.
    pub price_minor_units: i64,
    /// ISO 4217.
    pub currency_code: String,
    /// How many children can take part.
    pub max_participants: i32,
    /// Youngest age allowed.
    pub min_age: Option<i32>,
    /// Oldest age allowed.
    pub max_age: Option<i32>,
    /// BEGINNER, INTERMEDIATE, ADVANCED; empty means all.
    pub skill_levels: Vec<String>,
    /// DRAFT or PUBLISHED.
    pub state: String,
    /// Whether it was cancelled.
    pub canceled: bool,
    /// When it was drafted.
    pub created_at: DateTime<Utc>,
    /// When it went on sale.
    pub published_at: Option<DateTime<Utc>>,
}

/// Who coaches an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTrainer {
    /// The event.
    pub event_id: Uuid,
    /// The trainer.
    pub trainer_id: Uuid,
}

/// A tier and its sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventTicket {
    /// The tier.
    pub id: Uuid,
    /// Its event.
    pub event_id: Uuid,
    /// Its place among the event's tiers, from 0.
    pub ordinal: i32,
    /// Its name.
    pub r#type: String,
    /// Price of one ticket.
    pub price_minor_units: i64,
    /// ISO 4217.
    pub currency_code: String,
    /// How many tickets of it can be sold.
    pub capacity: i32,
    /// Tickets sold.
    pub total_amount: i32,
    /// Tickets that wait for their payment.
    pub held: i32,
    /// Whether it was taken off.
    pub deleted: bool,
}

/// A child's part in an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRegistration {
    /// The id of the ticket it came with.
    pub id: Uuid,
    /// The event.
    pub event_id: Uuid,
    /// The child.
    pub child_id: Uuid,
    /// PENDING, PAID or CANCELED.
    pub status: String,
}

/// A ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The ticket.
    pub id: Uuid,
    /// The hold it came from.
    pub hold_id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// The event.
    pub event_id: Uuid,
    /// The tier.
    pub event_ticket_id: Uuid,
    /// The child.
    pub child_id: Uuid,
    /// Its price.
    pub price_minor_units: i64,
    /// ISO 4217.
    pub currency_code: String,
    /// The tier's name.
    pub r#type: String,
    /// How many it stands for.
    pub capacity: i32,
    /// PENDING, ACTIVE or CANCELED.
    pub status: String,
    /// What paid for it.
    pub payment_id: Option<Uuid>,
    /// When its hold runs out.
    pub hold_expires_at: DateTime<Utc>,
    /// When it was taken.
    pub held_at: DateTime<Utc>,
}

/// Which child uses a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserTicket {
    /// The id of the ticket.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// The ticket.
    pub ticket_id: Uuid,
    /// The tier.
    pub event_ticket_id: Uuid,
    /// The child.
    pub child_id: Uuid,
    /// As the ticket's.
    pub status: String,
    /// The refund that took it back.
    pub refund_id: Option<Uuid>,
}

/// Where a hold belongs and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketHold {
    /// The hold.
    pub id: Uuid,
    /// The event.
    pub event_id: Uuid,
    /// Who holds.
    pub user_id: Uuid,
    /// What has to be paid.
    pub total_minor_units: i64,
    /// ISO 4217.
    pub currency_code: String,
    /// HELD, CONFIRMED or EXPIRED.
    pub state: String,
    /// What paid for it.
    pub payment_id: Option<Uuid>,
    /// When it runs out.
    pub expires_at: DateTime<Utc>,
}

/// Whose child it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildRow {
    /// The child.
    pub child_id: Uuid,
    /// The user who answers for it.
    pub guardian_id: Uuid,
    /// Takes part in nothing new.
    pub archived: bool,
}

/// A venue's zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationRow {
    /// The venue.
    pub location_id: Uuid,
    /// IANA zone.
    pub time_zone: String,
}
