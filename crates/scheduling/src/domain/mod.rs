//! What scheduling decides, and nothing else: no database, no network, no clock. Ids,
//! instants, prices and policies come in with the command.

pub mod location;
#[cfg(test)]
mod samples;
pub mod schedule;
pub mod session;
pub mod trainer_calendar;

use eventsourcing::{Decide as _, DecodeError, RecordedEvent};

use location::{Location, LocationEvent};
use schedule::{Schedule, ScheduleEvent};
use session::{Session, SessionEvent};
use trainer_calendar::{TrainerCalendar, TrainerCalendarEvent};

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
            Location::TYPE => recorded.decode().map(Self::Location),
            TrainerCalendar::TYPE => recorded.decode().map(Self::TrainerCalendar),
            Schedule::TYPE => recorded.decode().map(Self::Schedule),
            Session::TYPE => recorded
                .decode()
                .map(|event| Self::Session(Box::new(event))),
            _ => Err(recorded.unreadable(&"unknown aggregate type")),
        }
        .map(Some)
    }
}
