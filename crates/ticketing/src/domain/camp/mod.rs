//! An event and the whole of its sale: tiers, holds and registrations. In the code it is a camp,
//! the most frequent kind of event, because an event is also what happens to an aggregate; in the
//! log, in the API and in the tables it is an event.
//!
//! One aggregate holds all of it, so that no seat is sold twice and no child registered twice
//! without any coordination. Every decision costs as much as it has lines: the state keeps maps
//! by tier, hold and child, and nothing is ever scanned.
//!
//! ```text
//! Create -> DRAFT -- Publish --> PUBLISHED, on sale until it starts
//!
//! Hold -> HELD ---- SettleHold ----> CONFIRMED
//!           |                            ^
//!           | ExpireHold                 | SettleHold: reinstated, if the places are still free
//!           '------> EXPIRED ------------'
//! ```
//!
//! A hold without anything to pay is CONFIRMED at once.

mod aggregate;
mod command;
mod draft;
mod error;
mod event;
#[cfg(test)]
mod properties;
mod sale;
mod state;
#[cfg(test)]
mod tests;

pub use aggregate::Camp;
pub use command::{CampCommand, Hold, Line};
pub use draft::{Day, Draft, EventType, SkillLevel, TicketTier};
pub use error::CampError;
pub use event::{CampEvent, EventCreated, HeldTicket};
pub use state::{EventState, HoldState, TicketStatus};
