//! The other requests of `ScheduleService`; opening a window has a file of its own.

use contracts::scheduling::v1 as pb;
use service::{Fields, Page};
use tonic::Status;

use crate::query::{SlotFilter, StartCursor};

pub struct ListAvailableSlots {
    pub filter: SlotFilter,
    pub page: Page<StartCursor>,
}

impl TryFrom<&pb::ListAvailableSlotsRequest> for ListAvailableSlots {
    type Error = Status;

    fn try_from(request: &pb::ListAvailableSlotsRequest) -> Result<Self, Status> {
        let pb::ListAvailableSlotsRequest {
            trainer_id,
            location_id,
            from,
            until,
            page_size,
            page_token,
            min_position: _,
        } = request;
        let mut fields = Fields::new();
        let list = Self {
            filter: SlotFilter {
                trainer_id: fields.optional_id("trainer_id", trainer_id),
                location_id: fields.optional_id("location_id", location_id),
                from: fields.optional_timestamp("from", from.as_ref()),
                until: fields.optional_timestamp("until", until.as_ref()),
            },
            page: fields.page(*page_size, page_token),
        };
        fields.finish()?;
        Ok(list)
    }
}
