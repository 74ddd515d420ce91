use chrono::{DateTime, Utc};

use eventsourcing::{ClaimingEvent, DomainEvent};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};

use super::{Profile, ProfileChanges, Terms};
use crate::domain::values::UserId;

/// What has happened to a trainer's profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
#[expect(
    clippy::enum_variant_names,
    reason = "the names of the events in the log"
)]
pub enum TrainerEvent {
    TrainerCreated {
        trainer_id: UserId,
        profile: Profile,
        terms: Terms,
        created_at: DateTime<Utc>,
    },
    /// The profile or the terms changed.
    TrainerUpdated {
        trainer_id: UserId,
        profile: ProfileChanges,
        /// All terms from now on, so that a reader of the event needs no earlier one.
        terms: Terms,
        updated_at: DateTime<Utc>,
    },
    /// What the profile said of the trainer was forgotten.
    TrainerErased {
        trainer_id: UserId,
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
