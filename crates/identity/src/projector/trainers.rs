//! The table `trainers`.

use chrono::{DateTime, Utc};
use eventsourcing::{
    AnyTable, DecodeError, Delivered, FoldError, Projection, RecordedEvent, Row, Table, TableSet,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{
    IdentityLogEvent,
    trainer::{Profile, TrainerEvent},
    values::UserId,
};

/// A row of `trainers`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainerRow {
    /// The trainer, which is the user's id.
    pub user_id: Uuid,
    /// Name on the profile.
    pub first_name: String,
    /// Name on the profile.
    pub last_name: String,
    /// Who the trainer is.
    pub bio: String,
    /// What the trainer has done before.
    pub experience: String,
    /// Addresses of photos.
    pub photos: Vec<String>,
    /// Price of one hour of a single session, minor units.
    pub price_per_hour: i64,
    /// ISO 4217 code of the price.
    pub currency: String,
    /// Usual length of a session, minutes.
    pub session_duration: i32,
    /// Not employed by the platform.
    pub external: bool,
    /// When the profile was created.
    pub created_at: DateTime<Utc>,
}

impl Row for TrainerRow {
    const TABLE: &'static str = "trainers";
    const KEY: &'static [&'static str] = &["user_id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.user_id
    }
}

/// The read tables of [`Trainers`].
#[derive(Default)]
pub struct Tables {
    trainers: Table<TrainerRow>,
}

impl TableSet for Tables {
    fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.trainers]
    }
}

/// Folds trainer profiles.
pub struct Trainers;

impl Trainers {
    /// The events it folds.
    pub fn decode(event: &RecordedEvent) -> Result<Option<TrainerEvent>, DecodeError> {
        match IdentityLogEvent::decode(event)? {
            IdentityLogEvent::Trainer(event) => Ok(Some(event)),
            IdentityLogEvent::User(_) | IdentityLogEvent::Child(_) => Ok(None),
        }
    }
}

impl Projection for Trainers {
    const NAME: &'static str = "trainers";
    const FOLD_VERSION: i32 = 1;
    type Event = TrainerEvent;
    type Tables = Tables;

    fn key(&self, event: &Delivered<TrainerEvent>) -> String {
        event.aggregate_id.clone()
    }

    fn touch(&self, event: &Delivered<TrainerEvent>, tables: &mut Tables) {
        match &event.event {
            TrainerEvent::TrainerCreated { trainer_id, .. } => {
                tables.trainers.touch(trainer_id.uuid());
            }
        }
    }

    fn fold(&self, event: &Delivered<TrainerEvent>, tables: &mut Tables) -> Result<(), FoldError> {
        match event.event.clone() {
            TrainerEvent::TrainerCreated {
                trainer_id,
                profile,
                created_at,
            } => {
                tables.trainers.insert(row(trainer_id, profile, created_at));
            }
        }
        Ok(())
    }
}

fn row(trainer_id: UserId, profile: Profile, created_at: DateTime<Utc>) -> TrainerRow {
    let Profile {
        first_name,
        last_name,
        bio,
        experience,
        photos,
        price_per_hour,
        session_duration_minutes,
        external,
    } = profile;
    TrainerRow {
        user_id: trainer_id.uuid(),
        first_name,
        last_name,
        bio,
        experience,
        photos,
        price_per_hour: price_per_hour.minor_units(),
        currency: price_per_hour.currency().to_owned(),
        session_duration: session_duration_minutes,
        external,
        created_at,
    }
}
