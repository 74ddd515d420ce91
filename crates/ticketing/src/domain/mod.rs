//! What ticketing decides, and nothing else: no database, no network, no clock. Ids, instants and
//! prices come in with the command.

pub mod camp;

use eventsourcing::{Decide as _, DecodeError, RecordedEvent};
use values::UserId;

use camp::{Camp, CampEvent};

/// On whose behalf somebody takes places or looks at tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acting {
    /// This parent, who sees their own tickets.
    Parent(UserId),
    /// Any admin, who sees all of them.
    Admin,
}

/// Any event of ticketing's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TicketingLogEvent {
    /// Of an event and its sale.
    Camp(CampEvent),
}

impl TicketingLogEvent {
    /// Reads an event of the log by the type of its aggregate. All of them are of interest.
    pub fn decode(recorded: &RecordedEvent) -> Result<Option<Self>, DecodeError> {
        match recorded.aggregate_type.as_str() {
            Camp::TYPE => recorded.decode().map(Self::Camp),
            _ => Err(recorded.unreadable(&"unknown aggregate type")),
        }
        .map(Some)
    }
}
