//! Reading what other services tell: their public events, checked as they come in.

use chrono::{DateTime, Utc};
use contracts::{common::v1::Money as MoneyMessage, log::v1::Envelope, wire};
use eventsourcing::DecodeError;
use prost::Message;
use prost_types::Timestamp;
use uuid::Uuid;

use crate::domain::Money;

/// The payload of an envelope.
pub fn decode<M: Message + Default>(envelope: &Envelope) -> Result<M, DecodeError> {
    M::decode(envelope.payload.as_slice())
        .map_err(|error| Remote(envelope).malformed("payload", error))
}

/// The envelope that fields are read from, so that an error names the event.
#[derive(Clone, Copy)]
pub struct Remote<'a>(pub &'a Envelope);

impl Remote<'_> {
    /// An id.
    pub fn uuid(self, field: &str, value: &str) -> Result<Uuid, DecodeError> {
        Uuid::parse_str(value).map_err(|error| self.malformed(field, error))
    }

    /// An amount of money, which must be there.
    pub fn money(self, field: &str, value: Option<&MoneyMessage>) -> Result<Money, DecodeError> {
        let value = value.ok_or_else(|| self.malformed(field, "is missing"))?;
        Money::new(value.minor_units, &value.currency_code)
            .map_err(|error| self.malformed(field, error))
    }

    /// An instant, which must be there.
    pub fn instant(
        self,
        field: &str,
        value: Option<&Timestamp>,
    ) -> Result<DateTime<Utc>, DecodeError> {
        let instant = value.and_then(wire::instant);
        instant.ok_or_else(|| self.malformed(field, "is no instant"))
    }

    fn malformed(self, field: &str, reason: impl std::fmt::Display) -> DecodeError {
        DecodeError {
            event_type: self.0.event_type.clone(),
            event_version: "public".to_owned(),
            position: self.0.position,
            reason: format!("{field}: {reason}"),
        }
    }
}
