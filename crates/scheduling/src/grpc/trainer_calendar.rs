mod parse;
mod reply;

use contracts::scheduling::v1::trainer_calendar_service_server::TrainerCalendarService;
use contracts::scheduling::v1::{
    AssignTrainerLocationRequest, AssignTrainerLocationResponse, SetGroupPriceRequest,
    SetGroupPriceResponse,
};
use service::{Call, Runtime, Writes, new_id, now};
use tonic::{Request, Response, Status};

use self::parse::{AssignTrainerLocation, SetGroupPrice};
use crate::domain::trainer_calendar::{TrainerCalendar, TrainerCalendarCommand};
use crate::reference::References;

/// Says where trainers work and what groups pay them.
pub struct TrainerCalendarRpcs {
    calendars: Writes<TrainerCalendar>,
    references: References,
}

impl TrainerCalendarRpcs {
    pub fn on(runtime: &Runtime, references: &References) -> Self {
        Self {
            calendars: Writes::on(runtime),
            references: references.clone(),
        }
    }
}

#[tonic::async_trait]
impl TrainerCalendarService for TrainerCalendarRpcs {
    async fn assign_trainer_location(
        &self,
        request: Request<AssignTrainerLocationRequest>,
    ) -> Result<Response<AssignTrainerLocationResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let AssignTrainerLocation {
            trainer_id,
            location_id,
        } = AssignTrainerLocation::try_from(message)?;
        let references = &self.references;
        let assignment = references.assignment(&call, trainer_id, location_id);
        assignment.await?;
        let assign = TrainerCalendarCommand::AssignLocation {
            trainer_id,
            location_id,
            now: now(),
        };
        self.calendars
            .execute(&call, message, trainer_id, assign, reply::assigned)
            .await
    }

    async fn set_group_price(
        &self,
        request: Request<SetGroupPriceRequest>,
    ) -> Result<Response<SetGroupPriceResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let SetGroupPrice {
            trainer_id,
            participants,
            price,
        } = SetGroupPrice::try_from(message)?;
        let trainer = self.references.trainer_of(&call, trainer_id).await?;
        let set = TrainerCalendarCommand::SetGroupPrice {
            trainer_id,
            group_price_id: new_id(),
            participants,
            price,
            trainer_currency: trainer.currency,
            now: now(),
        };
        self.calendars
            .execute(&call, message, trainer_id, set, reply::group_price_set)
            .await
    }
}
