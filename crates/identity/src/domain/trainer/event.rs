use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use eventsourcing::ClaimingEvent;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use super::{Profile, ProfileChanges, Terms};
use crate::domain::values::UserId;

/// What has happened to a trainer's profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, IntoStaticStr)]
#[expect(
    clippy::enum_variant_names,
    reason = "the names of the events in the log"
)]
pub enum TrainerEvent {
    /// It was created.
    TrainerCreated {
        /// The trainer, which is the user's id.
        trainer_id: UserId,
        /// What the profile says.
        profile: Profile,
        /// On what terms the trainer can be booked.
        terms: Terms,
        /// When.
        created_at: DateTime<Utc>,
    },
    /// It says something else.
    TrainerUpdated {
        /// The trainer, which is the user's id.
        trainer_id: UserId,
        /// What changed of what it says.
        profile: ProfileChanges,
        /// The terms from now on, all of them: those who take bookings need no others.
        terms: Terms,
        /// When.
        updated_at: DateTime<Utc>,
    },
    /// What it said of the trainer was forgotten.
    TrainerErased {
        /// The trainer, which is the user's id.
        trainer_id: UserId,
        /// When.
        erased_at: DateTime<Utc>,
    },
}

impl DomainEvent for TrainerEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl ClaimingEvent for TrainerEvent {}
