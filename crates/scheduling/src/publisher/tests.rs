use std::path::Path;

use chrono::DateTime;
use contracts::scheduling::events::v1::SchedulingEvent;
use contracts::scheduling::events::v1::scheduling_event::Event;
use eventsourcing::RecordedEvent;
use prost::Message;
use uuid::Uuid;

use super::publish;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden");
const AGGREGATE: &str = "01980000-0000-7000-8000-0000000000aa";

/// The golden event of that name as the log would have it.
fn recorded(aggregate_type: &str, event_type: &str) -> RecordedEvent {
    let file = Path::new(GOLDEN)
        .join(aggregate_type)
        .join(format!("{event_type}.1.0.json"));
    RecordedEvent {
        position: 1,
        event_id: Uuid::from_u128(1),
        recorded_at: DateTime::UNIX_EPOCH,
        aggregate_type: aggregate_type.to_owned(),
        aggregate_id: AGGREGATE.to_owned(),
        sequence: 1,
        event_type: event_type.to_owned(),
        event_version: "1.0".to_owned(),
        payload: std::fs::read_to_string(file).unwrap(),
        command_id: Uuid::from_u128(2),
        actor: "system".to_owned(),
        correlation_id: Uuid::from_u128(3),
        causation_id: None,
        trace_context: None,
    }
}

fn published(aggregate_type: &str, event_type: &str) -> Event {
    let published = publish(&recorded(aggregate_type, event_type))
        .unwrap()
        .unwrap();
    assert_eq!(published.event_type, event_type);
    SchedulingEvent::decode(published.payload.as_slice())
        .unwrap()
        .event
        .unwrap()
}

#[test]
fn public_events_carry_the_name_of_their_private_ones() {
    for (aggregate_type, event_type) in [
        ("location", "LocationCreated"),
        ("trainer_calendar", "TrainerLocationAssigned"),
        ("schedule", "ScheduleOpened"),
        ("session", "SessionHeld"),
        ("session", "SessionHoldExpired"),
        ("session", "SessionPaid"),
        ("session", "SessionCanceled"),
        ("session", "SessionCompleted"),
        ("session", "SessionPaymentRejected"),
    ] {
        published(aggregate_type, event_type);
    }
}

#[test]
fn group_prices_and_reinstatements_stay_private() {
    for (aggregate_type, event_type) in [
        ("trainer_calendar", "GroupPriceSet"),
        ("session", "SessionReinstated"),
    ] {
        assert_eq!(
            publish(&recorded(aggregate_type, event_type)).unwrap(),
            None
        );
    }
}

#[test]
fn a_replay_publishes_the_same_bytes() {
    let held = recorded("session", "SessionHeld");
    assert_eq!(publish(&held).unwrap(), publish(&held).unwrap());
}

#[test]
fn a_hold_is_published_with_everything_that_others_need_to_charge_and_count_it() {
    let Event::SessionHeld(held) = published("session", "SessionHeld") else {
        panic!("another event");
    };
    assert_eq!(held.session_id, AGGREGATE);
    assert_eq!(held.child_ids.len(), 2);
    let price = held.price.unwrap();
    assert_eq!(
        (price.minor_units, price.currency_code.as_str()),
        (12_000, "EUR")
    );
    for instant in [
        held.starts_at,
        held.ends_at,
        held.hold_expires_at,
        held.held_at,
    ] {
        assert!(instant.is_some());
    }
}

#[test]
fn a_cancellation_names_the_payment_that_goes_back() {
    let Event::SessionCanceled(canceled) = published("session", "SessionCanceled") else {
        panic!("another event");
    };
    assert_eq!(
        canceled.refund_payment_id,
        "01980000-0000-7000-8000-000000000009"
    );
    assert!(canceled.late);
}

#[test]
fn a_window_is_published_with_its_slots_and_what_takes_and_frees_one_names_it() {
    let Event::ScheduleOpened(opened) = published("schedule", "ScheduleOpened") else {
        panic!("another event");
    };
    assert_eq!(opened.slots.len(), 1);
    let slot = &opened.slots[0];
    assert!(!slot.location_id.is_empty() && slot.starts_at.is_some() && slot.ends_at.is_some());
    let Event::SessionHeld(held) = published("session", "SessionHeld") else {
        panic!("another event");
    };
    let Event::SessionPaid(paid) = published("session", "SessionPaid") else {
        panic!("another event");
    };
    let Event::SessionHoldExpired(expired) = published("session", "SessionHoldExpired") else {
        panic!("another event");
    };
    let Event::SessionCanceled(canceled) = published("session", "SessionCanceled") else {
        panic!("another event");
    };
    let named = [paid.slot_id, expired.slot_id, canceled.slot_id];
    assert_eq!(named, [&held.slot_id; 3].map(Clone::clone));
}
