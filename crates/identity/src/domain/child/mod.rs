//! A child that sessions and events are booked for.

mod aggregate;
mod command;
mod error;
mod event;
#[cfg(test)]
mod tests;

pub use aggregate::Child;
pub use command::{AddChild, ChildCommand, Consent, Player, SkillLevel};
pub use error::ChildError;
pub use event::ChildEvent;
