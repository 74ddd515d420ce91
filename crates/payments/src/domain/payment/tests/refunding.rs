use super::*;

fn refund(refund_id: u128, event: u128) -> PaymentCommand {
    PaymentCommand::Refund {
        refund_id: id(refund_id),
        cause: cause(event),
        now: at(5),
    }
}

fn requested(refund_id: u128, event: u128) -> PaymentEvent {
    PaymentEvent::RefundRequested {
        payment_id: payment_id(),
        refund_id: id(refund_id),
        amount: price(),
        cause: cause(event),
        requested_at: at(5),
    }
}

fn sent(refund_id: u128) -> PaymentEvent {
    PaymentEvent::RefundSubmitted {
        payment_id: payment_id(),
        refund_id: id(refund_id),
        idempotency_key: id(refund_id),
        submitted_at: at(6),
    }
}

fn returned(refund_id: u128) -> PaymentEvent {
    PaymentEvent::RefundSucceeded {
        payment_id: payment_id(),
        refund_id: id(refund_id),
        payable: payable(),
        amount: price(),
        provider_reference: "re_1".to_owned(),
        succeeded_at: at(7),
    }
}

fn refused(refund_id: u128) -> PaymentEvent {
    PaymentEvent::RefundFailed {
        payment_id: payment_id(),
        refund_id: id(refund_id),
        failure_code: "refund_refused".to_owned(),
        failed_at: at(7),
    }
}

fn unclear(refund_id: u128) -> PaymentEvent {
    PaymentEvent::RefundOutcomeUnknown {
        payment_id: payment_id(),
        refund_id: id(refund_id),
        unknown_since: at(7),
    }
}

fn record_refund(refund_id: u128, outcome: Outcome) -> PaymentCommand {
    PaymentCommand::RecordRefundOutcome {
        refund_id: id(refund_id),
        outcome,
    }
}

fn gave_back() -> Outcome {
    Outcome::Succeeded {
        reference: "re_1".to_owned(),
        succeeded_at: at(7),
    }
}

fn would_not() -> Outcome {
    Outcome::Declined {
        code: "refund_refused".to_owned(),
        declined_at: at(7),
    }
}

fn paid() -> Vec<PaymentEvent> {
    vec![created(), submitted(), succeeded()]
}

#[test]
fn a_refund_returns_the_whole_payment() {
    given(paid())
        .when(refund(20, 30))
        .then_expect_events(vec![requested(20, 30)]);
}

#[test]
fn the_same_cause_twice_is_one_refund() {
    for after in [
        vec![],
        vec![sent(20)],
        vec![sent(20), returned(20)],
        vec![sent(20), refused(20)],
    ] {
        given(paid())
            .and(vec![requested(20, 30)])
            .and(after)
            .when(refund(21, 30))
            .then_expect_events(vec![]);
    }
}

#[test]
fn another_cause_finds_nothing_left_to_return() {
    for after in [
        vec![],
        vec![sent(20)],
        vec![sent(20), unclear(20)],
        vec![sent(20), returned(20)],
    ] {
        given(paid())
            .and(vec![requested(20, 30)])
            .and(after)
            .when(refund(21, 31))
            .then_expect_events(vec![]);
    }
}

#[test]
fn after_a_refused_refund_another_cause_may_return_the_money() {
    given(paid())
        .and(vec![requested(20, 30), sent(20), refused(20)])
        .when(refund(21, 31))
        .then_expect_events(vec![requested(21, 31)]);
}

#[test]
fn a_refund_wanted_before_the_outcome_is_known_follows_the_success() {
    let deferred = PaymentEvent::RefundDeferred {
        payment_id: payment_id(),
        refund_id: id(20),
        cause: cause(30),
        deferred_at: at(5),
    };
    for before in [vec![], vec![unknown()]] {
        given(vec![created(), submitted()])
            .and(before.clone())
            .when(refund(20, 30))
            .then_expect_events(vec![deferred.clone()]);
        given(vec![created(), submitted()])
            .and(before)
            .and(vec![deferred.clone()])
            .when(refund(21, 30))
            .then_expect_events(vec![]);
    }
    let follows = PaymentEvent::RefundRequested {
        payment_id: payment_id(),
        refund_id: id(20),
        amount: price(),
        cause: cause(30),
        requested_at: at(2),
    };
    given(vec![created(), submitted(), deferred.clone()])
        .when(record(taken()))
        .then_expect_events(vec![succeeded(), follows]);
    given(vec![created(), submitted(), deferred])
        .when(record(declined()))
        .then_expect_events(vec![failed()]);
}

#[test]
fn a_payment_that_was_not_sent_is_cancelled_instead_of_refunded() {
    given(vec![created()])
        .when(refund(20, 30))
        .then_expect_events(vec![canceled(CancelReason::RefundRequested, 5)]);
    given(vec![created(), canceled(CancelReason::RefundRequested, 5)])
        .when(refund(20, 30))
        .then_expect_events(vec![]);
}

#[test]
fn the_key_of_a_refund_is_recorded_before_the_provider_is_called() {
    let submit = PaymentCommand::SubmitRefund {
        refund_id: id(20),
        now: at(6),
    };
    given(paid())
        .and(vec![requested(20, 30)])
        .when(submit.clone())
        .then_expect_events(vec![sent(20)]);
    for after in [
        vec![sent(20)],
        vec![sent(20), unclear(20)],
        vec![sent(20), returned(20)],
    ] {
        given(paid())
            .and(vec![requested(20, 30)])
            .and(after)
            .when(submit.clone())
            .then_expect_events(vec![]);
    }
}

#[test]
fn the_providers_answer_about_a_refund_is_recorded_once() {
    let cases = [
        (gave_back(), returned(20)),
        (would_not(), refused(20)),
        (Outcome::Unknown { since: at(7) }, unclear(20)),
    ];
    for (outcome, event) in cases {
        given(paid())
            .and(vec![requested(20, 30), sent(20)])
            .when(record_refund(20, outcome.clone()))
            .then_expect_events(vec![event.clone()]);
        given(paid())
            .and(vec![requested(20, 30), sent(20), event])
            .when(record_refund(20, outcome))
            .then_expect_events(vec![]);
    }
}

#[test]
fn silence_about_a_refund_is_resolved_both_ways() {
    for (outcome, event) in [(gave_back(), returned(20)), (would_not(), refused(20))] {
        given(paid())
            .and(vec![requested(20, 30), sent(20), unclear(20)])
            .when(record_refund(20, outcome))
            .then_expect_events(vec![event]);
    }
}

#[test]
fn the_first_final_word_on_a_refund_stands() {
    given(paid())
        .and(vec![requested(20, 30), sent(20), returned(20)])
        .when(record_refund(20, would_not()))
        .then_expect_events(vec![]);
    given(paid())
        .and(vec![requested(20, 30), sent(20), refused(20)])
        .when(record_refund(20, gave_back()))
        .then_expect_events(vec![]);
}

#[test]
fn an_unknown_refund_and_one_that_was_not_sent_are_refused() {
    given(paid())
        .when(PaymentCommand::SubmitRefund {
            refund_id: id(20),
            now: at(6),
        })
        .then_expect_error(PaymentError::RefundNotFound);
    given(paid())
        .when(record_refund(20, gave_back()))
        .then_expect_error(PaymentError::RefundNotFound);
    given(paid())
        .and(vec![requested(20, 30)])
        .when(record_refund(20, gave_back()))
        .then_expect_error(PaymentError::NotSubmitted);
}
