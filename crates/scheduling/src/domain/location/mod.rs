//! A venue: its name, unique among all, and its zone.

mod aggregate;
mod command;
mod error;
mod event;
#[cfg(test)]
mod tests;

pub use aggregate::Location;
pub use command::LocationCommand;
pub use error::LocationError;
pub use event::{LocationEvent, NAME_SCOPE};
