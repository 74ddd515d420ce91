//! Asks for the refund of a payment that scheduling or ticketing wants to go back.
//!
//! ```text
//! SessionCanceled (with a payment to refund) -> RefundPayment, done
//! SessionPaymentRejected                     -> RefundPayment, done
//! TicketPaymentRejected                      -> RefundPayment, done
//! ```

use contracts::payments::v1::RefundPaymentRequest;
use contracts::scheduling::events::v1::scheduling_event::Event as Scheduling;
use contracts::ticketing::events::v1::ticketing_event::Event as Ticketing;
use eventsourcing::{DecodeError, Delivered, Effect, Input, Process, Received};
use values::PaymentId;

use crate::domain::payment::{RefundCause, RefundReason};
use crate::wire::refund_reason;

/// A payment has to go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyBack {
    pub payment_id: PaymentId,
    pub reason: RefundReason,
}

impl MoneyBack {
    /// Reads an event of scheduling; `None` when no money goes back because of it.
    pub fn of_scheduling(
        received: Received<'_>,
        event: Scheduling,
    ) -> Result<Option<Self>, DecodeError> {
        match event {
            Scheduling::SessionCanceled(canceled) => {
                let back =
                    received.optional_id("refund_payment_id", &canceled.refund_payment_id)?;
                Ok(back.map(|payment_id| Self {
                    payment_id,
                    reason: RefundReason::SessionCanceled,
                }))
            }
            Scheduling::SessionPaymentRejected(rejected) => Ok(Some(Self {
                payment_id: received.id("payment_id", &rejected.payment_id)?,
                reason: RefundReason::SessionPaymentRejected,
            })),
            Scheduling::LocationCreated(_)
            | Scheduling::TrainerLocationAssigned(_)
            | Scheduling::ScheduleOpened(_)
            | Scheduling::SessionHeld(_)
            | Scheduling::SessionHoldExpired(_)
            | Scheduling::SessionPaid(_)
            | Scheduling::SessionCompleted(_) => Ok(None),
        }
    }

    /// Reads an event of ticketing; `None` when no money goes back because of it.
    pub fn of_ticketing(
        received: Received<'_>,
        event: Ticketing,
    ) -> Result<Option<Self>, DecodeError> {
        match event {
            Ticketing::TicketPaymentRejected(rejected) => Ok(Some(Self {
                payment_id: received.id("payment_id", &rejected.payment_id)?,
                reason: RefundReason::TicketPaymentRejected,
            })),
            Ticketing::EventCreated(_)
            | Ticketing::EventPublished(_)
            | Ticketing::TicketsHeld(_)
            | Ticketing::TicketsConfirmed(_)
            | Ticketing::TicketHoldExpired(_) => Ok(None),
        }
    }
}

/// One instance for each event, done at once: an event that comes again asks with the same request
/// id, and the payment knows which causes it has seen.
pub struct Refund;

impl Process for Refund {
    const NAME: &'static str = "refund";
    type Event = MoneyBack;
    type State = ();

    fn key(&self, event: &Delivered<MoneyBack>) -> Option<String> {
        Some(event.event_id.to_string())
    }

    fn react(&self, (): &mut (), input: Input<'_, MoneyBack>) -> Vec<Effect> {
        let Input::Event(delivered) = input else {
            return vec![];
        };
        let MoneyBack { payment_id, reason } = delivered.event;
        let event_id = delivered.event_id;
        let cause = RefundCause { event_id, reason };
        vec![refund(payment_id, cause), Effect::Done]
    }
}

fn refund(payment_id: PaymentId, cause: RefundCause) -> Effect {
    Effect::send(move |request_id| RefundPaymentRequest {
        request_id,
        payment_id: payment_id.to_string(),
        reason: refund_reason(cause.reason).into(),
        cause_event_id: cause.event_id.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::samples::*;

    const REFUND_PAYMENT: &str = "send /divinetime.payments.v1.SettlementService/RefundPayment";

    #[test]
    fn an_event_that_returns_money_becomes_one_refund() {
        let back = MoneyBack {
            payment_id: PAYMENT.into(),
            reason: RefundReason::SessionCanceled,
        };
        let mut run = Run::of(Refund);
        for _ in 0..2 {
            assert_eq!(run.event(back), [REFUND_PAYMENT, "done"]);
            let request: RefundPaymentRequest = run.sent();
            assert_eq!(request.request_id, "request");
            assert_eq!(request.payment_id, PAYMENT.to_string());
            assert_eq!(request.cause_event_id, delivered(back).event_id.to_string());
        }
        assert_eq!(run.timer("ask", at(10)), NOTHING);
    }
}
