//! Brings a payment that succeeded to its hold, in time or late. The hold decides what that means:
//! its tickets are confirmed, or the payment is rejected and goes back.
//!
//! ```text
//! PaymentSucceeded of a ticket hold --> SettleTicketHold --> done
//! ```

use contracts::payments::events::v1::PayableKind;
use contracts::payments::events::v1::payments_event::Event as Payments;
use contracts::ticketing::v1::SettleTicketHoldRequest;
use eventsourcing::{DecodeError, Delivered, Effect, Input, Process, Received};
use values::{HoldId, PaymentId};

/// One instance per hold, done at once.
pub struct TicketPayment;

/// A payment succeeded for a hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidHold {
    pub hold_id: HoldId,
    pub payment_id: PaymentId,
}

impl PaidHold {
    /// Reads one of payments' events; `None` for all others.
    pub fn of_payments(
        received: Received<'_>,
        event: Payments,
    ) -> Result<Option<Self>, DecodeError> {
        match event {
            Payments::PaymentSucceeded(payment) => match payment.payable_kind() {
                PayableKind::TicketHold => Ok(Some(Self {
                    hold_id: received.id("payable_id", &payment.payable_id)?,
                    payment_id: received.id("payment_id", &payment.payment_id)?,
                })),
                PayableKind::Session | PayableKind::Unspecified => Ok(None),
            },
            Payments::PaymentCreated(_)
            | Payments::PaymentFailed(_)
            | Payments::PaymentOutcomeUnknown(_)
            | Payments::RefundRequested(_)
            | Payments::RefundSucceeded(_)
            | Payments::RefundOutcomeUnknown(_) => Ok(None),
        }
    }
}

impl Process for TicketPayment {
    const NAME: &'static str = "ticket_payment";
    type Event = PaidHold;
    type State = ();

    fn key(&self, event: &Delivered<PaidHold>) -> Option<String> {
        Some(event.event.hold_id.to_string())
    }

    fn react(&self, (): &mut (), input: Input<'_, PaidHold>) -> Vec<Effect> {
        let Input::Event(delivered) = input else {
            return Vec::new();
        };
        let PaidHold {
            hold_id,
            payment_id,
        } = delivered.event.clone();
        let settle = Effect::send(move |request_id| SettleTicketHoldRequest {
            request_id,
            hold_id: hold_id.to_string(),
            payment_id: payment_id.to_string(),
        });
        vec![settle, Effect::Done]
    }
}

#[cfg(test)]
mod tests {
    use contracts::log::v1::Envelope;
    use contracts::payments::events::v1::{PaymentFailed, PaymentSucceeded, PaymentsEvent};
    use prost::Message as _;
    use testing::{Run, delivered};
    use uuid::Uuid;

    use super::*;

    const SETTLE: &str = "send /divinetime.ticketing.v1.TicketService/SettleTicketHold";
    const HOLD: Uuid = Uuid::from_u128(1);
    const PAYMENT: Uuid = Uuid::from_u128(2);

    fn envelope(event: Payments) -> Envelope {
        Envelope {
            payload: PaymentsEvent { event: Some(event) }.encode_to_vec(),
            ..Envelope::default()
        }
    }

    fn succeeded(kind: PayableKind) -> Envelope {
        envelope(Payments::PaymentSucceeded(PaymentSucceeded {
            payment_id: PAYMENT.to_string(),
            payable_kind: kind.into(),
            payable_id: HOLD.to_string(),
            ..PaymentSucceeded::default()
        }))
    }

    fn received() -> PaidHold {
        PaidHold {
            hold_id: HOLD.into(),
            payment_id: PAYMENT.into(),
        }
    }

    #[test]
    fn only_payments_that_succeeded_for_tickets_are_brought_to_a_hold() {
        let read = |envelope| Received::read(&envelope, PaidHold::of_payments).unwrap();
        assert_eq!(read(succeeded(PayableKind::TicketHold)), Some(received()));
        assert_eq!(read(succeeded(PayableKind::Session)), None);
        let failed = PaymentFailed {
            payable_kind: PayableKind::TicketHold.into(),
            ..PaymentFailed::default()
        };
        assert_eq!(read(envelope(Payments::PaymentFailed(failed))), None);
    }

    #[test]
    fn a_payload_of_another_vocabulary_is_an_error() {
        let envelope = Envelope {
            event_type: "PaymentSucceeded".to_owned(),
            position: 7,
            payload: vec![0xff],
            ..Envelope::default()
        };
        let error = Received::read(&envelope, PaidHold::of_payments).unwrap_err();
        assert_eq!(error.position, 7);
    }

    #[test]
    fn each_delivery_settles_the_hold_and_remembers_nothing() {
        assert_eq!(
            TicketPayment.key(&delivered(received())),
            Some(HOLD.to_string())
        );
        let mut run = Run::of(TicketPayment);
        for _ in 0..2 {
            assert_eq!(run.event(received()), [SETTLE, "done"]);
            let request: SettleTicketHoldRequest = run.sent();
            assert_eq!(
                (request.hold_id, request.payment_id),
                (HOLD.to_string(), PAYMENT.to_string())
            );
        }
    }
}
