//! Drafting, publishing and holding.

use chrono::TimeDelta;

use super::fixtures::*;
use crate::domain::camp::{CampCommand, CampError, CampEvent, Hold};

#[test]
fn a_draft_keeps_everything_and_spans_its_days() {
    framework()
        .given_no_previous_events()
        .when(create(draft()))
        .then_expect_events(vec![created()]);
}

#[test]
fn a_draft_made_already_is_success() {
    framework()
        .given(vec![created()])
        .when(create(draft()))
        .then_expect_events(vec![]);
}

#[test]
fn two_tiers_of_one_name_are_refused_whatever_their_case() {
    let mut draft = draft();
    draft.tiers[1].name = "EARLY bird".to_owned();
    framework()
        .given_no_previous_events()
        .when(create(draft))
        .then_expect_error(CampError::TierNameTaken("EARLY bird".to_owned()));
}

#[test]
fn publishing_puts_a_draft_on_sale() {
    framework()
        .given(vec![created()])
        .when(CampCommand::Publish {
            now: at("2027-05-02T08:00:00Z"),
        })
        .then_expect_events(vec![published()]);
}

#[test]
fn what_has_begun_cannot_be_published() {
    for late in [at("2027-07-10T13:00:00Z"), at("2027-08-10T13:00:00Z")] {
        framework()
            .given(vec![created()])
            .when(CampCommand::Publish { now: late })
            .then_expect_error(CampError::Past);
    }
}

#[test]
fn publishing_again_is_success() {
    on_sale(vec![])
        .when(CampCommand::Publish { now: now() })
        .then_expect_events(vec![]);
}

#[test]
fn an_event_that_was_never_drafted_is_not_found() {
    let commands = [
        CampCommand::Publish { now: now() },
        hold(1, &[(vip(), 11)]),
        expire(1),
        settle(1, 9),
    ];
    for command in commands {
        framework()
            .given_no_previous_events()
            .when(command)
            .then_expect_error(CampError::NotFound);
    }
}

#[test]
fn a_hold_takes_every_line_and_sums_their_prices() {
    let lines = [(early_bird(), 11), (vip(), 12), (sponsored(), 13)];
    on_sale(vec![])
        .when(hold(1, &lines))
        .then_expect_events(vec![held(1, &lines)]);
}

#[test]
fn the_same_hold_again_is_success() {
    let lines = [(vip(), 11)];
    on_sale(vec![held(1, &lines)])
        .when(hold(1, &lines))
        .then_expect_events(vec![]);
}

#[test]
fn free_tickets_are_confirmed_at_once() {
    let lines = [(sponsored(), 11), (sponsored(), 12)];
    on_sale(vec![])
        .when(hold(1, &lines))
        .then_expect_events(vec![
            held(1, &lines),
            CampEvent::TicketsConfirmed {
                hold_id: id(1),
                event_id: id(100),
                tickets: tickets(1, &lines),
                payment_id: None,
                reinstated: false,
                confirmed_at: now(),
            },
        ]);
}

#[test]
fn no_place_is_taken_with_a_child_that_was_archived() {
    let CampCommand::Hold(asked) = hold(1, &[(vip(), 11), (vip(), 12)]) else {
        unreachable!("a hold is a hold");
    };
    let archived_child = Some(id(12));
    on_sale(vec![])
        .when(CampCommand::Hold(Hold {
            archived_child,
            ..asked.clone()
        }))
        .then_expect_error(CampError::ChildArchived(id(12)));
    let held = held(1, &[(vip(), 11), (vip(), 12)]);
    on_sale(vec![held])
        .when(CampCommand::Hold(Hold {
            archived_child,
            ..asked
        }))
        .then_expect_events(vec![]);
}

#[test]
fn a_draft_is_not_on_sale() {
    framework()
        .given(vec![created()])
        .when(hold(1, &[(vip(), 11)]))
        .then_expect_error(CampError::NotOnSale);
}

#[test]
fn the_sale_ends_when_the_event_starts() {
    let start = at("2027-07-10T13:00:00Z");
    on_sale(vec![])
        .when(hold_at(start, 1, &[(vip(), 11)]))
        .then_expect_error(CampError::NotOnSale);
    let last = start - TimeDelta::nanoseconds(1);
    let events = on_sale(vec![])
        .when(hold_at(last, 1, &[(vip(), 11)]))
        .inspect_result()
        .unwrap();
    assert_eq!(events.len(), 1);
}

#[test]
fn a_tier_of_another_event_is_not_found_and_nothing_is_taken() {
    on_sale(vec![])
        .when(hold(1, &[(vip(), 11), (id(77), 12)]))
        .then_expect_error(CampError::TierNotFound(id(77)));
}

#[test]
fn a_tier_sells_its_capacity_and_not_one_more() {
    let taken = held(1, &[(early_bird(), 11)]);
    on_sale(vec![taken.clone()])
        .when(hold(2, &[(early_bird(), 12)]))
        .then_expect_events(vec![held(2, &[(early_bird(), 12)])]);
    on_sale(vec![taken])
        .when(hold(2, &[(early_bird(), 12), (early_bird(), 13)]))
        .then_expect_error(CampError::TierSoldOut(early_bird()));
}

#[test]
fn a_tier_of_no_tickets_is_sold_out_and_the_others_are_not() {
    let CampEvent::EventCreated(mut created) = created() else {
        panic!("an event begins with its draft");
    };
    created.draft.tiers[0].capacity = 0;
    let created = CampEvent::EventCreated(created);
    let on_sale = || framework().given(vec![created.clone(), published()]);
    on_sale()
        .when(hold(1, &[(early_bird(), 11)]))
        .then_expect_error(CampError::TierSoldOut(early_bird()));
    on_sale()
        .when(hold(1, &[(vip(), 11)]))
        .then_expect_events(vec![held(1, &[(vip(), 11)])]);
}

#[test]
fn paid_places_stay_taken() {
    let lines = [(early_bird(), 11), (early_bird(), 12)];
    on_sale(vec![held(1, &lines), confirmed(1, &lines, 9, false)])
        .when(hold(2, &[(early_bird(), 13)]))
        .then_expect_error(CampError::TierSoldOut(early_bird()));
}

#[test]
fn all_tiers_together_sell_the_events_places_and_not_one_more() {
    let taken = held(1, &[(early_bird(), 11), (early_bird(), 12), (vip(), 13)]);
    on_sale(vec![taken.clone()])
        .when(hold(2, &[(vip(), 14)]))
        .then_expect_events(vec![held(2, &[(vip(), 14)])]);
    on_sale(vec![taken])
        .when(hold(2, &[(vip(), 14), (vip(), 15)]))
        .then_expect_error(CampError::SoldOut);
}

#[test]
fn a_child_takes_part_once_while_held_and_while_paid() {
    let lines = [(vip(), 11)];
    on_sale(vec![held(1, &lines)])
        .when(hold(2, &[(early_bird(), 12), (early_bird(), 11)]))
        .then_expect_error(CampError::ChildRegistered(id(11)));
    on_sale(vec![held(1, &lines), confirmed(1, &lines, 9, false)])
        .when(hold(2, &[(vip(), 11)]))
        .then_expect_error(CampError::ChildRegistered(id(11)));
}

#[test]
fn a_child_twice_in_one_hold_is_refused() {
    on_sale(vec![])
        .when(hold(1, &[(vip(), 11), (early_bird(), 11)]))
        .then_expect_error(CampError::ChildRegistered(id(11)));
}
