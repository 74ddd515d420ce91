//! Settles a session when a payment for it has succeeded. What that means, the session decides.
//!
//! ```text
//! PaymentSucceeded (of a session) -> SettleSession, done
//! ```

use contracts::payments::events::v1::PayableKind;
use contracts::payments::events::v1::payments_event::Event as Payments;
use contracts::scheduling::v1::SettleSessionRequest;
use eventsourcing::{DecodeError, Delivered, Effect, Input, Process, Received};
use values::{PaymentId, SessionId};

/// A payment of a session succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaidSession {
    pub session_id: SessionId,
    pub payment_id: PaymentId,
}

impl PaidSession {
    /// Reads an event of payments; `None` when it is of no interest here.
    pub fn of_payments(
        received: Received<'_>,
        event: Payments,
    ) -> Result<Option<Self>, DecodeError> {
        match event {
            Payments::PaymentSucceeded(it) if it.payable_kind() == PayableKind::Session => {
                Ok(Some(Self {
                    session_id: received.id("payable_id", &it.payable_id)?,
                    payment_id: received.id("payment_id", &it.payment_id)?,
                }))
            }
            Payments::PaymentCreated(_)
            | Payments::PaymentSucceeded(_)
            | Payments::PaymentFailed(_)
            | Payments::PaymentOutcomeUnknown(_)
            | Payments::RefundRequested(_)
            | Payments::RefundSucceeded(_)
            | Payments::RefundOutcomeUnknown(_) => Ok(None),
        }
    }
}

/// One instance for each payment, done at once.
pub struct SessionPayment;

impl Process for SessionPayment {
    const NAME: &'static str = "session_payment";
    type Event = PaidSession;
    type State = ();

    fn key(&self, event: &Delivered<PaidSession>) -> Option<String> {
        Some(event.event.payment_id.to_string())
    }

    fn react(&self, (): &mut (), input: Input<'_, PaidSession>) -> Vec<Effect> {
        let Input::Event(delivered) = input else {
            return vec![];
        };
        let PaidSession {
            session_id,
            payment_id,
        } = delivered.event;
        let settle = Effect::send(move |request_id| SettleSessionRequest {
            request_id,
            session_id: session_id.to_string(),
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

    const SESSION: Uuid = Uuid::from_u128(1);
    const PAYMENT: Uuid = Uuid::from_u128(11);
    const SETTLE: &str = "send /divinetime.scheduling.v1.SessionService/SettleSession";

    fn envelope(event: Payments) -> Envelope {
        let event = PaymentsEvent { event: Some(event) };
        Envelope {
            payload: event.encode_to_vec(),
            ..Envelope::default()
        }
    }

    fn succeeded(kind: PayableKind) -> Envelope {
        envelope(Payments::PaymentSucceeded(PaymentSucceeded {
            payment_id: PAYMENT.to_string(),
            payable_kind: kind.into(),
            payable_id: SESSION.to_string(),
            amount: None,
            succeeded_at: None,
        }))
    }

    fn read(envelope: &Envelope) -> Result<Option<PaidSession>, DecodeError> {
        Received::read(envelope, PaidSession::of_payments)
    }

    #[test]
    fn a_payment_of_a_session_settles_it() {
        let event = read(&succeeded(PayableKind::Session)).unwrap();
        let event = delivered(event.unwrap());
        assert_eq!(SessionPayment.key(&event), Some(PAYMENT.to_string()));
        let mut run = Run::of(SessionPayment);
        assert_eq!(run.delivered(&event), [SETTLE, "done"]);
        let request: SettleSessionRequest = run.sent();
        assert_eq!(request.session_id, SESSION.to_string());
        assert_eq!(request.payment_id, PAYMENT.to_string());
    }

    #[test]
    fn payments_of_other_things_and_failed_ones_are_left_alone() {
        let failed = envelope(Payments::PaymentFailed(PaymentFailed::default()));
        for envelope in [succeeded(PayableKind::TicketHold), failed] {
            assert_eq!(read(&envelope).unwrap(), None);
        }
    }

    #[test]
    fn a_payload_that_is_no_event_is_an_error_and_not_skipped() {
        let broken = Envelope {
            payload: vec![0xff],
            ..Envelope::default()
        };
        assert!(read(&broken).is_err());
    }

    #[test]
    fn a_payment_of_a_session_that_is_no_id_is_an_error_that_names_the_field() {
        let mut odd = PaymentSucceeded {
            payable_kind: PayableKind::Session.into(),
            payable_id: "session".to_owned(),
            ..PaymentSucceeded::default()
        };
        let error = read(&envelope(Payments::PaymentSucceeded(odd.clone()))).unwrap_err();
        assert!(error.to_string().contains("payable_id"), "{error}");
        odd.payable_id = SESSION.to_string();
        let error = read(&envelope(Payments::PaymentSucceeded(odd))).unwrap_err();
        assert!(error.to_string().contains("payment_id"), "{error}");
    }
}
