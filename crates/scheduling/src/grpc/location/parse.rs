//! The requests of `LocationService`.

use chrono_tz::Tz;
use contracts::scheduling::v1 as pb;
use service::{Fields, Page};
use tonic::Status;

use crate::query::LocationCursor;

pub struct CreateLocation {
    pub name: String,
    pub zone: Tz,
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

impl TryFrom<&pb::ListLocationsRequest> for ListLocations {
    type Error = Status;

    fn try_from(request: &pb::ListLocationsRequest) -> Result<Self, Status> {
        let pb::ListLocationsRequest {
            page_size,
            page_token,
            min_position: _,
        } = request;
        let mut fields = Fields::new();
        let page = fields.page(*page_size, page_token);
        fields.finish()?;
        Ok(Self { page })
    }
}
