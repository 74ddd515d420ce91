//! From private events to public ones. A match over every event, from its fields alone: a replay
//! publishes the same bytes.

mod payment;

use contracts::payments::events::v1::payments_event::Event;
use eventsourcing::{DecodeError, Published, RecordedEvent};

use crate::domain::PaymentsLogEvent;

/// The public event of a recorded one, if it has one.
pub fn publish(recorded: &RecordedEvent) -> Result<Option<Published>, DecodeError> {
    Ok(PaymentsLogEvent::decode(recorded)?
        .as_ref()
        .and_then(public_event)
        .map(Published::of))
}

fn public_event(event: &PaymentsLogEvent) -> Option<Event> {
    match event {
        PaymentsLogEvent::Payment(event) => payment::payment(event),
    }
}
