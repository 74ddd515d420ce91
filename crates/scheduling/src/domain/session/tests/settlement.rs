use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use values::PaymentId;

use super::{
    Acting, START, SessionCommand, SessionEvent, at, cancel, canceled, expired, given, held, paid,
    parent, payment, place, session_id, start,
};

fn other_payment() -> PaymentId {
    Uuid::from_u128(901).into()
}

fn settle(payment_id: PaymentId, now: DateTime<Utc>) -> SessionCommand {
    SessionCommand::Settle { payment_id, now }
}

fn rejected(payment_id: PaymentId, rejected_at: DateTime<Utc>) -> SessionEvent {
    SessionEvent::SessionPaymentRejected {
        session_id: session_id(),
        payment_id,
        rejected_at,
    }
}

fn reinstated(reinstated_at: DateTime<Utc>) -> SessionEvent {
    SessionEvent::SessionReinstated {
        session_id: session_id(),
        place: place(&[1]),
        reinstated_at,
    }
}

#[test]
fn a_payment_pays_for_the_hold() {
    given(vec![held()])
        .when(settle(payment(), at(5)))
        .then_expect_events(vec![paid(payment(), at(5))]);
}

#[test]
fn a_payment_that_comes_before_the_timer_of_a_hold_that_is_over_pays_for_it() {
    given(vec![held()])
        .when(settle(payment(), at(16)))
        .then_expect_events(vec![paid(payment(), at(16))]);
}

#[test]
fn the_same_payment_again_is_success() {
    given(vec![held(), paid(payment(), at(5))])
        .when(settle(payment(), at(6)))
        .then_expect_events(vec![]);
}

#[test]
fn a_second_payment_is_rejected() {
    given(vec![held(), paid(payment(), at(5))])
        .when(settle(other_payment(), at(6)))
        .then_expect_events(vec![rejected(other_payment(), at(6))]);
}

#[test]
fn a_late_payment_reinstates_the_session() {
    given(vec![held(), expired(at(15))])
        .when(settle(payment(), at(20)))
        .then_expect_events(vec![reinstated(at(20)), paid(payment(), at(20))]);
}

#[test]
fn a_late_payment_is_rejected_when_the_place_is_gone() {
    given(vec![held(), expired(at(15))])
        .when(SessionCommand::RejectPayment {
            payment_id: payment(),
            now: at(20),
        })
        .then_expect_events(vec![rejected(payment(), at(20))]);
}

#[test]
fn a_payment_that_comes_after_the_hold_and_the_start_is_rejected() {
    let start = DateTime::from_timestamp(START, 0).unwrap();
    given(vec![held(), expired(at(15))])
        .when(settle(payment(), start))
        .then_expect_events(vec![rejected(payment(), start)]);
    given(vec![held(), expired(at(15))])
        .when(settle(payment(), start - TimeDelta::seconds(1)))
        .inspect_result()
        .unwrap();
}

#[test]
fn a_payment_for_a_canceled_session_is_rejected() {
    given(vec![held(), canceled(true, None, at(5))])
        .when(settle(payment(), at(6)))
        .then_expect_events(vec![rejected(payment(), at(6))]);
}

#[test]
fn a_late_payment_does_not_bring_back_a_session_that_was_canceled_after_its_hold() {
    given(vec![held(), expired(at(15)), canceled(false, None, at(16))])
        .when(settle(payment(), at(20)))
        .then_expect_events(vec![rejected(payment(), at(20))]);
}

#[test]
fn a_session_whose_hold_ran_out_is_canceled_only_while_a_payment_can_bring_it_back() {
    let cancel_at =
        |now| given(vec![held(), expired(at(15))]).when(cancel(Acting::Parent(parent()), now));
    cancel_at(start()).then_expect_events(vec![]);
    let events = cancel_at(start() - TimeDelta::seconds(1)).inspect_result();
    assert_eq!(events.unwrap().len(), 1);
}

#[test]
fn a_rejected_payment_is_not_rejected_twice() {
    let given_events = vec![held(), expired(at(15)), rejected(payment(), at(20))];
    given(given_events.clone())
        .when(settle(payment(), at(21)))
        .then_expect_events(vec![]);
    given(given_events)
        .when(SessionCommand::RejectPayment {
            payment_id: payment(),
            now: at(21),
        })
        .then_expect_events(vec![]);
}

#[test]
fn a_payment_whose_session_was_canceled_after_it_is_not_rejected_on_top_of_its_refund() {
    let events = vec![
        held(),
        paid(payment(), at(5)),
        canceled(true, Some(payment()), at(6)),
    ];
    given(events)
        .when(settle(payment(), at(7)))
        .then_expect_events(vec![]);
}
