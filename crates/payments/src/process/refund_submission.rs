//! Sends a refund that was requested to the provider. While its outcome is unknown the provider is
//! asked, at growing intervals, until it says.
//!
//! ```text
//! RefundRequested      -> SubmitRefund
//! RefundOutcomeUnknown -> timer
//! timer                -> ResolveRefund, the next timer
//! succeeded or failed  -> no timer
//! ```

use contracts::payments::v1::{ResolveRefundRequest, SubmitRefundRequest};
use eventsourcing::{Delivered, Effect, Input, Process};
use serde::{Deserialize, Serialize};
use values::{PaymentId, RefundId};

use super::asking::Asking;
use crate::domain::PaymentsLogEvent;
use crate::domain::payment::PaymentEvent;

/// One instance for each refund.
pub struct RefundSubmission;

/// How far a refund is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refunding {
    refund: RefundOf,
    asking: Asking,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct RefundOf {
    payment_id: PaymentId,
    refund_id: RefundId,
}

impl Process for RefundSubmission {
    const NAME: &'static str = "refund_submission";
    type Event = PaymentsLogEvent;
    type State = Refunding;

    fn key(&self, event: &Delivered<PaymentsLogEvent>) -> Option<String> {
        let PaymentsLogEvent::Payment(event) = &event.event;
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

    fn react(&self, state: &mut Refunding, input: Input<'_, PaymentsLogEvent>) -> Vec<Effect> {
        let event = match input {
            Input::Timer { due, .. } => return state.asking.ask(due, resolve(state.refund)),
            Input::Event(delivered) => &delivered.event,
        };
        let PaymentsLogEvent::Payment(event) = event;
        match *event {
            PaymentEvent::RefundRequested {
                payment_id,
                refund_id,
                ..
            } => {
                state.refund = RefundOf {
                    payment_id,
                    refund_id,
                };
                state.asking.submit(submit(state.refund))
            }
            PaymentEvent::RefundOutcomeUnknown {
                payment_id,
                refund_id,
                unknown_since,
            } => {
                state.refund = RefundOf {
                    payment_id,
                    refund_id,
                };
                state.asking.unknown(unknown_since)
            }
            PaymentEvent::RefundSucceeded { .. } | PaymentEvent::RefundFailed { .. } => {
                state.asking.settle()
            }
            PaymentEvent::PaymentCreated { .. }
            | PaymentEvent::PaymentSubmitted { .. }
            | PaymentEvent::PaymentSucceeded { .. }
            | PaymentEvent::PaymentFailed { .. }
            | PaymentEvent::PaymentOutcomeUnknown { .. }
            | PaymentEvent::PaymentCanceled { .. }
            | PaymentEvent::RefundDeferred { .. }
            | PaymentEvent::RefundSubmitted { .. } => vec![],
        }
    }
}

fn submit(refund: RefundOf) -> Effect {
    Effect::send(move |request_id| SubmitRefundRequest {
        request_id,
        payment_id: refund.payment_id.to_string(),
        refund_id: refund.refund_id.to_string(),
    })
}

fn resolve(refund: RefundOf) -> Effect {
    Effect::send(move |request_id| ResolveRefundRequest {
        request_id,
        payment_id: refund.payment_id.to_string(),
        refund_id: refund.refund_id.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::samples::*;

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
