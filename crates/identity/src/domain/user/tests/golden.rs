use testing::golden;

use crate::domain::samples;

#[test]
fn every_event_can_be_read_as_it_was_written() {
    let upcasters = (crate::definition().upcasters)();
    golden("golden/user", &samples::user_events(), &upcasters);
}
