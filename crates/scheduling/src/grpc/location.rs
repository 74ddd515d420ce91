mod parse;
mod reply;

use contracts::scheduling::v1::location_service_server::LocationService;
use contracts::scheduling::v1::{
    CreateLocationRequest, CreateLocationResponse, GetLocationRequest, GetLocationResponse,
    ListLocationsRequest, ListLocationsResponse,
};
use service::{Call, Reads, Runtime, Writes, new_id, not_found, now};
use tonic::{Request, Response, Status};

use self::parse::{CreateLocation, GetLocation, ListLocations};
use crate::domain::location::{Location, LocationCommand};
use crate::projector::Calendar;
use crate::query::{self, LocationCursor};

/// Adds and shows venues.
pub struct LocationRpcs {
    locations: Writes<Location>,
    calendar: Reads<Calendar>,
}

impl LocationRpcs {
    pub fn on(runtime: &Runtime) -> Self {
        Self {
            locations: Writes::on(runtime),
            calendar: Reads::on(runtime),
        }
    }
}

#[tonic::async_trait]
impl LocationService for LocationRpcs {
    async fn create_location(
        &self,
        request: Request<CreateLocationRequest>,
    ) -> Result<Response<CreateLocationResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let CreateLocation { name, zone } = CreateLocation::try_from(message)?;
        let location_id = new_id();
        let create = LocationCommand::Create {
            location_id,
            name,
            time_zone: zone.name().to_owned(),
            now: now(),
        };
        let reply = |_: &_, _: &[_]| reply::created(location_id);
        self.locations
            .create(&call, message, location_id, create, reply)
            .await
    }

    async fn get_location(
        &self,
        request: Request<GetLocationRequest>,
    ) -> Result<Response<GetLocationResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let GetLocation { location_id } = GetLocation::try_from(message)?;
        let look = |pool| query::location(pool, location_id);
        let row = self.calendar.read(&call, message, look).await?;
        let row = row.ok_or_else(|| not_found("location", &location_id.to_string()))?;
        Ok(Response::new(GetLocationResponse {
            location: Some(row.into()),
        }))
    }

    async fn list_locations(
        &self,
        request: Request<ListLocationsRequest>,
    ) -> Result<Response<ListLocationsResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListLocations { page } = ListLocations::of(message, &call)?;
        let look = |pool| query::locations(pool, &page);
        let rows = self.calendar.read(&call, message, look).await?;
        let (locations, next_page_token) = page.cut(rows, LocationCursor::of);
        Ok(Response::new(ListLocationsResponse {
            locations,
            next_page_token,
        }))
    }
}
