//! The answers of `TrainerCalendarService`.

use contracts::scheduling::v1 as pb;

use crate::domain::trainer_calendar::{TrainerCalendar, TrainerCalendarEvent};

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
