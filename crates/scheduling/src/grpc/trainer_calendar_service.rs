//! `TrainerCalendarService`.

use contracts::scheduling::v1::trainer_calendar_service_server::TrainerCalendarService;
use contracts::scheduling::v1::{
    AssignTrainerLocationRequest, AssignTrainerLocationResponse, SetGroupPriceRequest,
    SetGroupPriceResponse,
};
use prost::Message;
use service::{Call, internal, not_found};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::convert::{AssignTrainerLocation, SetGroupPrice};
use super::errors::refusal;
use super::{Api, answer, now};
use crate::domain::trainer_calendar::TrainerCalendarCommand;

const ASSIGN: &str = "/divinetime.scheduling.v1.TrainerCalendarService/AssignTrainerLocation";
const SET_PRICE: &str = "/divinetime.scheduling.v1.TrainerCalendarService/SetGroupPrice";

#[tonic::async_trait]
impl TrainerCalendarService for Api {
    async fn assign_trainer_location(
        &self,
        request: Request<AssignTrainerLocationRequest>,
    ) -> Result<Response<AssignTrainerLocationResponse>, Status> {
        let assign = AssignTrainerLocation::try_from(request.get_ref())?;
        let call = Call::of(&request);
        self.check_trainer(&call, assign.trainer_id).await?;
        let location_id = assign.location_id.to_string();
        self.locations
            .load(&location_id)
            .await
            .map_err(internal)?
            .ok_or_else(|| not_found("location", &location_id))?;
        let command = TrainerCalendarCommand::AssignLocation {
            location_id: assign.location_id,
            now: now(),
        };
        let context = call.context(ASSIGN, assign.request_id, request.get_ref());
        let committed = self
            .trainer_calendars
            .execute(&assign.trainer_id.to_string(), context, command, |_, _| {
                AssignTrainerLocationResponse::default().encode_to_vec()
            })
            .await
            .map_err(refusal)?;
        answer(
            &committed,
            |response: &mut AssignTrainerLocationResponse| &mut response.position,
        )
    }

    async fn set_group_price(
        &self,
        request: Request<SetGroupPriceRequest>,
    ) -> Result<Response<SetGroupPriceResponse>, Status> {
        let set = SetGroupPrice::try_from(request.get_ref())?;
        let call = Call::of(&request);
        let trainer = self.check_trainer(&call, set.trainer_id).await?;
        set.check_currency(&trainer.currency)?;
        let command = TrainerCalendarCommand::SetGroupPrice {
            group_price_id: Uuid::now_v7(),
            participants: set.participants,
            price: set.price,
            now: now(),
        };
        let context = call.context(SET_PRICE, set.request_id, request.get_ref());
        let committed = self
            .trainer_calendars
            .execute(&set.trainer_id.to_string(), context, command, |_, _| {
                SetGroupPriceResponse::default().encode_to_vec()
            })
            .await
            .map_err(refusal)?;
        answer(&committed, |response: &mut SetGroupPriceResponse| {
            &mut response.position
        })
    }
}
