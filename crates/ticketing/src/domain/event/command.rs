//! What can be asked of an event. Ids, time and policies come in with the command.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::event::{Day, EventType, SkillLevel};
use crate::domain::{
    ChildId, EventId, HoldId, LocationId, Money, PaymentId, TicketId, TierId, TrainerId, UserId,
};

/// What can be asked of an event.
#[derive(Clone, Debug)]
pub enum EventCommand {
    /// Draft it.
    Create(Box<CreateEvent>),
    /// Put it on sale.
    Publish {
        /// Now.
        at: DateTime<Utc>,
    },
    /// Take places, all or none.
    Hold(HoldTickets),
    /// Let go of a hold whose time is over.
    ExpireHold {
        /// The hold.
        hold_id: HoldId,
        /// Now.
        at: DateTime<Utc>,
    },
    /// Bring a hold together with a payment that succeeded for it.
    SettleHold {
        /// The hold.
        hold_id: HoldId,
        /// The payment.
        payment_id: PaymentId,
        /// Now.
        at: DateTime<Utc>,
    },
}

/// Draft an event.
#[derive(Clone, Debug)]
pub struct CreateEvent {
    /// Its id.
    pub event_id: EventId,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// What kind it is.
    pub event_type: EventType,
    /// Where it takes place.
    pub location_id: LocationId,
    /// IANA zone of the location.
    pub time_zone: String,
    /// The first day in that zone.
    pub start_date: NaiveDate,
    /// The last day in that zone.
    pub end_date: NaiveDate,
    /// When each day begins, local.
    pub start_time: NaiveTime,
    /// When each day ends, local.
    pub end_time: NaiveTime,
    /// Every day resolved to instants, in order, at least one.
    pub days: Vec<Day>,
    /// How many children can take part, over all tiers.
    pub max_participants: u32,
    /// Youngest age allowed.
    pub min_age: Option<u32>,
    /// Oldest age allowed.
    pub max_age: Option<u32>,
    /// Skill levels it is for; empty means all.
    pub skill_levels: Vec<SkillLevel>,
    /// The trainers who coach it.
    pub trainer_ids: Vec<TrainerId>,
    /// Its tiers, in order, at least one, of one currency.
    pub tiers: Vec<NewTier>,
    /// Now.
    pub at: DateTime<Utc>,
}

/// A tier to be created with its event.
#[derive(Clone, Debug)]
pub struct NewTier {
    /// Its id.
    pub tier_id: TierId,
    /// Its name, unique among the event's tiers.
    pub name: String,
    /// Price of one ticket.
    pub price: Money,
    /// How many tickets of it can be sold.
    pub capacity: u32,
}

/// Take places.
#[derive(Clone, Debug)]
pub struct HoldTickets {
    /// The hold's id.
    pub hold_id: HoldId,
    /// Who takes them.
    pub parent_id: UserId,
    /// For whom, at least one; the children are the parent's.
    pub lines: Vec<Line>,
    /// When the hold runs out.
    pub expires_at: DateTime<Utc>,
    /// Now.
    pub at: DateTime<Utc>,
}

/// One ticket asked for.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The ticket's id, should it be granted.
    pub ticket_id: TicketId,
    /// The tier.
    pub tier_id: TierId,
    /// The child.
    pub child_id: ChildId,
}
