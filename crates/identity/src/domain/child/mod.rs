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
    Acting, Action, ChildCommand, CustomAllergen, MedicalChanges, MedicalField, Player,
    PlayerChanges, PolicyVersion, Purpose, SkillLevel,
};
pub use error::ChildError;
pub use event::ChildEvent;
#[cfg(test)]
pub(crate) use transfer::OFFER;
