//! The answers of `ScheduleService`.

use contracts::scheduling::v1 as pb;
use contracts::wire::{date, local_end, local_time, optional_id, timestamp};
use values::ScheduleId;

use crate::domain::schedule::Schedule;
use crate::projector::{ScheduleRow, SlotRow, SlotStatus};

pub fn opened(schedule_id: ScheduleId, schedule: &Schedule) -> pb::OpenScheduleResponse {
    pb::OpenScheduleResponse {
        schedule_id: schedule_id.to_string(),
        slot_ids: schedule.slots().iter().map(ToString::to_string).collect(),
        position: None,
    }
}

/// Whether a slot can be booked.
pub fn slot_status(status: SlotStatus) -> pb::SlotStatus {
    match status {
        SlotStatus::Free => pb::SlotStatus::Free,
        SlotStatus::Held => pb::SlotStatus::Held,
        SlotStatus::Booked => pb::SlotStatus::Booked,
    }
}

impl From<ScheduleRow> for pb::Schedule {
    fn from(row: ScheduleRow) -> Self {
        Self {
            schedule_id: row.id.to_string(),
            trainer_id: row.trainer_id.to_string(),
            starts_at: Some(timestamp(row.start_date)),
            ends_at: Some(timestamp(row.end_date)),
            opened_at: Some(timestamp(row.opened_at)),
        }
    }
}

impl From<SlotRow> for pb::Slot {
    fn from(row: SlotRow) -> Self {
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
            status: slot_status(row.status).into(),
            session_id: optional_id(row.session_id),
            held_until: row.held_until.map(timestamp),
        }
    }
}
