//! `LocationService`.

use contracts::scheduling::v1::location_service_server::LocationService;
use contracts::scheduling::v1::{
    CreateLocationRequest, CreateLocationResponse, ListLocationsRequest, ListLocationsResponse,
};
use eventsourcing::Projection;
use prost::Message;
use service::{Call, internal, reached};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::convert::{CreateLocation, ListLocations};
use super::errors::refusal;
use super::{Api, answer, now};
use crate::domain::location::LocationCommand;
use crate::projector::Calendar;
use crate::query::{self, LocationCursor};

const CREATE: &str = "/divinetime.scheduling.v1.LocationService/CreateLocation";

#[tonic::async_trait]
impl LocationService for Api {
    async fn create_location(
        &self,
        request: Request<CreateLocationRequest>,
    ) -> Result<Response<CreateLocationResponse>, Status> {
        let create = CreateLocation::try_from(request.get_ref())?;
        let context = Call::of(&request).context(CREATE, create.request_id, request.get_ref());
        let location_id = Uuid::now_v7().to_string();
        let command = LocationCommand::Create {
            name: create.name,
            time_zone: create.zone.name().to_owned(),
            now: now(),
        };
        let reply = CreateLocationResponse {
            location_id: location_id.clone(),
            position: None,
        }
        .encode_to_vec();
        let committed = self
            .locations
            .create(&location_id, context, command, |_, _| reply.clone())
            .await
            .map_err(refusal)?;
        answer(&committed, |response: &mut CreateLocationResponse| {
            &mut response.position
        })
    }

    async fn list_locations(
        &self,
        request: Request<ListLocationsRequest>,
    ) -> Result<Response<ListLocationsResponse>, Status> {
        let ListLocations { page, min_position } = ListLocations::try_from(request.get_ref())?;
        let call = Call::of(&request);
        reached(
            &self.checkpoints,
            Calendar::NAME,
            min_position.as_slice(),
            &call,
        )
        .await?;
        let mut rows = query::locations(&self.pool, &page)
            .await
            .map_err(internal)?;
        let next_page_token = page.next_token(&mut rows, |row| LocationCursor {
            name: row.name.clone(),
            id: row.id,
        });
        Ok(Response::new(ListLocationsResponse {
            locations: rows.into_iter().map(Into::into).collect(),
            next_page_token,
        }))
    }
}
