//! `refund_submission`: a refund that was requested is sent to the provider; while its outcome
//! is unknown the provider is asked, at growing intervals, until it says.

use contracts::payments::v1 as pb;
use eventsourcing::{Delivered, Effect, Input, Process};

use super::{PAYMENTS, asking::Asking};
use crate::domain::{PaymentsLogEvent, payment::PaymentEvent};

/// One instance a refund.
pub struct RefundSubmission;

impl Process for RefundSubmission {
    const NAME: &'static str = "refund_submission";
    type Event = PaymentsLogEvent;
    type State = State;

    fn key(&self, delivered: &Delivered<Self::Event>) -> Option<String> {
        let PaymentsLogEvent::Payment(event) = &delivered.event;
        match event {
            PaymentEvent::RefundRequested { refund_id, .. }
            | PaymentEvent::RefundSucceeded { refund_id, .. }
            | PaymentEvent::RefundFailed { refund_id, .. }
            | PaymentEvent::RefundOutcomeUnknown { refund_id, .. } => Some(refund_id.to_string()),
            PaymentEvent::PaymentCreated { .. }
            | PaymentEvent::PaymentSubmitted { .. }
            | PaymentEvent::PaymentSucceeded { .. }
            | PaymentEvent::PaymentFailed { .. }
            | PaymentEvent::PaymentOutcomeUnknown { .. }
            | PaymentEvent::PaymentCanceled { .. }
            | PaymentEvent::RefundDeferred { .. }
            | PaymentEvent::RefundSubmitted { .. } => None,
        }
    }

    fn react(&self, state: &mut State, input: Input<'_, Self::Event>) -> Vec<Effect> {
        match input {
            Input::Timer { due, .. } => {
                let refund = state.refund.clone();
                state.asking.ask(due, || resolve(refund))
            }
            Input::Event(delivered) => {
                let PaymentsLogEvent::Payment(event) = &delivered.event;
                let Some(refund_id) = self.key(delivered) else {
                    return Vec::new();
                };
                state.refund = Of {
                    payment_id: delivered.aggregate_id.clone(),
                    refund_id,
                };
                match event {
                    PaymentEvent::RefundRequested { .. } => {
                        let refund = state.refund.clone();
                        state.asking.submit(|| submit(refund))
                    }
                    PaymentEvent::RefundOutcomeUnknown { unknown_since, .. } => {
                        state.asking.unknown(*unknown_since)
                    }
                    _ => state.asking.settle(),
                }
            }
        }
    }
}

/// What the process remembers of a refund.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct State {
    refund: Of,
    asking: Asking,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Of {
    payment_id: String,
    refund_id: String,
}

fn submit(refund: Of) -> Effect {
    let method = "/divinetime.payments.v1.SettlementService/SubmitRefund";
    Effect::send(PAYMENTS, method, move |request_id| {
        pb::SubmitRefundRequest {
            request_id,
            payment_id: refund.payment_id,
            refund_id: refund.refund_id,
        }
    })
}

fn resolve(refund: Of) -> Effect {
    let method = "/divinetime.payments.v1.SettlementService/ResolveRefund";
    Effect::send(PAYMENTS, method, move |request_id| {
        pb::ResolveRefundRequest {
            request_id,
            payment_id: refund.payment_id,
            refund_id: refund.refund_id,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::*;

    const SUBMIT: &str = "send /divinetime.payments.v1.SettlementService/SubmitRefund";
    const RESOLVE: &str = "send /divinetime.payments.v1.SettlementService/ResolveRefund";

    #[test]
    fn a_refund_that_was_requested_is_submitted_once() {
        let mut run = Run::of(RefundSubmission);
        assert_eq!(run.event(refund_requested()), [SUBMIT]);
        assert_eq!(run.event(refund_requested()), NOTHING);
    }

    #[test]
    fn silence_is_asked_about_until_the_outcome_is_known() {
        let mut run = Run::of(RefundSubmission);
        run.event(refund_requested());
        assert_eq!(run.event(refund_unknown(10)), ["timer ask at 11"]);
        assert_eq!(run.timer("ask", at(11)), [RESOLVE, "timer ask at 13"]);
        assert_eq!(run.event(refund_succeeded()), ["clear ask"]);
        assert_eq!(run.timer("ask", at(13)), NOTHING);
    }

    #[test]
    fn a_refused_refund_ends_the_questions() {
        let mut run = Run::of(RefundSubmission);
        run.event(refund_requested());
        run.event(refund_unknown(10));
        assert_eq!(run.event(refund_failed()), ["clear ask"]);
        assert_eq!(run.timer("ask", at(11)), NOTHING);
    }

    #[test]
    fn events_that_come_twice_or_late_start_nothing() {
        let mut run = Run::of(RefundSubmission);
        run.event(refund_succeeded());
        assert_eq!(run.event(refund_succeeded()), NOTHING);
        assert_eq!(run.event(refund_unknown(10)), NOTHING);
        assert_eq!(run.event(refund_requested()), NOTHING);
    }

    #[test]
    fn every_refund_has_an_instance_of_its_own() {
        assert_eq!(
            RefundSubmission.key(&delivered(refund_requested())),
            Some(REFUND.to_string())
        );
        assert_eq!(RefundSubmission.key(&delivered(created())), None);
    }
}
