//! Holds that run out and payments that come in time, late or twice.

use chrono::TimeDelta;

use super::fixtures::*;
use crate::domain::camp::{CampCommand, CampError, CampEvent};

#[test]
fn a_hold_that_runs_out_frees_places_and_children() {
    let lines = [(early_bird(), 11), (early_bird(), 12)];
    on_sale(vec![held(1, &lines)])
        .when(expire(1))
        .then_expect_events(vec![expired(1, &lines)]);
    on_sale(vec![held(1, &lines), expired(1, &lines)])
        .when(hold(2, &lines))
        .then_expect_events(vec![held(2, &lines)]);
}

#[test]
fn a_hold_never_runs_out_before_its_time() {
    let lines = [(vip(), 11)];
    let expiry = on_sale(vec![held(1, &lines)])
        .when(CampCommand::ExpireHold {
            hold_id: id(1),
            now: now(),
        })
        .inspect_result()
        .unwrap();
    let [CampEvent::TicketHoldExpired { expired_at, .. }] = expiry.as_slice() else {
        panic!("one expiry expected, not {expiry:?}");
    };
    assert_eq!(*expired_at, now() + TimeDelta::minutes(15));
}

#[test]
fn letting_go_twice_or_after_the_payment_is_success() {
    let lines = [(vip(), 11)];
    on_sale(vec![held(1, &lines), expired(1, &lines)])
        .when(expire(1))
        .then_expect_events(vec![]);
    on_sale(vec![held(1, &lines), confirmed(1, &lines, 9, false)])
        .when(expire(1))
        .then_expect_events(vec![]);
}

#[test]
fn an_unknown_hold_is_not_found() {
    on_sale(vec![])
        .when(expire(1))
        .then_expect_error(CampError::HoldNotFound(id(1)));
    on_sale(vec![])
        .when(settle(1, 9))
        .then_expect_error(CampError::HoldNotFound(id(1)));
}

#[test]
fn a_payment_confirms_a_hold() {
    let lines = [(vip(), 11), (early_bird(), 12)];
    on_sale(vec![held(1, &lines)])
        .when(settle(1, 9))
        .then_expect_events(vec![confirmed(1, &lines, 9, false)]);
}

#[test]
fn the_same_payment_again_changes_nothing() {
    let lines = [(vip(), 11)];
    on_sale(vec![held(1, &lines), confirmed(1, &lines, 9, false)])
        .when(settle(1, 9))
        .then_expect_events(vec![]);
}

#[test]
fn another_payment_for_a_paid_hold_is_rejected_once() {
    let lines = [(vip(), 11)];
    let paid = vec![held(1, &lines), confirmed(1, &lines, 9, false)];
    on_sale(paid.clone())
        .when(settle(1, 8))
        .then_expect_events(vec![rejected(1, 8)]);
    on_sale(paid)
        .and(vec![rejected(1, 8)])
        .when(settle(1, 8))
        .then_expect_events(vec![]);
}

#[test]
fn a_payment_for_free_tickets_is_rejected() {
    let lines = [(sponsored(), 11)];
    let free = CampEvent::TicketsConfirmed {
        hold_id: id(1),
        event_id: id(100),
        tickets: tickets(1, &lines),
        payment_id: None,
        reinstated: false,
        confirmed_at: now(),
    };
    on_sale(vec![held(1, &lines), free])
        .when(settle(1, 9))
        .then_expect_events(vec![rejected(1, 9)]);
}

#[test]
fn a_late_payment_reinstates_the_hold_while_its_places_are_free() {
    let lines = [(early_bird(), 11), (early_bird(), 12)];
    let late = vec![held(1, &lines), expired(1, &lines)];
    on_sale(late.clone())
        .when(settle(1, 9))
        .then_expect_events(vec![confirmed(1, &lines, 9, true)]);
    on_sale(late)
        .and(vec![confirmed(1, &lines, 9, true)])
        .when(hold(2, &[(early_bird(), 13)]))
        .then_expect_error(CampError::TierSoldOut(early_bird()));
}

#[test]
fn a_late_payment_is_rejected_when_one_of_the_places_is_gone() {
    let lines = [(early_bird(), 11), (early_bird(), 12)];
    on_sale(vec![
        held(1, &lines),
        expired(1, &lines),
        held(2, &[(early_bird(), 13)]),
    ])
    .when(settle(1, 9))
    .then_expect_events(vec![rejected(1, 9)]);
}

#[test]
fn a_late_payment_is_rejected_when_the_event_is_full() {
    let others = [(vip(), 13), (vip(), 14), (vip(), 15), (sponsored(), 16)];
    on_sale(vec![
        held(1, &[(early_bird(), 11)]),
        expired(1, &[(early_bird(), 11)]),
        held(2, &others),
    ])
    .when(settle(1, 9))
    .then_expect_events(vec![rejected(1, 9)]);
}

#[test]
fn a_late_payment_is_rejected_when_the_child_takes_part_by_another_hold() {
    let lines = [(vip(), 11)];
    on_sale(vec![
        held(1, &lines),
        expired(1, &lines),
        held(2, &[(early_bird(), 11)]),
    ])
    .when(settle(1, 9))
    .then_expect_events(vec![rejected(1, 9)]);
}

#[test]
fn a_late_payment_is_rejected_when_the_event_is_over() {
    let lines = [(vip(), 11)];
    let over = at("2027-07-11T19:30:00Z");
    on_sale(vec![held(1, &lines), expired(1, &lines)])
        .when(CampCommand::SettleHold {
            hold_id: id(1),
            payment_id: id(9),
            now: over,
        })
        .then_expect_events(vec![CampEvent::TicketPaymentRejected {
            hold_id: id(1),
            event_id: id(100),
            payment_id: id(9),
            rejected_at: over,
        }]);
}

#[test]
fn a_rejected_payment_stays_rejected_when_the_places_become_free() {
    let lines = [(vip(), 11)];
    let other = [(early_bird(), 11)];
    on_sale(vec![
        held(1, &lines),
        expired(1, &lines),
        held(2, &other),
        rejected(1, 9),
        expired(2, &other),
    ])
    .when(settle(1, 9))
    .then_expect_events(vec![]);
}
