//! From read tables to rows. Lists are cut by the key that they are sorted by.

mod group_prices;
mod locations;
mod schedules;
mod sessions;
mod slots;

pub use group_prices::group_prices;
pub use locations::{LocationCursor, location, locations, trainer_locations};
pub use schedules::{ScheduleFilter, schedules};
pub use sessions::{SessionFilter, session, sessions};
pub use slots::{SlotFilter, available_slots, slot, slots};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::projector::{ScheduleRow, SessionRow, SlotRow};

/// Where a list by start goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartCursor {
    starts_at: DateTime<Utc>,
    id: Uuid,
}

impl StartCursor {
    /// The next page begins after this window.
    pub fn of_schedule(schedule: &ScheduleRow) -> Self {
        Self {
            starts_at: schedule.start_date,
            id: schedule.id.uuid(),
        }
    }

    /// The next page begins after this slot.
    pub fn of_slot(slot: &SlotRow) -> Self {
        Self {
            starts_at: slot.starts_at,
            id: slot.id.uuid(),
        }
    }

    /// The next page begins after this session.
    pub fn of_session(session: &SessionRow) -> Self {
        Self {
            starts_at: session.starts_at,
            id: session.id.uuid(),
        }
    }
}
