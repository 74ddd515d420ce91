//! Events of ticketing. They end by themselves, so whether they count depends on the time of
//! asking.

use chrono::{DateTime, NaiveDate, Utc};
use eventsourcing::FoldError;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use values::{EventId, TrainerId};

use super::entry::Draft;
use super::{Cause, StatisticsTables};

/// An event of ticketing. Position, log event and recording time are those of the drafting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventRow {
    pub event_id: EventId,
    pub ends_at: DateTime<Utc>,
    pub end_day: NaiveDate,
    pub published_at: Option<DateTime<Utc>>,
    pub position: i64,
    pub log_event_id: Uuid,
    pub recorded_at: DateTime<Utc>,
}

/// A day of an event, with the trainers who coach it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventDayRow {
    pub event_id: EventId,
    pub number: i32,
    pub day: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub trainer_ids: Vec<TrainerId>,
}

eventsourcing::rows! {
    EventRow in "statistic_events" by (event_id: EventId),
    EventDayRow in "statistic_event_days" by (event_id: EventId, number: i32),
}

impl StatisticsTables {
    pub(super) fn draft(&mut self, cause: Cause<'_>, draft: &Draft) {
        let Cause { basis, event, .. } = cause;
        for (number, (starts_at, ends_at)) in (1..).zip(draft.days.iter().copied()) {
            self.event_days.insert(EventDayRow {
                event_id: draft.event_id,
                number,
                day: basis.day(starts_at),
                starts_at,
                ends_at,
                trainer_ids: draft.trainer_ids.clone(),
            });
        }
        self.events.insert(EventRow {
            event_id: draft.event_id,
            ends_at: draft.ends_at,
            end_day: basis.day(draft.ends_at),
            published_at: None,
            position: event.position,
            log_event_id: event.event_id,
            recorded_at: event.recorded_at,
        });
    }

    pub(super) fn publish(
        &mut self,
        event_id: EventId,
        published_at: DateTime<Utc>,
    ) -> Result<(), FoldError> {
        let row = self.events.get_mut(&event_id);
        row.ok_or_else(|| FoldError::missing("event", &event_id))?
            .published_at = Some(published_at);
        Ok(())
    }
}
