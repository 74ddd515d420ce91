//! The requests of `TrainerCalendarService`.

use contracts::scheduling::v1 as pb;
use service::{Fields, requests_of_ids};
use tonic::Status;
use values::{LocationId, Money, TrainerId};

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
