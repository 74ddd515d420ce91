use chrono::{DateTime, Utc};
use eventsourcing::{Claim, ClaimChange, ClaimingEvent, DomainEvent};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Interval, LocalTimes};

/// The scope of the claim on a trainer's window.
pub const WINDOW_SCOPE: &str = "trainer.window";

/// What happened to a schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, strum::IntoStaticStr)]
pub enum ScheduleEvent {
    /// The window was opened.
    ScheduleOpened {
        /// Whose window it is.
        trainer_id: Uuid,
        /// From when to when.
        window: Interval,
        /// Its slots, by start.
        slots: Vec<Slot>,
        /// When it was opened.
        opened_at: DateTime<Utc>,
    },
}

/// A time at which the trainer can be booked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// Its id.
    pub slot_id: Uuid,
    /// Where.
    pub location_id: Uuid,
    /// From when to when.
    pub time: Interval,
    /// The local times it was resolved from.
    pub local: LocalTimes,
}

impl DomainEvent for ScheduleEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl ClaimingEvent for ScheduleEvent {
    fn claims(&self, _aggregate_id: &str) -> Vec<ClaimChange> {
        match self {
            Self::ScheduleOpened {
                trainer_id, window, ..
            } => vec![ClaimChange::Acquire(Claim::Interval {
                scope: WINDOW_SCOPE,
                key: trainer_id.to_string(),
                from: window.from(),
                to: window.to(),
            })],
        }
    }
}
