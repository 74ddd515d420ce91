//! Sends a payment that was opened to the provider. While its outcome is unknown the provider is
//! asked, at growing intervals, until it says.
//!
//! ```text
//! PaymentCreated        -> SubmitPayment
//! PaymentOutcomeUnknown -> timer
//! timer                 -> ResolvePayment, the next timer
//! succeeded, failed or canceled -> no timer
//! ```

use contracts::payments::v1::{ResolvePaymentRequest, SubmitPaymentRequest};
use eventsourcing::{Delivered, Effect, Input, Process};
use serde::{Deserialize, Serialize};
use values::PaymentId;

use super::asking::Asking;
use crate::domain::PaymentsLogEvent;
use crate::domain::payment::PaymentEvent;

/// One instance for each payment.
pub struct Charge;

/// How far the charge of a payment is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charging {
    payment_id: PaymentId,
    asking: Asking,
}

impl Process for Charge {
    const NAME: &'static str = "charge";
    type Event = PaymentsLogEvent;
    type State = Charging;

    fn key(&self, event: &Delivered<PaymentsLogEvent>) -> Option<String> {
        let PaymentsLogEvent::Payment(event) = &event.event;
        match event {
            PaymentEvent::PaymentCreated { payment_id, .. }
            | PaymentEvent::PaymentOutcomeUnknown { payment_id, .. }
            | PaymentEvent::PaymentSucceeded { payment_id, .. }
            | PaymentEvent::PaymentFailed { payment_id, .. }
            | PaymentEvent::PaymentCanceled { payment_id, .. } => Some(payment_id.to_string()),
            PaymentEvent::PaymentSubmitted { .. }
            | PaymentEvent::RefundDeferred { .. }
            | PaymentEvent::RefundRequested { .. }
            | PaymentEvent::RefundSubmitted { .. }
            | PaymentEvent::RefundSucceeded { .. }
            | PaymentEvent::RefundFailed { .. }
            | PaymentEvent::RefundOutcomeUnknown { .. } => None,
        }
    }

    fn react(&self, state: &mut Charging, input: Input<'_, PaymentsLogEvent>) -> Vec<Effect> {
        let event = match input {
            Input::Timer { due, .. } => return state.asking.ask(due, resolve(state.payment_id)),
            Input::Event(delivered) => &delivered.event,
        };
        let PaymentsLogEvent::Payment(event) = event;
        match *event {
            PaymentEvent::PaymentCreated { payment_id, .. } => {
                state.payment_id = payment_id;
                state.asking.submit(submit(payment_id))
            }
            PaymentEvent::PaymentOutcomeUnknown {
                payment_id,
                unknown_since,
            } => {
                state.payment_id = payment_id;
                state.asking.unknown(unknown_since)
            }
            PaymentEvent::PaymentSucceeded { .. }
            | PaymentEvent::PaymentFailed { .. }
            | PaymentEvent::PaymentCanceled { .. } => state.asking.settle(),
            PaymentEvent::PaymentSubmitted { .. }
            | PaymentEvent::RefundDeferred { .. }
            | PaymentEvent::RefundRequested { .. }
            | PaymentEvent::RefundSubmitted { .. }
            | PaymentEvent::RefundSucceeded { .. }
            | PaymentEvent::RefundFailed { .. }
            | PaymentEvent::RefundOutcomeUnknown { .. } => vec![],
        }
    }
}

fn submit(payment_id: PaymentId) -> Effect {
    Effect::send(move |request_id| SubmitPaymentRequest {
        request_id,
        payment_id: payment_id.to_string(),
    })
}

fn resolve(payment_id: PaymentId) -> Effect {
    Effect::send(move |request_id| ResolvePaymentRequest {
        request_id,
        payment_id: payment_id.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::samples::*;

    const SUBMIT: &str = "send /divinetime.payments.v1.SettlementService/SubmitPayment";
    const RESOLVE: &str = "send /divinetime.payments.v1.SettlementService/ResolvePayment";

    #[test]
    fn a_payment_that_was_opened_is_submitted_once() {
        let mut run = Run::of(Charge);
        assert_eq!(run.event(created()), [SUBMIT]);
        assert_eq!(run.event(created()), NOTHING);
    }

    #[test]
    fn silence_is_asked_about_at_growing_intervals_until_the_outcome_is_known() {
        let mut run = Run::of(Charge);
        run.event(created());
        assert_eq!(run.event(unknown(10)), ["timer ask at 11"]);
        assert_eq!(run.timer("ask", at(11)), [RESOLVE, "timer ask at 13"]);
        assert_eq!(run.timer("ask", at(13)), [RESOLVE, "timer ask at 17"]);
        for due in [17, 25, 41, 73, 133] {
            run.timer("ask", at(due));
        }
        assert_eq!(run.timer("ask", at(200)), [RESOLVE, "timer ask at 260"]);
        assert_eq!(run.event(succeeded()), ["clear ask"]);
        assert_eq!(run.timer("ask", at(260)), NOTHING);
    }

    #[test]
    fn every_outcome_ends_the_questions() {
        for outcome in [succeeded(), failed(), canceled()] {
            let mut run = Run::of(Charge);
            run.event(created());
            run.event(unknown(10));
            assert_eq!(run.event(outcome), ["clear ask"]);
            assert_eq!(run.timer("ask", at(11)), NOTHING);
        }
    }

    #[test]
    fn events_that_come_twice_or_late_start_nothing() {
        let mut run = Run::of(Charge);
        run.event(created());
        run.event(unknown(10));
        run.timer("ask", at(11));
        assert_eq!(run.event(unknown(10)), NOTHING);
        run.event(failed());
        assert_eq!(run.event(failed()), NOTHING);
        assert_eq!(run.event(unknown(10)), NOTHING);
        assert_eq!(run.event(created()), NOTHING);
        assert_eq!(run.event(succeeded()), NOTHING);
    }

    #[test]
    fn an_outcome_that_comes_first_leaves_nothing_to_do() {
        let mut run = Run::of(Charge);
        run.event(succeeded());
        assert_eq!(run.event(unknown(10)), NOTHING);
        assert_eq!(run.event(created()), NOTHING);
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_in_whatever_order_the_payment_is_submitted_at_most_once_and_not_after_its_outcome(
            inputs in proptest::collection::vec(0_usize..6, 0..30),
        ) {
            let mut run = Run::of(Charge);
            let (mut submitted, mut settled) = (0, false);
            for (second, input) in (20..).zip(inputs) {
                let effects = match input {
                    0 => run.event(created()),
                    1 => run.event(unknown(10)),
                    2 => run.timer("ask", at(second)),
                    outcome => {
                        let effects = run.event([succeeded(), failed(), canceled()][outcome - 3].clone());
                        proptest::prop_assert_eq!(effects.len(), usize::from(!settled));
                        settled = true;
                        continue;
                    }
                };
                proptest::prop_assert!(!settled || effects.is_empty());
                submitted += effects.iter().filter(|effect| *effect == SUBMIT).count();
            }
            proptest::prop_assert!(submitted <= 1);
        }
    }

    #[test]
    fn events_of_refunds_are_not_for_this_process() {
        assert_eq!(Charge.key(&delivered(refund_requested())), None);
        assert_eq!(Charge.key(&delivered(created())), Some(PAYMENT.to_string()));
    }
}
