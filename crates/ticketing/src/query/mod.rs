//! From read tables to rows. Lists are cut by the key that they are sorted by.

mod events;
mod tickets;

pub use events::{EventCursor, EventFilter, EventView, event, events};
pub use tickets::{HoldView, TicketFilter, ticket, ticket_hold, tickets};
