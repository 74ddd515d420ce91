//! What scheduling decides, and nothing else: no database, no network, no clock. Ids,
//! instants, prices and policies come in with the command.

pub mod location;
pub mod schedule;
pub mod session;
pub mod trainer_calendar;

use eventsourcing::{DecodeError, RecordedEvent};

use location::LocationEvent;
use schedule::ScheduleEvent;
use session::SessionEvent;
use trainer_calendar::TrainerCalendarEvent;

/// Any event of scheduling's log.
#[derive(Debug, Clone, PartialEq)]
pub enum SchedulingLogEvent {
    Location(LocationEvent),
    /// Of a trainer's locations and group prices.
    TrainerCalendar(TrainerCalendarEvent),
    /// Of a window with its slots.
    Schedule(ScheduleEvent),
    Session(Box<SessionEvent>),
}

impl SchedulingLogEvent {
    /// Reads an event of the log by the type of its aggregate. All of them are of interest.
    pub fn decode(recorded: &RecordedEvent) -> Result<Option<Self>, DecodeError> {
        match recorded.aggregate_type.as_str() {
            location::TYPE => recorded.decode().map(Self::Location),
            trainer_calendar::TYPE => recorded.decode().map(Self::TrainerCalendar),
            schedule::TYPE => recorded.decode().map(Self::Schedule),
            session::TYPE => recorded
                .decode()
                .map(|event| Self::Session(Box::new(event))),
            _ => Err(recorded.unreadable(&"unknown aggregate type")),
        }
        .map(Some)
    }
}
