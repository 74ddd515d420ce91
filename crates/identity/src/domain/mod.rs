//! What identity decides: pure, without a clock, a database or a wire format.

pub mod child;
#[cfg(test)]
pub(crate) mod samples;
pub mod trainer;
pub mod user;
pub mod values;

use eventsourcing::{Decide as _, DecodeError, RecordedEvent};

use child::{Child, ChildEvent};
use trainer::{Trainer, TrainerEvent};
use user::{User, UserEvent};

/// Any event of identity's log.
#[derive(Clone, Debug, PartialEq)]
pub enum IdentityLogEvent {
    User(UserEvent),
    Trainer(TrainerEvent),
    Child(ChildEvent),
}

impl IdentityLogEvent {
    /// Reads an event of the log by the type of its aggregate. All of them are of interest.
    pub fn decode(recorded: &RecordedEvent) -> Result<Option<Self>, DecodeError> {
        match recorded.aggregate_type.as_str() {
            User::TYPE => recorded.decode().map(Self::User),
            Trainer::TYPE => recorded.decode().map(Self::Trainer),
            Child::TYPE => recorded.decode().map(Self::Child),
            _ => Err(recorded.unreadable(&"unknown aggregate type")),
        }
        .map(Some)
    }
}
