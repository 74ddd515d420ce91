//! Every rule of an event, as given, when, then.

mod fixtures;
mod golden;
mod sale;
mod settlement;

use eventsourcing::Decide as _;

use super::Camp;
use fixtures::*;

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
