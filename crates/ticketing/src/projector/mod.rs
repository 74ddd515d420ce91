//! Events to rows: one file per read table family.

mod children;
mod listings;
mod locations;
mod rows;
mod sales;
mod tickets;

#[cfg(test)]
mod tests;

use contracts::log::v1::Envelope;
use eventsourcing::DecodeError;

pub use children::{ChildEvent, Children};
pub use locations::Locations;
pub use rows::{EventListing, EventTicket, LocationRow, Ticket};
pub use sales::Sales;

/// Says why another service's event cannot be read.
pub(crate) fn unreadable(envelope: &Envelope, reason: &impl ToString) -> DecodeError {
    DecodeError {
        event_type: envelope.event_type.clone(),
        event_version: "public".to_owned(),
        position: envelope.position,
        reason: reason.to_string(),
    }
}
