mod parse;
mod reply;

use contracts::scheduling::v1::schedule_service_server::ScheduleService;
use contracts::scheduling::v1::{
    ListAvailableSlotsRequest, ListAvailableSlotsResponse, OpenScheduleRequest,
    OpenScheduleResponse,
};
use service::{Call, Reads, Runtime, Writes, new_id, now};
use tonic::{Request, Response, Status};

use self::parse::{ListAvailableSlots, OpenSchedule};
use crate::domain::schedule::{Schedule, ScheduleCommand};
use crate::projector::Calendar;
use crate::query::{self, StartCursor};
use crate::reference::References;

/// Opens windows and lists their slots.
pub struct ScheduleRpcs {
    schedules: Writes<Schedule>,
    calendar: Reads<Calendar>,
    references: References,
}

impl ScheduleRpcs {
    pub fn on(runtime: &Runtime, references: &References) -> Self {
        Self {
            schedules: Writes::on(runtime),
            calendar: Reads::on(runtime),
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

    async fn list_available_slots(
        &self,
        request: Request<ListAvailableSlotsRequest>,
    ) -> Result<Response<ListAvailableSlotsResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListAvailableSlots { filter, page } = ListAvailableSlots::of(message, &call)?;
        let look = |pool| query::available_slots(pool, &filter, now(), &page);
        let rows = self.calendar.read(&call, message, look).await?;
        let (slots, next_page_token) = page.cut(rows, StartCursor::of_slot);
        Ok(Response::new(ListAvailableSlotsResponse {
            slots,
            next_page_token,
        }))
    }
}
