//! The requests of `TrainerCalendarService`.

use contracts::scheduling::v1 as pb;
use service::{Call, Fields, Page, requests_of_ids};
use tonic::Status;
use values::{LocationId, Money, TrainerId};

use crate::query::LocationCursor;

requests_of_ids! {
    write AssignTrainerLocation of pb::AssignTrainerLocationRequest {
        trainer_id: TrainerId, location_id: LocationId
    }
}

pub struct SetGroupPrice {
    pub trainer_id: TrainerId,
    /// Number of distinct children.
    pub participants: u32,
    /// What all of them pay together.
    pub price: Money,
}

impl TryFrom<&pb::SetGroupPriceRequest> for SetGroupPrice {
    type Error = Status;

    fn try_from(request: &pb::SetGroupPriceRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::SetGroupPriceRequest {
            request_id: _,
            trainer_id,
            participants,
            price,
        } = request;
        let trainer_id = fields.id("trainer_id", trainer_id);
        let participants = fields.int_in("participants", *participants, 2..=50);
        let price = fields.money("price", price.as_ref());
        let set = price.zip(u32::try_from(participants).ok());
        fields.finish_with(set.map(|(price, participants)| Self {
            trainer_id,
            participants,
            price,
        }))
    }
}

pub struct ListTrainerLocations {
    pub trainer_id: TrainerId,
    pub page: Page<LocationCursor>,
}

impl ListTrainerLocations {
    pub fn of(request: &pb::ListTrainerLocationsRequest, call: &Call) -> Result<Self, Status> {
        let pb::ListTrainerLocationsRequest {
            trainer_id,
            page_size: _,
            page_token: _,
            min_position: _,
        } = request;
        let mut fields = Fields::new();
        let list = Self {
            trainer_id: fields.id("trainer_id", trainer_id),
            page: fields.page(call, request),
        };
        fields.finish()?;
        Ok(list)
    }
}

pub struct ListGroupPrices {
    pub trainer_id: TrainerId,
    pub page: Page<u32>,
}

impl ListGroupPrices {
    pub fn of(request: &pb::ListGroupPricesRequest, call: &Call) -> Result<Self, Status> {
        let pb::ListGroupPricesRequest {
            trainer_id,
            page_size: _,
            page_token: _,
            min_position: _,
        } = request;
        let mut fields = Fields::new();
        let list = Self {
            trainer_id: fields.id("trainer_id", trainer_id),
            page: fields.page(call, request),
        };
        fields.finish()?;
        Ok(list)
    }
}
