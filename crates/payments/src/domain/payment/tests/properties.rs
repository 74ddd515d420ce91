use eventsourcing::Decide;
use proptest::prelude::*;

use super::*;

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![Just(taken()), Just(declined()), Just(silence())]
}

fn any_command() -> impl Strategy<Value = PaymentCommand> {
    let refund_id = 20_u128..24;
    prop_oneof![
        Just(PaymentCommand::Create(create())),
        (0_i64..20).prop_map(|minute| PaymentCommand::Submit { now: at(minute) }),
        outcome().prop_map(record),
        (refund_id.clone(), 30_u128..34).prop_map(|(refund, event)| PaymentCommand::Refund {
            refund_id: id(refund),
            cause: cause(event),
            now: at(5),
        }),
        refund_id
            .clone()
            .prop_map(|refund| PaymentCommand::SubmitRefund {
                refund_id: id(refund),
                now: at(6)
            }),
        (refund_id, outcome()).prop_map(|(refund, outcome)| PaymentCommand::RecordRefundOutcome {
            refund_id: id(refund),
            outcome,
        }),
    ]
}

/// Gives the aggregate a command; a refused one changes nothing.
fn give(payment: &mut Payment, command: PaymentCommand) -> Vec<PaymentEvent> {
    let Ok(events) = payment.decide(command) else {
        return vec![];
    };
    for event in events.clone() {
        payment.apply(event);
    }
    events
}

/// What went back or may go back, by the events alone.
fn outstanding(history: &[PaymentEvent]) -> i64 {
    let mut refunds = std::collections::HashMap::new();
    for event in history {
        match event {
            PaymentEvent::RefundRequested {
                refund_id, amount, ..
            } => {
                refunds.insert(*refund_id, amount.minor_units());
            }
            PaymentEvent::RefundFailed { refund_id, .. } => {
                refunds.remove(refund_id);
            }
            _ => {}
        }
    }
    refunds.values().sum()
}

proptest! {
    #[test]
    fn refunds_never_exceed_what_was_captured(commands in proptest::collection::vec(any_command(), 0..60)) {
        let mut payment = Payment::default();
        let mut history = Vec::new();
        for command in commands {
            history.extend(give(&mut payment, command));
            let captured = history.iter().any(|event| matches!(event, PaymentEvent::PaymentSucceeded { .. }));
            let limit = if captured { price().minor_units() } else { 0 };
            prop_assert!(outstanding(&history) <= limit);
        }
    }

    #[test]
    fn the_order_of_the_providers_answers_does_not_matter(
        outcomes in proptest::collection::vec(outcome(), 1..6),
        seed in any::<prop::sample::Index>(),
    ) {
        let run = |outcomes: &[Outcome]| {
            let mut payment = Payment::default();
            give(&mut payment, PaymentCommand::Create(create()));
            give(&mut payment, PaymentCommand::Submit { now: at(1) });
            for outcome in outcomes {
                give(&mut payment, record(outcome.clone()));
            }
            payment.state()
        };
        let mut turned = outcomes.clone();
        turned.rotate_left(seed.index(outcomes.len()));
        prop_assert_eq!(run(&outcomes), run(&turned));
        turned.reverse();
        prop_assert_eq!(run(&outcomes), run(&turned));
    }

    #[test]
    fn folding_the_events_gives_the_state_that_was_decided_on(
        commands in proptest::collection::vec(any_command(), 0..40),
    ) {
        let mut payment = Payment::default();
        let mut folded = Payment::default();
        for command in commands {
            for event in give(&mut payment, command) {
                folded.apply(event);
            }
        }
        prop_assert_eq!(payment, folded);
    }

    #[test]
    fn giving_a_command_twice_changes_nothing_more(
        commands in proptest::collection::vec(any_command(), 0..40),
        last in any_command(),
    ) {
        let mut payment = Payment::default();
        for command in commands {
            give(&mut payment, command);
        }
        give(&mut payment, last.clone());
        let before = payment.clone();
        give(&mut payment, last);
        prop_assert_eq!(payment, before);
    }
}
