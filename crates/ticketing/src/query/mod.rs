//! Read tables to rows.

mod events;
mod reference;
mod tickets;

pub use events::{EventCursor, EventFilter, EventView, event, events};
pub use reference::{event_of_hold, guardians, time_zone};
pub use tickets::{TicketFilter, tickets};
