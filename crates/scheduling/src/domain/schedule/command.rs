use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use values::{Interval, LocationId, ScheduleId, TrainerId};

use super::Slot;

/// What can be asked of a schedule.
#[derive(Debug, Clone)]
pub enum ScheduleCommand {
    /// Open the window with all its slots.
    Open {
        schedule_id: ScheduleId,
        trainer_id: TrainerId,
        window: Interval,
        /// Where its slots are to be.
        locations: BTreeSet<LocationId>,
        /// Its slots, in any order.
        slots: Vec<Slot>,
        /// Where the trainer works at the moment.
        assigned_locations: BTreeSet<LocationId>,
        now: DateTime<Utc>,
    },
}
