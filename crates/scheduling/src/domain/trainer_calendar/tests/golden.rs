use testing::golden;

use super::TrainerCalendarEvent;
use crate::domain::samples::{at, eur, id};

#[test]
fn every_event_can_be_read_as_it_was_written() {
    let events = [
        TrainerCalendarEvent::TrainerLocationAssigned {
            trainer_id: id(0xaa),
            location_id: id(4),
            assigned_at: at(8),
        },
        TrainerCalendarEvent::GroupPriceSet {
            trainer_id: id(0xaa),
            group_price_id: id(7),
            participants: 2,
            price: eur(12_000),
            set_at: at(8),
        },
    ];
    let upcasters = (crate::definition().upcasters)();
    golden("golden/trainer_calendar", &events, &upcasters);
}
