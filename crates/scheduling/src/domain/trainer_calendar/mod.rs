//! Where a trainer works, and what groups of which size cost. Its id is the trainer's.

mod aggregate;
mod command;
mod error;
mod event;
#[cfg(test)]
mod tests;

pub use aggregate::TrainerCalendar;
pub use command::TrainerCalendarCommand;
pub use error::TrainerCalendarError;
pub use event::TrainerCalendarEvent;
