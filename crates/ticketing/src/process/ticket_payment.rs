//! A payment that succeeded for a hold is brought to it, whenever it comes.
//!
//! ```text
//! PaymentSucceeded of a ticket hold --> SettleTicketHold --> done
//! ```
//!
//! The hold decides: it confirms, or rejects the payment, which then goes back.

use contracts::{
    log::v1::Envelope,
    payments::events::v1::{PayableKind, PaymentsEvent, payments_event::Event as Public},
    ticketing::v1::SettleTicketHoldRequest,
};
use eventsourcing::{DecodeError, Delivered, Effect, Input, Process};
use prost::Message;
use serde::{Deserialize, Serialize};

/// Brings payments to holds.
pub struct TicketPayment;

/// A payment succeeded for a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketPaymentReceived {
    /// The hold.
    pub hold_id: String,
    /// The payment.
    pub payment_id: String,
}

impl TicketPaymentReceived {
    /// Reads one of payments' events; `None` for all others.
    ///
    /// # Errors
    /// When the payload is not of payments' vocabulary.
    pub fn decode(envelope: &Envelope) -> Result<Option<Self>, DecodeError> {
        let event = PaymentsEvent::decode(envelope.payload.as_slice())
            .map_err(|error| crate::projector::unreadable(envelope, &error))?;
        Ok(match event.event {
            Some(Public::PaymentSucceeded(succeeded))
                if succeeded.payable_kind() == PayableKind::TicketHold =>
            {
                Some(Self {
                    hold_id: succeeded.payable_id,
                    payment_id: succeeded.payment_id,
                })
            }
            _ => None,
        })
    }
}

/// Nothing has to be remembered.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Nothing {}

impl Process for TicketPayment {
    const NAME: &'static str = "ticket_payment";
    type Event = TicketPaymentReceived;
    type State = Nothing;

    fn key(&self, delivered: &Delivered<TicketPaymentReceived>) -> Option<String> {
        Some(delivered.event.hold_id.clone())
    }

    fn react(&self, _: &mut Nothing, input: Input<'_, TicketPaymentReceived>) -> Vec<Effect> {
        let Input::Event(delivered) = input else {
            return Vec::new();
        };
        let TicketPaymentReceived {
            hold_id,
            payment_id,
        } = delivered.event.clone();
        let settle = Effect::send(
            "ticketing",
            "/divinetime.ticketing.v1.TicketService/SettleTicketHold",
            move |request_id| SettleTicketHoldRequest {
                request_id,
                hold_id,
                payment_id,
            },
        );
        vec![settle, Effect::Done]
    }
}

#[cfg(test)]
mod tests {
    use contracts::payments::events::v1::{PaymentFailed, PaymentSucceeded};
    use testing::{Run, delivered};

    use super::*;

    const SETTLE: &str = "send /divinetime.ticketing.v1.TicketService/SettleTicketHold";

    fn envelope(event: Public) -> Envelope {
        Envelope {
            payload: PaymentsEvent { event: Some(event) }.encode_to_vec(),
            ..Envelope::default()
        }
    }

    fn succeeded(kind: PayableKind) -> Envelope {
        envelope(Public::PaymentSucceeded(PaymentSucceeded {
            payment_id: "payment".to_owned(),
            payable_kind: kind.into(),
            payable_id: "hold".to_owned(),
            ..PaymentSucceeded::default()
        }))
    }

    fn received() -> TicketPaymentReceived {
        TicketPaymentReceived {
            hold_id: "hold".to_owned(),
            payment_id: "payment".to_owned(),
        }
    }

    #[test]
    fn only_payments_that_succeeded_for_tickets_are_brought_to_a_hold() {
        let read = |envelope| TicketPaymentReceived::decode(&envelope).unwrap();
        assert_eq!(read(succeeded(PayableKind::TicketHold)), Some(received()));
        assert_eq!(read(succeeded(PayableKind::Session)), None);
        let failed = PaymentFailed {
            payable_kind: PayableKind::TicketHold.into(),
            ..PaymentFailed::default()
        };
        assert_eq!(read(envelope(Public::PaymentFailed(failed))), None);
    }

    #[test]
    fn a_payload_of_another_vocabulary_is_an_error() {
        let envelope = Envelope {
            event_type: "PaymentSucceeded".to_owned(),
            position: 7,
            payload: vec![0xff],
            ..Envelope::default()
        };
        let error = TicketPaymentReceived::decode(&envelope).unwrap_err();
        assert_eq!(error.position, 7);
    }

    #[test]
    fn each_delivery_settles_the_hold_and_remembers_nothing() {
        assert_eq!(
            TicketPayment.key(&delivered(received())),
            Some("hold".to_owned())
        );
        let mut run = Run::of(TicketPayment);
        for _ in 0..2 {
            assert_eq!(run.event(received()), [SETTLE, "done"]);
            let request: SettleTicketHoldRequest = run.sent();
            assert_eq!(
                (request.hold_id.as_str(), request.payment_id.as_str()),
                ("hold", "payment")
            );
        }
    }
}
