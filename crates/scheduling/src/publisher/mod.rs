//! From private events to public ones. A match over every event, from its fields alone: a replay
//! publishes the same bytes.

mod location;
mod schedule;
mod session;
mod trainer_calendar;

use contracts::scheduling::events::v1::scheduling_event::Event;
use eventsourcing::{DecodeError, Published, RecordedEvent};

use crate::domain::SchedulingLogEvent;

/// The public event of a recorded one, if it has one.
pub fn publish(recorded: &RecordedEvent) -> Result<Option<Published>, DecodeError> {
    Ok(SchedulingLogEvent::decode(recorded)?
        .as_ref()
        .and_then(public_event)
        .map(Published::of))
}

fn public_event(event: &SchedulingLogEvent) -> Option<Event> {
    match event {
        SchedulingLogEvent::Location(event) => Some(location::location(event)),
        SchedulingLogEvent::TrainerCalendar(event) => trainer_calendar::trainer_calendar(event),
        SchedulingLogEvent::Schedule(event) => Some(schedule::schedule(event)),
        SchedulingLogEvent::Session(event) => session::session(event),
    }
}

#[cfg(test)]
mod tests;
