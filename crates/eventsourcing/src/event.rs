//! An event as it stands in the log.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use sqlx::{Row, postgres::PgRow};
use uuid::Uuid;

use crate::{error::DecodeError, upcast::Upcasters};

/// One event of the log, its payload in the present version of its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Place in the log, from 1, gapless, in commit order.
    pub position: i64,
    /// Identifies the event for ever.
    pub event_id: Uuid,
    /// When its batch was appended, never before that of an earlier position.
    pub recorded_at: DateTime<Utc>,
    /// Type of the aggregate it happened to.
    pub aggregate_type: String,
    /// Id of the aggregate it happened to.
    pub aggregate_id: String,
    /// Its number in the aggregate, from 1.
    pub sequence: i64,
    /// Stable name of the event.
    pub event_type: String,
    /// Version of its payload.
    pub event_version: String,
    /// The payload is JSON text.
    pub payload: String,
    /// The command that emitted it.
    pub command_id: Uuid,
    /// Who gave the command.
    pub actor: String,
    /// The same for everything that follows from one call at the edge.
    pub correlation_id: Uuid,
    /// The event that caused the command, if an event did.
    pub causation_id: Option<Uuid>,
    /// W3C `traceparent` of the call that gave the command.
    pub trace_context: Option<String>,
}

/// The columns that [`RecordedEvent::from_row`] reads, in its order.
pub(crate) const COLUMNS: &str = "position, event_id, recorded_at, aggregate_type, aggregate_id, sequence, \
    event_type, event_version, payload::text, command_id, actor, correlation_id, causation_id, trace_context";

impl RecordedEvent {
    /// The payload as a value of an event type.
    pub fn decode<E: DeserializeOwned>(&self) -> Result<E, DecodeError> {
        serde_json::from_str(&self.payload)
            .map_err(|error| self.unreadable(&without_values(&error)))
    }

    /// Says why this event cannot be read.
    pub fn unreadable(&self, reason: &impl ToString) -> DecodeError {
        DecodeError {
            event_type: self.event_type.clone(),
            event_version: self.event_version.clone(),
            position: self.position,
            reason: reason.to_string(),
        }
    }

    pub(crate) fn from_row(row: &PgRow, upcasters: &Upcasters) -> Result<Self, crate::LogError> {
        let event = Self {
            position: row.try_get(0)?,
            event_id: row.try_get(1)?,
            recorded_at: row.try_get(2)?,
            aggregate_type: row.try_get(3)?,
            aggregate_id: row.try_get(4)?,
            sequence: row.try_get(5)?,
            event_type: row.try_get(6)?,
            event_version: row.try_get(7)?,
            payload: row.try_get(8)?,
            command_id: row.try_get(9)?,
            actor: row.try_get(10)?,
            correlation_id: row.try_get(11)?,
            causation_id: row.try_get(12)?,
            trace_context: row.try_get(13)?,
        };
        event.upcast(upcasters)
    }

    fn upcast(mut self, upcasters: &Upcasters) -> Result<Self, crate::LogError> {
        let version = std::mem::take(&mut self.event_version);
        let payload = std::mem::take(&mut self.payload);
        match upcasters.apply(&self.event_type, version, payload) {
            Ok((version, payload)) => {
                self.event_version = version;
                self.payload = payload;
                Ok(self)
            }
            Err(error) => Err(self.unreadable(&without_values(&error)).into()),
        }
    }
}

/// What is wrong with a payload and where, without quoting it: it may hold personal data.
pub(crate) fn without_values(error: &serde_json::Error) -> String {
    format!("{:?} error in column {}", error.classify(), error.column())
}
