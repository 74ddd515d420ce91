//! The other requests of `EventService`; drafting an event has a file of its own.

use contracts::ticketing::v1 as pb;
use service::{Fields, Page, requests_of_ids};
use tonic::Status;
use values::EventId;

use crate::query::{EventCursor, EventFilter};
use crate::wire;

requests_of_ids! {
    write PublishEvent of pb::PublishEventRequest { event_id: EventId }
    read GetEvent of pb::GetEventRequest { event_id: EventId }
}

pub struct ListEvents {
    pub filter: EventFilter,
    pub page: Page<EventCursor>,
}

impl TryFrom<&pb::ListEventsRequest> for ListEvents {
    type Error = Status;

    fn try_from(request: &pb::ListEventsRequest) -> Result<Self, Status> {
        let pb::ListEventsRequest {
            event_type,
            from,
            until,
            page_size,
            page_token,
            min_position: _,
        } = request;
        let mut fields = Fields::new();
        let event_type = (*event_type != 0).then(|| fields.enum_value("event_type", *event_type));
        let list = Self {
            filter: EventFilter {
                event_type: event_type.and_then(wire::event_type_of),
                from: fields.optional_timestamp("from", from.as_ref()),
                until: fields.optional_timestamp("until", until.as_ref()),
            },
            page: fields.page(*page_size, page_token),
        };
        fields.finish()?;
        Ok(list)
    }
}
