use testing::golden;
use values::Interval;

use super::{ScheduleEvent, Slot};
use crate::domain::samples::{at, id, local, time};

#[test]
fn every_event_can_be_read_as_it_was_written() {
    let opened = ScheduleEvent::ScheduleOpened {
        schedule_id: id(0xaa),
        trainer_id: id(3),
        window: Interval::new(at(9), at(18)).unwrap(),
        slots: vec![Slot {
            slot_id: id(2),
            location_id: id(4),
            time: time(),
            local: local(),
        }],
        opened_at: at(8),
    };
    let upcasters = (crate::definition().upcasters)();
    golden("golden/schedule", &[opened], &upcasters);
}
