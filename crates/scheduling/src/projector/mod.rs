//! The folds from events to read tables.

mod calendar;
mod reference;
mod sessions;
#[cfg(test)]
mod tests;

pub use calendar::{Calendar, GroupDiscountRow, LocationRow, ScheduleRow, SlotRow, SlotStatus};
pub use reference::{KnownChildRow, KnownTrainerRow, Reference, ReferenceEvent};
pub use sessions::{SessionRow, Sessions};
