use chrono::{DateTime, Utc};
use eventsourcing::{ClaimingEvent, DomainEvent};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use values::{LocationId, Money, TrainerId};

/// What happened to a trainer's calendar.
#[derive(
    Debug, Clone, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames,
)]
pub enum TrainerCalendarEvent {
    /// The trainer works at a location.
    TrainerLocationAssigned {
        trainer_id: TrainerId,
        location_id: LocationId,
        assigned_at: DateTime<Utc>,
    },
    /// A session for so many children has a price.
    GroupPriceSet {
        trainer_id: TrainerId,
        /// The row, one per number of children.
        group_price_id: Uuid,
        /// Number of distinct children.
        participants: u32,
        /// What all of them pay together.
        price: Money,
        set_at: DateTime<Utc>,
    },
}

impl DomainEvent for TrainerCalendarEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl ClaimingEvent for TrainerCalendarEvent {}
