use testing::golden;

use super::fixtures::*;

#[test]
fn every_event_can_be_read_as_it_was_written() {
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
    golden("golden/event", &events, &upcasters);
}
