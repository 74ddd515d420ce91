//! Reading the public events of other services, checked as they come in.

use std::fmt::Display;

use chrono::{DateTime, SubsecRound as _, Utc};
use contracts_core::{
    EventKind, EventsMessage, common::v1::Money as MoneyMessage, log::v1::Envelope, wire,
};
use prost::Message as _;
use prost_types::Timestamp;
use uuid::Uuid;
use values::Money;

use crate::DecodeError;

/// The circumstances of a public event, for reading its fields: whatever is malformed becomes an
/// error that names the event and the field.
#[derive(Clone, Copy)]
pub struct Received<'a>(&'a Envelope);

impl<'a> Received<'a> {
    /// Reads a public event as a feed does: `None` when `read` needs nothing of it, or this program
    /// does not know it yet.
    pub fn read<V: EventKind, E>(
        envelope: &'a Envelope,
        read: fn(Received<'_>, V) -> Result<Option<E>, DecodeError>,
    ) -> Result<Option<E>, DecodeError> {
        let received = Self(envelope);
        let event = V::Message::decode(envelope.payload.as_slice())
            .map_err(|error| received.malformed("payload", error))?
            .into_event();
        match event {
            Some(event) => read(received, event),
            None => Ok(None),
        }
    }

    /// A required id.
    pub fn id<I: From<Uuid>>(self, field: &str, value: &str) -> Result<I, DecodeError> {
        Uuid::parse_str(value)
            .map(I::from)
            .map_err(|error| self.malformed(field, error))
    }

    /// An id that may be left empty.
    pub fn optional_id<I: From<Uuid>>(
        self,
        field: &str,
        value: &str,
    ) -> Result<Option<I>, DecodeError> {
        (!value.is_empty())
            .then(|| self.id(field, value))
            .transpose()
    }

    /// Every id of a list.
    pub fn ids<I: From<Uuid>>(self, field: &str, values: &[String]) -> Result<Vec<I>, DecodeError> {
        values.iter().map(|value| self.id(field, value)).collect()
    }

    /// A required amount of money.
    pub fn money(self, field: &str, value: Option<&MoneyMessage>) -> Result<Money, DecodeError> {
        let value = value.ok_or_else(|| self.malformed(field, "is missing"))?;
        Money::new(&value.currency_code, value.minor_units)
            .map_err(|error| self.malformed(field, error))
    }

    /// A required instant, to the microsecond: the same in memory as in a table.
    pub fn instant(
        self,
        field: &str,
        value: Option<&Timestamp>,
    ) -> Result<DateTime<Utc>, DecodeError> {
        let instant = value.and_then(wire::instant);
        let instant = instant.ok_or_else(|| self.malformed(field, "is no instant"))?;
        Ok(instant.trunc_subsecs(6))
    }

    /// Says that a field has no meaning.
    pub fn malformed(self, field: &str, reason: impl Display) -> DecodeError {
        DecodeError {
            event_type: self.0.event_type.clone(),
            event_version: "public".to_owned(),
            position: self.0.position,
            reason: format!("{field}: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_as_exact_as_a_table() {
        let envelope = Envelope::default();
        let read = |nanos| {
            let at = Timestamp { seconds: 7, nanos };
            Received(&envelope).instant("at", Some(&at))
        };
        let exact = read(123_456_789).unwrap();
        assert_eq!(exact, DateTime::from_timestamp(7, 123_456_000).unwrap());
        let error = read(-1).unwrap_err();
        assert_eq!(error.reason, "at: is no instant");
    }
}
