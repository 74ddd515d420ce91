//! The answers of `ScheduleService`.

use contracts::scheduling::v1 as pb;
use contracts::wire::{date, local_end, local_time, timestamp};
use values::ScheduleId;

use crate::domain::schedule::Schedule;
use crate::projector::{SlotRow, SlotStatus};

pub fn opened(schedule_id: ScheduleId, schedule: &Schedule) -> pb::OpenScheduleResponse {
    pb::OpenScheduleResponse {
        schedule_id: schedule_id.to_string(),
        slot_ids: schedule.slots().iter().map(ToString::to_string).collect(),
        position: None,
    }
}

impl From<SlotRow> for pb::Slot {
    fn from(row: SlotRow) -> Self {
        let status = match row.status {
            SlotStatus::Free => pb::SlotStatus::Free,
            SlotStatus::Held => pb::SlotStatus::Held,
            SlotStatus::Booked => pb::SlotStatus::Booked,
        };
        Self {
            slot_id: row.id.to_string(),
            schedule_id: row.schedule_id.to_string(),
            trainer_id: row.trainer_id.to_string(),
            location_id: row.location_id.to_string(),
            starts_at: Some(timestamp(row.starts_at)),
            ends_at: Some(timestamp(row.ends_at)),
            time_zone: row.time_zone,
            date: Some(date(row.date)),
            local_start: local_time(row.start),
            local_end: local_end(row.end),
            status: status.into(),
        }
    }
}
