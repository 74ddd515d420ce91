use chrono::{DateTime, Utc};
use eventsourcing::{Claim, ClaimChange, ClaimingEvent, DomainEvent};
use serde::{Deserialize, Serialize};
use values::{Interval, LocalTimes, LocationId, ScheduleId, SlotId, TrainerId};

/// The scope of the claim on a trainer's window.
pub const WINDOW_SCOPE: &str = "trainer.window";

/// What happened to a schedule.
#[derive(
    Debug, Clone, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames,
)]
pub enum ScheduleEvent {
    /// The window was opened.
    ScheduleOpened {
        schedule_id: ScheduleId,
        trainer_id: TrainerId,
        window: Interval,
        /// Its slots, by start.
        slots: Vec<Slot>,
        opened_at: DateTime<Utc>,
    },
}

/// A time at which the trainer can be booked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    pub slot_id: SlotId,
    pub location_id: LocationId,
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
