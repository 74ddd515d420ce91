//! What others learn about windows.

use contracts::scheduling::events::v1 as public;
use contracts::scheduling::events::v1::scheduling_event::Event;
use contracts::wire::timestamp;

use crate::domain::schedule::{ScheduleEvent, Slot};

pub fn schedule(event: &ScheduleEvent) -> Event {
    let ScheduleEvent::ScheduleOpened {
        schedule_id,
        trainer_id,
        window,
        slots,
        opened_at: _,
    } = event;
    Event::ScheduleOpened(public::ScheduleOpened {
        schedule_id: schedule_id.to_string(),
        trainer_id: trainer_id.to_string(),
        starts_at: Some(timestamp(window.from())),
        ends_at: Some(timestamp(window.to())),
        slot_count: i32::try_from(slots.len()).unwrap_or(i32::MAX),
        slots: slots.iter().map(opened_slot).collect(),
    })
}

fn opened_slot(slot: &Slot) -> public::OpenedSlot {
    public::OpenedSlot {
        slot_id: slot.slot_id.to_string(),
        location_id: slot.location_id.to_string(),
        starts_at: Some(timestamp(slot.time.from())),
        ends_at: Some(timestamp(slot.time.to())),
    }
}
