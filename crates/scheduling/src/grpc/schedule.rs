mod parse;
mod reply;

use contracts::scheduling::v1::schedule_service_server::ScheduleService;
use contracts::scheduling::v1::{
    GetSlotRequest, GetSlotResponse, ListAvailableSlotsRequest, ListAvailableSlotsResponse,
    ListSchedulesRequest, ListSchedulesResponse, ListSlotsRequest, ListSlotsResponse,
    OpenScheduleRequest, OpenScheduleResponse,
};
use service::{Call, Reads, Runtime, Writes, new_id, not_found, now};
use tonic::{Request, Response, Status};

use self::parse::{GetSlot, ListAvailableSlots, ListSchedules, ListSlots, OpenSchedule};
use super::{acting, calendar_owner};
use crate::domain::schedule::{Schedule, ScheduleCommand};
use crate::projector::{Calendar, Reference};
use crate::query::{self, StartCursor};
use crate::reference::References;

/// Opens windows, and lists them and their slots.
pub struct ScheduleRpcs {
    schedules: Writes<Schedule>,
    calendar: Reads<Calendar>,
    /// With what says whether a trainer takes bookings.
    available: Reads<(Calendar, Reference)>,
    references: References,
}

impl ScheduleRpcs {
    pub fn on(runtime: &Runtime, references: &References) -> Self {
        Self {
            schedules: Writes::on(runtime),
            calendar: Reads::on(runtime),
            available: Reads::on(runtime),
            references: references.clone(),
        }
    }
}

#[tonic::async_trait]
impl ScheduleService for ScheduleRpcs {
    async fn open_schedule(
        &self,
        request: Request<OpenScheduleRequest>,
    ) -> Result<Response<OpenScheduleResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let open = OpenSchedule::try_from(message)?;
        let trainer_id = open.trainer_id;
        let opening = self.references.opening(&call, trainer_id, open.locations());
        let opening = opening.await?;
        let schedule_id = new_id();
        let open = ScheduleCommand::Open {
            schedule_id,
            trainer_id,
            window: open.window,
            locations: open.locations(),
            slots: open.slots(&opening.zones)?,
            assigned_locations: opening.assigned_locations,
            now: now(),
        };
        let reply = |schedule: &Schedule, _: &[_]| reply::opened(schedule_id, schedule);
        self.schedules
            .create(&call, message, schedule_id, open, reply)
            .await
    }

    async fn list_schedules(
        &self,
        request: Request<ListSchedulesRequest>,
    ) -> Result<Response<ListSchedulesResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListSchedules { filter, page } = ListSchedules::of(message, &call)?;
        let owner = calendar_owner(&call)?;
        let look = |pool| query::schedules(pool, owner, &filter, &page);
        let rows = self.calendar.read(&call, message, look).await?;
        let (schedules, next_page_token) = page.cut(rows, StartCursor::of_schedule);
        Ok(Response::new(ListSchedulesResponse {
            schedules,
            next_page_token,
        }))
    }

    async fn get_slot(
        &self,
        request: Request<GetSlotRequest>,
    ) -> Result<Response<GetSlotResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let GetSlot { slot_id } = GetSlot::try_from(message)?;
        let acting = acting(&call)?;
        let look = |pool| query::slot(pool, acting, slot_id, now());
        let row = self.available.read(&call, message, look).await?;
        let row = row.ok_or_else(|| not_found("slot", &slot_id.to_string()))?;
        Ok(Response::new(GetSlotResponse {
            slot: Some(row.into()),
        }))
    }

    async fn list_slots(
        &self,
        request: Request<ListSlotsRequest>,
    ) -> Result<Response<ListSlotsResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListSlots {
            filter,
            statuses,
            page,
        } = ListSlots::of(message, &call)?;
        let owner = calendar_owner(&call)?;
        let look = |pool| query::slots(pool, owner, &filter, &statuses, &page);
        let rows = self.calendar.read(&call, message, look).await?;
        let (slots, next_page_token) = page.cut(rows, StartCursor::of_slot);
        Ok(Response::new(ListSlotsResponse {
            slots,
            next_page_token,
        }))
    }

    async fn list_available_slots(
        &self,
        request: Request<ListAvailableSlotsRequest>,
    ) -> Result<Response<ListAvailableSlotsResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListAvailableSlots { filter, page } = ListAvailableSlots::of(message, &call)?;
        let look = |pool| query::available_slots(pool, &filter, now(), &page);
        let rows = self.available.read(&call, message, look).await?;
        let (slots, next_page_token) = page.cut(rows, StartCursor::of_slot);
        Ok(Response::new(ListAvailableSlotsResponse {
            slots,
            next_page_token,
        }))
    }
}
