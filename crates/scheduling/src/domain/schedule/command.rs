use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Slot;
use crate::domain::Interval;

/// What can be asked of a schedule.
#[derive(Debug, Clone)]
pub enum ScheduleCommand {
    /// Open the window with all its slots.
    Open {
        /// Whose window it is.
        trainer_id: Uuid,
        /// From when to when.
        window: Interval,
        /// Its slots, in any order.
        slots: Vec<Slot>,
        /// Where the trainer works at the moment.
        assigned_locations: BTreeSet<Uuid>,
        /// The moment of the command.
        now: DateTime<Utc>,
    },
}
