//! A trainer's profile: what parents see before they book.

mod aggregate;
mod command;
mod error;
mod event;
#[cfg(test)]
mod tests;

pub use aggregate::Trainer;
pub use command::{CreateTrainer, Profile, TrainerCommand};
pub use error::TrainerError;
pub use event::TrainerEvent;
