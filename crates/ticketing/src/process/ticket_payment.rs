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
pub struct Nothing;

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
