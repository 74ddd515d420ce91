//! The folds from events to read tables.

mod calendar;
mod reference;
mod sessions;
#[cfg(test)]
mod tests;

pub use calendar::{
    Calendar, CalendarTables, GroupDiscountRow, LocationRow, ScheduleRow, SlotRow, SlotStatus,
    TrainerLocationRow,
};
pub use reference::{KnownChildRow, KnownTrainerRow, Reference, ReferenceEvent, ReferenceTables};
pub use sessions::{ParticipantRow, SessionRow, Sessions, SessionsTables};

use eventsourcing::FoldError;
use uuid::Uuid;

/// The id of an aggregate as a column has it.
fn id(aggregate_id: &str) -> Result<Uuid, FoldError> {
    Uuid::parse_str(aggregate_id).map_err(|_| FoldError::new(format!("{aggregate_id} is no UUID")))
}
