//! Tells a session that a payment for it succeeded. What that means, the session decides.
//!
//! ```text
//! PaymentSucceeded (of a session) -> SettleSession, done
//! ```

use contracts::log::v1::Envelope;
use contracts::payments::events::v1::payments_event::Event;
use contracts::payments::events::v1::{PayableKind, PaymentsEvent};
use contracts::scheduling::v1::SettleSessionRequest;
use eventsourcing::{DecodeError, Delivered, Effect, Input, Process};
use prost::Message;

const SERVICE: &str = "scheduling";
const SETTLE: &str = "/divinetime.scheduling.v1.SessionService/SettleSession";

/// A payment of a session succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPaymentSucceeded {
    /// The session.
    pub session_id: String,
    /// The payment.
    pub payment_id: String,
}

impl SessionPaymentSucceeded {
    /// Reads an event of payments; `None` when it is of no interest here.
    pub fn decode(envelope: &Envelope) -> Result<Option<Self>, DecodeError> {
        let event =
            PaymentsEvent::decode(envelope.payload.as_slice()).map_err(|error| DecodeError {
                event_type: envelope.event_type.clone(),
                event_version: "public".to_owned(),
                position: envelope.position,
                reason: error.to_string(),
            })?;
        match event.event {
            Some(Event::PaymentSucceeded(it)) if it.payable_kind() == PayableKind::Session => {
                Ok(Some(Self {
                    session_id: it.payable_id,
                    payment_id: it.payment_id,
                }))
            }
            _ => Ok(None),
        }
    }
}

/// One instance per payment, done at once.
pub struct SessionPayment;

impl Process for SessionPayment {
    const NAME: &'static str = "session_payment";
    type Event = SessionPaymentSucceeded;
    type State = ();

    fn key(&self, event: &Delivered<SessionPaymentSucceeded>) -> Option<String> {
        Some(event.event.payment_id.clone())
    }

    fn react(&self, _state: &mut (), input: Input<'_, SessionPaymentSucceeded>) -> Vec<Effect> {
        match input {
            Input::Timer { .. } => vec![],
            Input::Event(delivered) => {
                let SessionPaymentSucceeded {
                    session_id,
                    payment_id,
                } = delivered.event.clone();
                let settle = Effect::send(SERVICE, SETTLE, |request_id| SettleSessionRequest {
                    request_id,
                    session_id,
                    payment_id,
                });
                vec![settle, Effect::Done]
            }
        }
    }
}
