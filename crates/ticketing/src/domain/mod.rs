//! What ticketing decides: pure, without a database, a network or a clock.

pub mod event;
mod ids;
mod money;

use eventsourcing::{Aggregate, DecodeError, RecordedEvent};

pub use ids::{
    ChildId, EventId, HoldId, LocationId, PaymentId, TicketId, TierId, TrainerId, UserId,
};
pub use money::Money;

use event::{Event, EventEvent};

/// An event of ticketing's log, whichever aggregate it happened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TicketingLogEvent {
    /// It happened to an [`Event`].
    Event(EventEvent),
}

impl TicketingLogEvent {
    /// Reads a recorded event; `None` when its aggregate is not one of ticketing's.
    ///
    /// # Errors
    /// When the payload is not of this program's vocabulary.
    pub fn decode(recorded: &RecordedEvent) -> Result<Option<Self>, DecodeError> {
        if recorded.aggregate_type == Event::TYPE {
            recorded.decode().map(Self::Event).map(Some)
        } else {
            Ok(None)
        }
    }
}
