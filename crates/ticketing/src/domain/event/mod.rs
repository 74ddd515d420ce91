//! An event and the whole of its sale: tiers, holds and registrations.
//!
//! One aggregate holds all of it, so that no seat is sold twice and no child registered twice
//! without any coordination. Every decision costs as much as it has lines: the state keeps maps
//! by tier, hold and child, and nothing is ever scanned.

mod aggregate;
mod command;
mod error;
#[expect(
    clippy::module_inception,
    reason = "an aggregate's files have the same names everywhere"
)]
mod event;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use aggregate::{Event, HoldState};
pub use command::{CreateEvent, EventCommand, HoldTickets, Line, NewTier};
pub use error::EventError;
pub use event::{Day, EventCreated, EventEvent, EventType, HeldTicket, SkillLevel, Tier};
