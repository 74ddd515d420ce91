//! `divinetime.ticketing.v1.EventService`.

use contracts::ticketing::v1::{
    self as pb, CreateEventRequest, CreateEventResponse, EventState, GetEventRequest,
    GetEventResponse, ListEventsRequest, ListEventsResponse, PublishEventRequest,
    PublishEventResponse, event_service_server::EventService,
};
use contracts::wire::timestamp;
use eventsourcing::{Checkpoints, Projection, Repository};
use prost::Message;
use service::{Call, internal, not_found, reached};
use sqlx::PgPool;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{answer, convert, errors, now};
use crate::{
    domain::event::{Event, EventCommand, EventEvent},
    projector::Sales,
    query::{self, EventCursor},
    reference::References,
};

const CREATE: &str = "/divinetime.ticketing.v1.EventService/CreateEvent";
const PUBLISH: &str = "/divinetime.ticketing.v1.EventService/PublishEvent";

/// Drafts, publishes and shows events.
#[derive(Clone)]
pub struct Events {
    /// Decides.
    pub repository: Repository<Event>,
    /// Knows zones.
    pub references: References,
    /// Has the read tables.
    pub pool: PgPool,
    /// Knows how far they are.
    pub checkpoints: Checkpoints,
}

#[tonic::async_trait]
impl EventService for Events {
    async fn create_event(
        &self,
        request: Request<CreateEventRequest>,
    ) -> Result<Response<CreateEventResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let zone = match convert::location_id(&request) {
            Some(location) => self
                .references
                .zone(location)
                .await
                .map_err(errors::lookup)?,
            None => None,
        };
        let (request_id, create) = convert::create_event(&request, zone, Uuid::now_v7(), now())?;
        let event_id = create.event_id.to_string();
        let context = call.context(CREATE, request_id, &request);
        let command = EventCommand::Create(Box::new(create));
        let committed = self
            .repository
            .create(&event_id, context, command, |_, events| created(events))
            .await
            .map_err(errors::status)?;
        answer(
            &committed,
            |response: &mut CreateEventResponse, position| {
                response.position = Some(position);
            },
        )
    }

    async fn publish_event(
        &self,
        request: Request<PublishEventRequest>,
    ) -> Result<Response<PublishEventResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let (request_id, event_id) = convert::publish_event(&request)?;
        let event_id = event_id.to_string();
        let context = call.context(PUBLISH, request_id, &request);
        let committed = self
            .repository
            .execute(
                &event_id,
                context,
                EventCommand::Publish { at: now() },
                |_, _| published(event_id.clone()),
            )
            .await
            .map_err(errors::status)?;
        answer(
            &committed,
            |response: &mut PublishEventResponse, position| {
                response.position = Some(position);
            },
        )
    }

    async fn list_events(
        &self,
        request: Request<ListEventsRequest>,
    ) -> Result<Response<ListEventsResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let (filter, page) = convert::list_events(&request, call.is_admin())?;
        reached(
            &self.checkpoints,
            Sales::NAME,
            request.min_position.as_slice(),
            &call,
        )
        .await?;
        let mut events = query::events(&self.pool, &filter).await.map_err(internal)?;
        let next_page_token = page.next_token(&mut events, EventCursor::of);
        let events: Vec<pb::Event> = events.into_iter().map(pb::Event::from).collect();
        Ok(Response::new(ListEventsResponse {
            events,
            next_page_token,
        }))
    }

    async fn get_event(
        &self,
        request: Request<GetEventRequest>,
    ) -> Result<Response<GetEventResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let event_id = convert::get_event(&request)?;
        reached(
            &self.checkpoints,
            Sales::NAME,
            request.min_position.as_slice(),
            &call,
        )
        .await?;
        let event = query::event(&self.pool, event_id.uuid(), call.is_admin())
            .await
            .map_err(internal)?
            .ok_or_else(|| not_found("event", &request.event_id))?;
        Ok(Response::new(GetEventResponse {
            event: Some(event.into()),
        }))
    }
}

fn created(events: &[EventEvent]) -> Vec<u8> {
    let Some(EventEvent::EventCreated(created)) = events.first() else {
        return Vec::new();
    };
    CreateEventResponse {
        event_id: created.event_id.to_string(),
        tier_ids: created
            .tiers
            .iter()
            .map(|tier| tier.tier_id.to_string())
            .collect(),
        starts_at: Some(timestamp(created.starts_at)),
        ends_at: Some(timestamp(created.ends_at)),
        position: None,
    }
    .encode_to_vec()
}

fn published(event_id: String) -> Vec<u8> {
    PublishEventResponse {
        event_id,
        state: EventState::Published.into(),
        position: None,
    }
    .encode_to_vec()
}
