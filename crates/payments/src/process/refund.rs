//! `refund`: what scheduling and ticketing say about money that has to go back becomes a
//! refund of the payment they name.

use contracts::{
    log::v1::Envelope,
    payments::v1 as pb,
    scheduling::events::v1::{SchedulingEvent, scheduling_event::Event as Scheduling},
    ticketing::events::v1::{TicketingEvent, ticketing_event::Event as Ticketing},
};
use eventsourcing::{DecodeError, Delivered, Effect, Input, Process};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::PAYMENTS;
use crate::{
    domain::payment::RefundReason,
    feeds::{Remote, decode},
    grpc::convert,
};

/// One instance an event; the payment knows which causes it has seen.
pub struct Refund;

/// A payment has to go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyBack {
    /// The payment.
    pub payment_id: Uuid,
    /// Why.
    pub reason: RefundReason,
}

/// Whether the refund of an event was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    asked: bool,
}

impl Process for Refund {
    const NAME: &'static str = "refund";
    type Event = MoneyBack;
    type State = State;

    fn key(&self, delivered: &Delivered<MoneyBack>) -> Option<String> {
        Some(delivered.event_id.to_string())
    }

    fn react(&self, state: &mut State, input: Input<'_, MoneyBack>) -> Vec<Effect> {
        match input {
            Input::Event(delivered) if !state.asked => {
                state.asked = true;
                vec![refund(delivered.event, delivered.event_id)]
            }
            Input::Event(_) | Input::Timer { .. } => Vec::new(),
        }
    }
}

fn refund(back: MoneyBack, cause: Uuid) -> Effect {
    let method = "/divinetime.payments.v1.SettlementService/RefundPayment";
    Effect::send(PAYMENTS, method, move |request_id| {
        pb::RefundPaymentRequest {
            request_id,
            payment_id: back.payment_id.to_string(),
            reason: convert::refund_reason(back.reason).into(),
            cause_event_id: cause.to_string(),
        }
    })
}

/// What scheduling says about money that has to go back.
pub fn of_scheduling(envelope: &Envelope) -> Result<Option<MoneyBack>, DecodeError> {
    let back = |payment_id: &str, reason| {
        Remote(envelope)
            .uuid("payment_id", payment_id)
            .map(|payment_id| Some(MoneyBack { payment_id, reason }))
    };
    match decode::<SchedulingEvent>(envelope)?.event {
        Some(Scheduling::SessionCanceled(canceled)) if !canceled.refund_payment_id.is_empty() => {
            back(&canceled.refund_payment_id, RefundReason::SessionCanceled)
        }
        Some(Scheduling::SessionPaymentRejected(rejected)) => {
            back(&rejected.payment_id, RefundReason::SessionPaymentRejected)
        }
        _ => Ok(None),
    }
}

/// What ticketing says about money that has to go back.
pub fn of_ticketing(envelope: &Envelope) -> Result<Option<MoneyBack>, DecodeError> {
    match decode::<TicketingEvent>(envelope)?.event {
        Some(Ticketing::TicketPaymentRejected(rejected)) => {
            let payment_id = Remote(envelope).uuid("payment_id", &rejected.payment_id)?;
            Ok(Some(MoneyBack {
                payment_id,
                reason: RefundReason::TicketPaymentRejected,
            }))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::*;

    const REFUND_PAYMENT: &str = "send /divinetime.payments.v1.SettlementService/RefundPayment";

    #[test]
    fn an_event_that_returns_money_becomes_one_refund() {
        let back = MoneyBack {
            payment_id: PAYMENT,
            reason: RefundReason::SessionCanceled,
        };
        let mut run = Run::of(Refund);
        assert_eq!(run.event(back), [REFUND_PAYMENT]);
        assert_eq!(run.event(back), NOTHING);
        assert_eq!(run.timer("ask", at(10)), NOTHING);
    }
}
