//! From private events to public ones. A match over every event, from its fields alone: a replay
//! publishes the same bytes.

mod camp;

use eventsourcing::{DecodeError, Published, RecordedEvent};

use crate::domain::TicketingLogEvent;

/// The public event of a recorded one; all of them have one.
pub fn publish(recorded: &RecordedEvent) -> Result<Option<Published>, DecodeError> {
    let public_event = |TicketingLogEvent::Camp(event): &_| camp::camp(event);
    Ok(TicketingLogEvent::decode(recorded)?
        .as_ref()
        .map(public_event)
        .map(Published::of))
}

#[cfg(test)]
mod tests;
