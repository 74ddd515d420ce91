mod golden;

use chrono::DateTime;
use cqrs_es::test::TestFramework;
use eventsourcing::Root;
use uuid::Uuid;
use values::{Money, TrainerId};

use super::{TrainerCalendar, TrainerCalendarCommand, TrainerCalendarError, TrainerCalendarEvent};

fn calendar() -> TestFramework<Root<TrainerCalendar>> {
    TestFramework::with(())
}

fn trainer() -> TrainerId {
    Uuid::from_u128(100).into()
}

fn usd(minor_units: i64) -> Money {
    Money::new("USD", minor_units).unwrap()
}

fn assign(location: u128) -> TrainerCalendarCommand {
    TrainerCalendarCommand::AssignLocation {
        trainer_id: trainer(),
        location_id: Uuid::from_u128(location).into(),
        now: DateTime::UNIX_EPOCH,
    }
}

fn assigned(location: u128) -> TrainerCalendarEvent {
    TrainerCalendarEvent::TrainerLocationAssigned {
        trainer_id: trainer(),
        location_id: Uuid::from_u128(location).into(),
        assigned_at: DateTime::UNIX_EPOCH,
    }
}

fn set_price(row: u128, participants: u32, minor_units: i64) -> TrainerCalendarCommand {
    TrainerCalendarCommand::SetGroupPrice {
        trainer_id: trainer(),
        group_price_id: Uuid::from_u128(row),
        participants,
        price: usd(minor_units),
        trainer_currency: "USD".to_owned(),
        now: DateTime::UNIX_EPOCH,
    }
}

fn price_set(row: u128, participants: u32, minor_units: i64) -> TrainerCalendarEvent {
    TrainerCalendarEvent::GroupPriceSet {
        trainer_id: trainer(),
        group_price_id: Uuid::from_u128(row),
        participants,
        price: usd(minor_units),
        set_at: DateTime::UNIX_EPOCH,
    }
}

#[test]
fn a_trainer_is_assigned_to_a_second_location() {
    calendar()
        .given(vec![assigned(1)])
        .when(assign(2))
        .then_expect_events(vec![assigned(2)]);
}

#[test]
fn assigning_a_location_again_is_success() {
    calendar()
        .given(vec![assigned(1), assigned(2)])
        .when(assign(1))
        .then_expect_events(vec![]);
}

#[test]
fn a_group_price_is_set() {
    calendar()
        .given_no_previous_events()
        .when(set_price(7, 2, 15_000))
        .then_expect_events(vec![price_set(7, 2, 15_000)]);
}

#[test]
fn a_changed_group_price_keeps_its_row() {
    calendar()
        .given(vec![price_set(7, 2, 15_000)])
        .when(set_price(8, 2, 16_000))
        .then_expect_events(vec![price_set(7, 2, 16_000)]);
}

#[test]
fn setting_the_same_group_price_again_is_success() {
    calendar()
        .given(vec![price_set(7, 2, 15_000)])
        .when(set_price(8, 2, 15_000))
        .then_expect_events(vec![]);
}

#[test]
fn a_group_pays_in_the_currency_of_its_trainer() {
    let mut set = set_price(7, 2, 15_000);
    if let TrainerCalendarCommand::SetGroupPrice {
        trainer_currency, ..
    } = &mut set
    {
        "EUR".clone_into(trainer_currency);
    }
    let refused = TrainerCalendarError::OtherCurrency {
        trainer_currency: "EUR".to_owned(),
    };
    calendar()
        .given(vec![price_set(7, 2, 15_000)])
        .when(set)
        .then_expect_error(refused);
}

#[test]
fn one_child_is_no_group() {
    calendar()
        .given_no_previous_events()
        .when(set_price(7, 1, 15_000))
        .then_expect_error(TrainerCalendarError::NotAGroup);
}
