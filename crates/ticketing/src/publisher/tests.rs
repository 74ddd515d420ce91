use std::fs;

use chrono::DateTime;
use contracts::ticketing::events::v1::TicketingEvent;
use contracts::ticketing::events::v1::ticketing_event::Event;
use eventsourcing::RecordedEvent;
use prost::Message as _;
use uuid::Uuid;

use super::publish;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/event");
const EVENTS: [&str; 6] = [
    "EventCreated",
    "EventPublished",
    "TicketsHeld",
    "TicketsConfirmed",
    "TicketHoldExpired",
    "TicketPaymentRejected",
];

/// The golden event of that name as the log would have it.
fn recorded(event_type: &str) -> RecordedEvent {
    let file = format!("{GOLDEN}/{event_type}.1.0.json");
    RecordedEvent {
        position: 1,
        event_id: Uuid::from_u128(1),
        recorded_at: DateTime::UNIX_EPOCH,
        aggregate_type: "event".to_owned(),
        aggregate_id: Uuid::from_u128(100).to_string(),
        sequence: 1,
        event_type: event_type.to_owned(),
        event_version: "1.0".to_owned(),
        payload: fs::read_to_string(file).unwrap(),
        command_id: Uuid::from_u128(2),
        actor: "system".to_owned(),
        correlation_id: Uuid::from_u128(3),
        causation_id: None,
        trace_context: None,
    }
}

#[test]
fn every_event_is_public_by_its_own_name_and_a_replay_publishes_the_same_bytes() {
    for event_type in EVENTS {
        let published = publish(&recorded(event_type)).unwrap().unwrap();
        assert_eq!(published.event_type, event_type);
        assert_eq!(publish(&recorded(event_type)).unwrap(), Some(published));
    }
}

#[test]
fn a_hold_is_published_with_everything_that_others_need_to_charge_and_count_it() {
    let published = publish(&recorded("TicketsHeld")).unwrap().unwrap();
    let event = TicketingEvent::decode(published.payload.as_slice()).unwrap();
    let Some(Event::TicketsHeld(held)) = event.event else {
        panic!("another event");
    };
    assert_eq!(held.event_id, Uuid::from_u128(100).to_string());
    assert_eq!(held.tickets.len(), 1);
    assert_eq!(held.total.unwrap().minor_units, 12_000);
    assert!(held.hold_expires_at.is_some() && held.held_at.is_some());
}
