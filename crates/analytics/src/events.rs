//! The public events of the four services, as they come in.

use chrono::{DateTime, SubsecRound, Utc};
use contracts::log::v1::Envelope;
use contracts::{identity, payments, scheduling, ticketing, wire};
use eventsourcing::DecodeError;
use prost::Message;

/// The services whose events make the statistics, by the names of their logs.
pub const SOURCES: [&str; 4] = ["identity", "scheduling", "ticketing", "payments"];

/// A public event of one of the four services.
#[derive(Clone, Debug, PartialEq)]
pub enum PublicEvent {
    /// Of identity.
    Identity(identity::events::v1::identity_event::Event),
    /// Of scheduling.
    Scheduling(scheduling::events::v1::scheduling_event::Event),
    /// Of ticketing.
    Ticketing(ticketing::events::v1::ticketing_event::Event),
    /// Of payments.
    Payments(payments::events::v1::payments_event::Event),
}

/// Decodes an envelope of any of the four services. An event of a kind that this version does
/// not know is no part of its statistics: `None`.
pub fn decode(envelope: &Envelope) -> Result<Option<PublicEvent>, DecodeError> {
    let payload = envelope.payload.as_slice();
    let event = match envelope.service.as_str() {
        "identity" => read::<identity::events::v1::IdentityEvent>(envelope, payload)?
            .event
            .map(PublicEvent::Identity),
        "scheduling" => read::<scheduling::events::v1::SchedulingEvent>(envelope, payload)?
            .event
            .map(PublicEvent::Scheduling),
        "ticketing" => read::<ticketing::events::v1::TicketingEvent>(envelope, payload)?
            .event
            .map(PublicEvent::Ticketing),
        "payments" => read::<payments::events::v1::PaymentsEvent>(envelope, payload)?
            .event
            .map(PublicEvent::Payments),
        _ => None,
    };
    Ok(event)
}

fn read<M: Message + Default>(envelope: &Envelope, payload: &[u8]) -> Result<M, DecodeError> {
    M::decode(payload).map_err(|error| DecodeError {
        event_type: envelope.event_type.clone(),
        event_version: envelope.service.clone(),
        position: envelope.position,
        reason: error.to_string(),
    })
}

/// The instant of a timestamp of the contract, if it is one; to the microsecond, so that it is
/// the same in memory as in a table.
pub(crate) fn instant(timestamp: Option<&prost_types::Timestamp>) -> Option<DateTime<Utc>> {
    wire::instant(timestamp?).map(|instant| instant.trunc_subsecs(6))
}
