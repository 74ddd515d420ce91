//! `charge`: a payment that was opened is sent to the provider; while its outcome is unknown
//! the provider is asked, at growing intervals, until it says.

use contracts::payments::v1 as pb;
use eventsourcing::{Delivered, Effect, Input, Process};

use super::{PAYMENTS, asking::Asking};
use crate::domain::{PaymentsLogEvent, payment::PaymentEvent};

/// One instance a payment.
pub struct Charge;

impl Process for Charge {
    const NAME: &'static str = "charge";
    type Event = PaymentsLogEvent;
    type State = State;

    fn key(&self, delivered: &Delivered<Self::Event>) -> Option<String> {
        let PaymentsLogEvent::Payment(event) = &delivered.event;
        match event {
            PaymentEvent::PaymentCreated { .. }
            | PaymentEvent::PaymentOutcomeUnknown { .. }
            | PaymentEvent::PaymentSucceeded { .. }
            | PaymentEvent::PaymentFailed { .. }
            | PaymentEvent::PaymentCanceled { .. } => Some(delivered.aggregate_id.clone()),
            PaymentEvent::PaymentSubmitted { .. }
            | PaymentEvent::RefundDeferred { .. }
            | PaymentEvent::RefundRequested { .. }
            | PaymentEvent::RefundSubmitted { .. }
            | PaymentEvent::RefundSucceeded { .. }
            | PaymentEvent::RefundFailed { .. }
            | PaymentEvent::RefundOutcomeUnknown { .. } => None,
        }
    }

    fn react(&self, state: &mut State, input: Input<'_, Self::Event>) -> Vec<Effect> {
        match input {
            Input::Timer { due, .. } => {
                let payment_id = state.payment_id.clone();
                state.asking.ask(due, || resolve(payment_id))
            }
            Input::Event(delivered) => {
                state.payment_id.clone_from(&delivered.aggregate_id);
                let PaymentsLogEvent::Payment(event) = &delivered.event;
                match event {
                    PaymentEvent::PaymentCreated { .. } => state
                        .asking
                        .submit(|| submit(delivered.aggregate_id.clone())),
                    PaymentEvent::PaymentOutcomeUnknown { unknown_since } => {
                        state.asking.unknown(*unknown_since)
                    }
                    PaymentEvent::PaymentSucceeded { .. }
                    | PaymentEvent::PaymentFailed { .. }
                    | PaymentEvent::PaymentCanceled { .. } => state.asking.settle(),
                    _ => Vec::new(),
                }
            }
        }
    }
}

/// What the process remembers of a payment.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct State {
    payment_id: String,
    asking: Asking,
}

fn submit(payment_id: String) -> Effect {
    let method = "/divinetime.payments.v1.SettlementService/SubmitPayment";
    Effect::send(PAYMENTS, method, move |request_id| {
        pb::SubmitPaymentRequest {
            request_id,
            payment_id,
        }
    })
}

fn resolve(payment_id: String) -> Effect {
    let method = "/divinetime.payments.v1.SettlementService/ResolvePayment";
    Effect::send(PAYMENTS, method, move |request_id| {
        pb::ResolvePaymentRequest {
            request_id,
            payment_id,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::*;

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
