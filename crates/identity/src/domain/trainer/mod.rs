//! A trainer's profile: what parents see before they book.

mod aggregate;
mod command;
mod error;
mod event;
mod profile;
#[cfg(test)]
mod tests;

pub use aggregate::Trainer;
pub use command::{CreateTrainer, TrainerCommand, UpdateTrainer};
pub use error::TrainerError;
pub use event::TrainerEvent;
pub use profile::{Contacts, Profile, ProfileChanges, Searchable, Source, TermChanges, Terms};
