use testing::golden;

use super::LocationEvent;
use crate::domain::samples::{at, id};

#[test]
fn every_event_can_be_read_as_it_was_written() {
    let created = LocationEvent::LocationCreated {
        location_id: id(0xaa),
        name: "Court 1".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        created_at: at(8),
    };
    let upcasters = (crate::definition().upcasters)();
    golden("golden/location", &[created], &upcasters);
}
