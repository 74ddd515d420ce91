//! Every rule of an event, as given, when, then.

mod fixtures;
mod sale;
mod settlement;

use cqrs_es::Aggregate;

use super::Event;
use fixtures::*;

#[test]
fn every_event_is_read_as_it_was_stored() {
    let lines = [(vip(), 11)];
    let events = [
        created(),
        published(),
        held(1, &lines),
        confirmed(1, &lines, 9, false),
        expired(2, &[(early_bird(), 12)]),
        rejected(2, 8),
    ];
    let upcasters = (crate::definition().upcasters)();
    testing::golden("golden/event", &events, &upcasters);
}

#[test]
fn the_state_survives_a_snapshot() {
    let mut event = Event::default();
    for happened in [created(), published(), held(1, &[(vip(), 11)])] {
        event.apply(happened);
    }
    let snapshot = serde_json::to_string(&event).unwrap();
    let restored: Event = serde_json::from_str(&snapshot).unwrap();
    assert_eq!(restored.hold_state(id(1)), event.hold_state(id(1)));
    assert!(restored.hold_state(id(1)).is_some());
}
