use super::*;

#[test]
fn a_held_payable_can_be_paid() {
    given(vec![])
        .when(PaymentCommand::Create(create()))
        .then_expect_events(vec![created()]);
}

#[test]
fn opening_the_same_payment_twice_is_once() {
    given(vec![created()])
        .when(PaymentCommand::Create(create()))
        .then_expect_events(vec![]);
}

#[test]
fn what_is_paid_expired_or_cancelled_is_not_payable() {
    for payable_state in [
        PayableState::Paid,
        PayableState::Expired,
        PayableState::Canceled,
    ] {
        given(vec![])
            .when(PaymentCommand::Create(NewPayment {
                payable_state,
                ..create()
            }))
            .then_expect_error(PaymentError::NotPayable);
    }
}

#[test]
fn a_hold_is_payable_until_its_deadline_and_not_at_it() {
    let last = NewPayment {
        now: at(15) - TimeDelta::microseconds(1),
        ..create()
    };
    assert!(
        given(vec![])
            .when(PaymentCommand::Create(last))
            .inspect_result()
            .is_ok()
    );
    given(vec![])
        .when(PaymentCommand::Create(NewPayment {
            now: at(15),
            ..create()
        }))
        .then_expect_error(PaymentError::NotPayable);
}

#[test]
fn what_costs_nothing_is_not_payable() {
    let free = NewPayment {
        amount: Money::new("USD", 0).unwrap(),
        ..create()
    };
    given(vec![])
        .when(PaymentCommand::Create(free))
        .then_expect_error(PaymentError::NotPayable);
}

#[test]
fn the_key_is_recorded_before_the_provider_is_called() {
    given(vec![created()])
        .when(PaymentCommand::Submit { now: at(1) })
        .then_expect_events(vec![submitted()]);
}

#[test]
fn a_payment_that_was_sent_is_not_sent_anew() {
    for after in [vec![], vec![succeeded()], vec![failed()], vec![unknown()]] {
        given(vec![created(), submitted()])
            .and(after)
            .when(PaymentCommand::Submit { now: at(3) })
            .then_expect_events(vec![]);
    }
}

#[test]
fn a_payment_is_cancelled_when_the_hold_ran_out_before_it_was_sent() {
    given(vec![created()])
        .when(PaymentCommand::Submit { now: at(15) })
        .then_expect_events(vec![canceled(CancelReason::HoldExpired, 15)]);
}

#[test]
fn a_cancelled_payment_is_not_sent() {
    given(vec![created(), canceled(CancelReason::HoldExpired, 15)])
        .when(PaymentCommand::Submit { now: at(16) })
        .then_expect_events(vec![]);
}

#[test]
fn the_providers_answer_is_recorded() {
    for (outcome, event) in [
        (taken(), succeeded()),
        (declined(), failed()),
        (silence(), unknown()),
    ] {
        given(vec![created(), submitted()])
            .when(record(outcome))
            .then_expect_events(vec![event]);
    }
}

#[test]
fn silence_is_resolved_both_ways() {
    for (outcome, event) in [(taken(), succeeded()), (declined(), failed())] {
        given(vec![created(), submitted(), unknown()])
            .when(record(outcome))
            .then_expect_events(vec![event]);
    }
}

#[test]
fn an_answer_that_comes_twice_is_recorded_once() {
    for (outcome, event) in [
        (taken(), succeeded()),
        (declined(), failed()),
        (silence(), unknown()),
    ] {
        given(vec![created(), submitted(), event])
            .when(record(outcome))
            .then_expect_events(vec![]);
    }
}

#[test]
fn money_that_was_taken_is_recorded_even_after_a_refusal() {
    given(vec![created(), submitted(), failed()])
        .when(record(taken()))
        .then_expect_events(vec![succeeded()]);
    given(vec![created(), submitted(), succeeded()])
        .when(record(declined()))
        .then_expect_events(vec![]);
}

#[test]
fn an_answer_about_what_was_never_sent_is_refused() {
    for outcome in [taken(), declined(), silence()] {
        given(vec![created()])
            .when(record(outcome.clone()))
            .then_expect_error(PaymentError::NotSubmitted);
        given(vec![created(), canceled(CancelReason::HoldExpired, 15)])
            .when(record(outcome))
            .then_expect_error(PaymentError::NotSubmitted);
    }
}

#[test]
fn nothing_can_be_asked_of_a_payment_that_does_not_exist() {
    for command in [
        PaymentCommand::Submit { now: at(1) },
        record(taken()),
        PaymentCommand::Refund {
            refund_id: id(20),
            cause: cause(30),
            now: at(5),
        },
        PaymentCommand::SubmitRefund {
            refund_id: id(20),
            now: at(5),
        },
        PaymentCommand::RecordRefundOutcome {
            refund_id: id(20),
            outcome: taken(),
        },
    ] {
        given(vec![])
            .when(command)
            .then_expect_error(PaymentError::NotFound);
    }
}

#[test]
fn a_payment_claims_its_payable_until_it_fails_or_is_cancelled() {
    let claim = || Claim::Unique {
        scope: "payable",
        key: format!("session:{}", Uuid::from_u128(10)),
    };
    assert_eq!(created().claims("1"), vec![ClaimChange::Acquire(claim())]);
    assert_eq!(failed().claims("1"), vec![ClaimChange::ReleaseAll]);
    assert_eq!(
        canceled(CancelReason::HoldExpired, 15).claims("1"),
        vec![ClaimChange::ReleaseAll]
    );
    for event in [submitted(), succeeded(), unknown()] {
        assert_eq!(event.claims("1"), vec![]);
    }
}
