//! A window of a trainer with its slots. Windows of a trainer never overlap, by claim.

mod aggregate;
mod command;
mod error;
mod event;
#[cfg(test)]
mod tests;

pub use aggregate::Schedule;
pub use command::ScheduleCommand;
pub use error::ScheduleError;
pub use event::{ScheduleEvent, Slot, WINDOW_SCOPE};
