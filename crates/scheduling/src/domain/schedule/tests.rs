mod golden;

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use cqrs_es::test::TestFramework;
use eventsourcing::{Claim, ClaimChange, ClaimingEvent, Root};
use uuid::Uuid;
use values::{Interval, LocalTimes, LocationId, ScheduleId, TrainerId};

use super::{Schedule, ScheduleCommand, ScheduleError, ScheduleEvent, Slot};

const HOME: u128 = 200;
const ELSEWHERE: u128 = 201;

fn trainer() -> TrainerId {
    Uuid::from_u128(100).into()
}

fn schedule() -> ScheduleId {
    Uuid::from_u128(300).into()
}

fn location(number: u128) -> LocationId {
    Uuid::from_u128(number).into()
}

fn minute(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(minute * 60, 0).unwrap()
}

fn interval(from: i64, to: i64) -> Interval {
    Interval::new(minute(from), minute(to)).unwrap()
}

fn slot(from: i64, to: i64) -> Slot {
    Slot {
        slot_id: Uuid::from_u128(u128::try_from(from).unwrap()).into(),
        location_id: location(HOME),
        time: interval(from, to),
        local: LocalTimes {
            time_zone: "Europe/Berlin".to_owned(),
            date: NaiveDate::default(),
            start: NaiveTime::default(),
            end: NaiveTime::default(),
        },
    }
}

fn open(slots: Vec<Slot>) -> ScheduleCommand {
    ScheduleCommand::Open {
        schedule_id: schedule(),
        trainer_id: trainer(),
        window: interval(0, 240),
        locations: slots.iter().map(|slot| slot.location_id).collect(),
        slots,
        assigned_locations: BTreeSet::from([location(HOME)]),
        now: minute(0),
    }
}

fn opened(slots: Vec<Slot>) -> ScheduleEvent {
    ScheduleEvent::ScheduleOpened {
        schedule_id: schedule(),
        trainer_id: trainer(),
        window: interval(0, 240),
        slots,
        opened_at: minute(0),
    }
}

fn opening(slots: Vec<Slot>) -> cqrs_es::test::AggregateResultValidator<Root<Schedule>> {
    TestFramework::<Root<Schedule>>::with(())
        .given_no_previous_events()
        .when(open(slots))
}

#[test]
fn a_window_opens_with_its_slots_by_start() {
    opening(vec![slot(60, 120), slot(0, 60), slot(180, 240)]).then_expect_events(vec![opened(
        vec![slot(0, 60), slot(60, 120), slot(180, 240)],
    )]);
}

#[test]
fn a_window_needs_a_slot() {
    opening(vec![]).then_expect_error(ScheduleError::NoSlots);
}

#[test]
fn a_slot_outside_the_window_is_refused() {
    opening(vec![slot(0, 60), slot(200, 241)]).then_expect_error(ScheduleError::OutsideWindow {
        starts_at: minute(200),
    });
}

#[test]
fn a_slot_that_has_begun_is_refused() {
    let mut command = open(vec![slot(60, 120), slot(30, 60)]);
    let ScheduleCommand::Open { now, .. } = &mut command;
    *now = minute(31);
    let refused = ScheduleError::SlotPast {
        starts_at: minute(30),
    };
    TestFramework::<Root<Schedule>>::with(())
        .given_no_previous_events()
        .when(command)
        .then_expect_error(refused);
}

#[test]
fn slots_that_overlap_are_refused_in_whatever_order_they_come() {
    opening(vec![slot(119, 180), slot(0, 60), slot(60, 120)]).then_expect_error(
        ScheduleError::SlotsOverlap {
            first: minute(60),
            second: minute(119),
        },
    );
}

#[test]
fn a_slot_where_the_trainer_does_not_work_is_refused() {
    let mut elsewhere = slot(60, 120);
    elsewhere.location_id = location(ELSEWHERE);
    opening(vec![slot(0, 60), elsewhere]).then_expect_error(ScheduleError::LocationNotAssigned {
        location_id: location(ELSEWHERE),
    });
}

#[test]
fn a_window_where_the_trainer_does_not_work_is_refused_whatever_its_slots() {
    let mut command = open(vec![]);
    let ScheduleCommand::Open { locations, .. } = &mut command;
    locations.extend([location(HOME), location(ELSEWHERE)]);
    let refused = ScheduleError::LocationNotAssigned {
        location_id: location(ELSEWHERE),
    };
    TestFramework::<Root<Schedule>>::with(())
        .given_no_previous_events()
        .when(command)
        .then_expect_error(refused);
}

#[test]
fn where_the_trainer_does_not_work_no_time_of_a_slot_matters() {
    let mut elsewhere = slot(60, 120);
    elsewhere.location_id = location(ELSEWHERE);
    let slots = vec![slot(200, 241), slot(0, 61), elsewhere];
    opening(slots).then_expect_error(ScheduleError::LocationNotAssigned {
        location_id: location(ELSEWHERE),
    });
}

#[test]
fn an_open_window_is_not_opened_again() {
    TestFramework::<Root<Schedule>>::with(())
        .given(vec![opened(vec![slot(0, 60)])])
        .when(open(vec![slot(60, 120)]))
        .then_expect_error(ScheduleError::AlreadyOpen);
}

#[test]
fn a_window_claims_the_time_of_its_trainer() {
    assert_eq!(
        opened(vec![slot(0, 60)]).claims("any"),
        vec![ClaimChange::Acquire(Claim::Interval {
            scope: "trainer.window",
            key: trainer().to_string(),
            from: minute(0),
            to: minute(240),
        })]
    );
}
