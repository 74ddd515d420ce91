mod parse;
mod reply;

use contracts::ticketing::v1::event_service_server::EventService;
use contracts::ticketing::v1::{
    CreateEventRequest, CreateEventResponse, GetEventRequest, GetEventResponse, ListEventsRequest,
    ListEventsResponse, PublishEventRequest, PublishEventResponse,
};
use service::{Call, Reads, Runtime, Writes, new_id, not_found, now};
use tonic::{Request, Response, Status};

use self::parse::{CreateEvent, GetEvent, ListEvents, PublishEvent};
use crate::domain::camp::{Camp, CampCommand};
use crate::projector::Sales;
use crate::query::{self, EventCursor};
use crate::reference::References;

/// Drafts, publishes and shows events.
pub struct EventRpcs {
    camps: Writes<Camp>,
    sales: Reads<Sales>,
    references: References,
}

impl EventRpcs {
    pub fn on(runtime: &Runtime, references: &References) -> Self {
        Self {
            camps: Writes::on(runtime),
            sales: Reads::on(runtime),
            references: references.clone(),
        }
    }
}

#[tonic::async_trait]
impl EventService for EventRpcs {
    /// The zone is looked up before the request is parsed: a daily time that the zone skips comes
    /// back with everything else that is wrong.
    async fn create_event(
        &self,
        request: Request<CreateEventRequest>,
    ) -> Result<Response<CreateEventResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let zone = self.references.zone(&message.location_id).await?;
        let CreateEvent { draft } = CreateEvent::of(message, zone)?;
        let event_id = new_id();
        let create = CampCommand::Create {
            event_id,
            draft: Box::new(draft),
            now: now(),
        };
        self.camps
            .create(&call, message, event_id, create, reply::created)
            .await
    }

    async fn publish_event(
        &self,
        request: Request<PublishEventRequest>,
    ) -> Result<Response<PublishEventResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let PublishEvent { event_id } = PublishEvent::try_from(message)?;
        let publish = CampCommand::Publish { now: now() };
        let reply = |_: &_, _: &[_]| reply::published(event_id);
        self.camps
            .execute(&call, message, event_id, publish, reply)
            .await
    }

    async fn list_events(
        &self,
        request: Request<ListEventsRequest>,
    ) -> Result<Response<ListEventsResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListEvents { filter, page } = ListEvents::of(message, &call)?;
        let look = |pool| query::events(pool, call.is_admin(), &filter, &page);
        let events = self.sales.read(&call, message, look).await?;
        let (events, next_page_token) = page.cut(events, EventCursor::of);
        Ok(Response::new(ListEventsResponse {
            events,
            next_page_token,
        }))
    }

    async fn get_event(
        &self,
        request: Request<GetEventRequest>,
    ) -> Result<Response<GetEventResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let GetEvent { event_id } = GetEvent::try_from(message)?;
        let look = |pool| query::event(pool, call.is_admin(), event_id);
        let event = self.sales.read(&call, message, look).await?;
        let event = event.ok_or_else(|| not_found("event", &event_id.to_string()))?;
        Ok(Response::new(GetEventResponse {
            event: Some(event.into()),
        }))
    }
}
