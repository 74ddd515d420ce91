use chrono::{DateTime, Utc};
use values::LocationId;

/// Why a schedule refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The window was opened before.
    #[error("the window is open already")]
    AlreadyOpen,
    /// A window without a slot has no use.
    #[error("the window has no slots")]
    NoSlots,
    /// A slot is at a location to which the trainer is not assigned.
    #[error("the trainer does not work at location {location_id}")]
    LocationNotAssigned { location_id: LocationId },
    /// A slot reaches out of the window.
    #[error("the slot at {starts_at} is not inside the window")]
    OutsideWindow {
        /// Start of that slot.
        starts_at: DateTime<Utc>,
    },
    /// A slot has begun: nobody can book it.
    #[error("the slot at {starts_at} lies in the past")]
    SlotPast {
        /// Start of that slot.
        starts_at: DateTime<Utc>,
    },
    #[error("the slots at {first} and {second} overlap")]
    SlotsOverlap {
        /// Start of the earlier one.
        first: DateTime<Utc>,
        /// Start of the later one.
        second: DateTime<Utc>,
    },
}
