use chrono::{DateTime, Utc};
use uuid::Uuid;
use values::{LocationId, Money, TrainerId};

/// What can be asked of a trainer's calendar.
#[derive(Debug, Clone)]
pub enum TrainerCalendarCommand {
    /// Let the trainer offer slots at a location.
    AssignLocation {
        trainer_id: TrainerId,
        /// An existing location.
        location_id: LocationId,
        now: DateTime<Utc>,
    },
    /// Set the price of a session for a number of children.
    SetGroupPrice {
        trainer_id: TrainerId,
        /// Id of the row, should there be none for that number yet.
        group_price_id: Uuid,
        /// Number of distinct children, two or more.
        participants: u32,
        /// What all of them pay together.
        price: Money,
        /// The currency of the trainer's price per hour.
        trainer_currency: String,
        now: DateTime<Utc>,
    },
}
