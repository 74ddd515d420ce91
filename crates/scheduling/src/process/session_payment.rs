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
