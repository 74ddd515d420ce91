//! The other requests of `EventService`; drafting an event has a file of its own.

use contracts::ticketing::v1 as pb;
use service::{Fields, Page};
use tonic::Status;
use values::EventId;

use crate::query::{EventCursor, EventFilter};
use crate::wire;

pub struct PublishEvent {
    pub event_id: EventId,
}

impl TryFrom<&pb::PublishEventRequest> for PublishEvent {
    type Error = Status;

    fn try_from(request: &pb::PublishEventRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::PublishEventRequest {
            request_id: _,
            event_id,
        } = request;
        let event_id = fields.id("event_id", event_id);
        fields.finish()?;
        Ok(Self { event_id })
    }
}

pub struct GetEvent {
    pub event_id: EventId,
}

impl TryFrom<&pb::GetEventRequest> for GetEvent {
    type Error = Status;

    fn try_from(request: &pb::GetEventRequest) -> Result<Self, Status> {
        let pb::GetEventRequest {
            event_id,
            min_position: _,
        } = request;
        let mut fields = Fields::new();
        let event_id = fields.id("event_id", event_id);
        fields.finish()?;
        Ok(Self { event_id })
    }
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
