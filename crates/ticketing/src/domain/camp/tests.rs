//! Every rule of an event, as given, when, then.

mod fixtures;
mod sale;
mod settlement;

use eventsourcing::Decide as _;

use super::Camp;
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
    let mut camp = Camp::default();
    for happened in [created(), published(), held(1, &[(vip(), 11)])] {
        camp.apply(happened);
    }
    let snapshot = serde_json::to_string(&camp).unwrap();
    let restored: Camp = serde_json::from_str(&snapshot).unwrap();
    assert_eq!(restored.hold_state(id(1)), camp.hold_state(id(1)));
    assert!(restored.hold_state(id(1)).is_some());
}
