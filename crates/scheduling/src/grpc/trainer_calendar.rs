mod parse;
mod reply;

use contracts::scheduling::v1::trainer_calendar_service_server::TrainerCalendarService;
use contracts::scheduling::v1::{
    AssignTrainerLocationRequest, AssignTrainerLocationResponse, ListGroupPricesRequest,
    ListGroupPricesResponse, ListTrainerLocationsRequest, ListTrainerLocationsResponse,
    SetGroupPriceRequest, SetGroupPriceResponse,
};
use service::{Call, Reads, Runtime, Writes, new_id, now};
use tonic::{Request, Response, Status};

use self::parse::{AssignTrainerLocation, ListGroupPrices, ListTrainerLocations, SetGroupPrice};
use crate::domain::trainer_calendar::{TrainerCalendar, TrainerCalendarCommand};
use crate::projector::{Calendar, Reference};
use crate::query::{self, LocationCursor};
use crate::reference::References;

/// Says where trainers work and what groups pay them.
pub struct TrainerCalendarRpcs {
    calendars: Writes<TrainerCalendar>,
    calendar: Reads<Calendar>,
    /// With the currencies in which trainers charge.
    prices: Reads<(Calendar, Reference)>,
    references: References,
}

impl TrainerCalendarRpcs {
    pub fn on(runtime: &Runtime, references: &References) -> Self {
        Self {
            calendars: Writes::on(runtime),
            calendar: Reads::on(runtime),
            prices: Reads::on(runtime),
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

    async fn list_trainer_locations(
        &self,
        request: Request<ListTrainerLocationsRequest>,
    ) -> Result<Response<ListTrainerLocationsResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListTrainerLocations { trainer_id, page } = ListTrainerLocations::of(message, &call)?;
        let look = |pool| query::trainer_locations(pool, trainer_id, &page);
        let rows = self.calendar.read(&call, message, look).await?;
        let (locations, next_page_token) = page.cut(rows, LocationCursor::of);
        Ok(Response::new(ListTrainerLocationsResponse {
            locations,
            next_page_token,
        }))
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

    async fn list_group_prices(
        &self,
        request: Request<ListGroupPricesRequest>,
    ) -> Result<Response<ListGroupPricesResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListGroupPrices { trainer_id, page } = ListGroupPrices::of(message, &call)?;
        let look = |pool| query::group_prices(pool, trainer_id, &page);
        let rows = self.prices.read(&call, message, look).await?;
        let (group_prices, next_page_token) = page.cut(rows, |row| row.participants);
        Ok(Response::new(ListGroupPricesResponse {
            group_prices,
            next_page_token,
        }))
    }
}
