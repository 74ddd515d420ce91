//! A child that sessions and events are booked for.

mod aggregate;
mod command;
mod consents;
mod error;
mod event;
mod medical;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
mod transfer;

pub use aggregate::Child;
pub use command::{
    Action, By, ChildCommand, CustomAllergen, MedicalChanges, MedicalField, Player, PlayerChanges,
    PolicyVersion, PolicyVersionError, Purpose, SkillLevel,
};
pub use error::ChildError;
pub use event::ChildEvent;
pub use transfer::OFFER;
