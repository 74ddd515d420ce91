//! The requests of `LocationService`.

use contracts::scheduling::v1 as pb;
use service::{Call, Fields, Page, requests_of_ids};
use tonic::Status;
use values::{LocationId, Zone};

use crate::query::LocationCursor;

requests_of_ids! {
    read GetLocation of pb::GetLocationRequest { location_id: LocationId }
}

pub struct CreateLocation {
    pub name: String,
    pub zone: Zone,
}

impl TryFrom<&pb::CreateLocationRequest> for CreateLocation {
    type Error = Status;

    fn try_from(request: &pb::CreateLocationRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::CreateLocationRequest {
            request_id: _,
            name,
            time_zone,
        } = request;
        let create = Self {
            name: fields.text("name", name, 1..=100),
            zone: fields.zone("time_zone", time_zone),
        };
        fields.finish()?;
        Ok(create)
    }
}

pub struct ListLocations {
    pub page: Page<LocationCursor>,
}

impl ListLocations {
    pub fn of(request: &pb::ListLocationsRequest, call: &Call) -> Result<Self, Status> {
        let pb::ListLocationsRequest {
            page_size: _,
            page_token: _,
            min_position: _,
        } = request;
        let mut fields = Fields::new();
        let page = fields.page(call, request);
        fields.finish()?;
        Ok(Self { page })
    }
}
