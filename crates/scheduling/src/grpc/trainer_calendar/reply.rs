//! The answers of `TrainerCalendarService`.

use contracts::scheduling::v1 as pb;
use contracts::wire::{amount, timestamp};

use crate::domain::trainer_calendar::{TrainerCalendar, TrainerCalendarEvent};
use crate::projector::GroupDiscountRow;

pub fn assigned(
    _: &TrainerCalendar,
    _: &[TrainerCalendarEvent],
) -> pb::AssignTrainerLocationResponse {
    pb::AssignTrainerLocationResponse { position: None }
}

pub fn group_price_set(
    _: &TrainerCalendar,
    _: &[TrainerCalendarEvent],
) -> pb::SetGroupPriceResponse {
    pb::SetGroupPriceResponse { position: None }
}

impl From<GroupDiscountRow> for pb::GroupPrice {
    fn from(row: GroupDiscountRow) -> Self {
        Self {
            participants: row.participants.try_into().unwrap_or(i32::MAX),
            price: Some(amount(row.currency, row.price)),
            set_at: Some(timestamp(row.set_at)),
        }
    }
}
