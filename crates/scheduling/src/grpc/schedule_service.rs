//! `ScheduleService`.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;
use contracts::scheduling::v1::schedule_service_server::ScheduleService;
use contracts::scheduling::v1::{
    ListAvailableSlotsRequest, ListAvailableSlotsResponse, OpenScheduleRequest,
    OpenScheduleResponse,
};
use eventsourcing::Projection;
use prost::Message;
use service::{Call, internal, reached};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::convert::ListAvailableSlots;
use super::errors::refusal;
use super::open_schedule::OpenSchedule;
use super::{Api, answer, now};
use crate::domain::schedule::{Schedule, ScheduleCommand, ScheduleError};
use crate::projector::Calendar;
use crate::query::{self, StartCursor};

const OPEN: &str = "/divinetime.scheduling.v1.ScheduleService/OpenSchedule";

#[tonic::async_trait]
impl ScheduleService for Api {
    async fn open_schedule(
        &self,
        request: Request<OpenScheduleRequest>,
    ) -> Result<Response<OpenScheduleResponse>, Status> {
        let open = OpenSchedule::try_from(request.get_ref())?;
        let call = Call::of(&request);
        self.check_trainer(&call, open.trainer_id).await?;
        let context = call.context(OPEN, open.request_id, request.get_ref());
        let assigned = self.assigned_locations(open.trainer_id).await?;
        let zones = self.zones(&open, &assigned).await?;
        let command = ScheduleCommand::Open {
            trainer_id: open.trainer_id,
            window: open.window,
            slots: open.slots(&zones)?,
            assigned_locations: assigned,
            now: now(),
        };
        let id = Uuid::now_v7().to_string();
        let committed = self
            .schedules
            .create(&id, context, command, |schedule, _| opened(&id, schedule))
            .await
            .map_err(refusal)?;
        answer(&committed, |response: &mut OpenScheduleResponse| {
            &mut response.position
        })
    }

    async fn list_available_slots(
        &self,
        request: Request<ListAvailableSlotsRequest>,
    ) -> Result<Response<ListAvailableSlotsResponse>, Status> {
        let list = ListAvailableSlots::try_from(request.get_ref())?;
        let call = Call::of(&request);
        let positions = list.min_position.as_slice();
        reached(&self.checkpoints, Calendar::NAME, positions, &call).await?;
        let mut rows = query::available_slots(&self.pool, &list.filter, now(), &list.page)
            .await
            .map_err(internal)?;
        let next_page_token = list.page.next_token(&mut rows, |row| StartCursor {
            starts_at: row.starts_at,
            id: row.id,
        });
        Ok(Response::new(ListAvailableSlotsResponse {
            slots: rows.into_iter().map(Into::into).collect(),
            next_page_token,
        }))
    }
}

impl Api {
    async fn assigned_locations(&self, trainer_id: Uuid) -> Result<BTreeSet<Uuid>, Status> {
        let calendar = self.trainer_calendars.load(&trainer_id.to_string()).await;
        let calendar = calendar.map_err(internal)?.unwrap_or_default();
        Ok(calendar.locations().clone())
    }

    /// The zones of the locations of the slots, which all have to be assigned.
    async fn zones(
        &self,
        open: &OpenSchedule,
        assigned: &BTreeSet<Uuid>,
    ) -> Result<BTreeMap<Uuid, Tz>, Status> {
        let mut zones = BTreeMap::new();
        for location_id in open.locations() {
            if !assigned.contains(&location_id) {
                let refused = ScheduleError::LocationNotAssigned { location_id };
                return Err(refusal(eventsourcing::ExecuteError::Refused(refused)));
            }
            let location = self.locations.load(&location_id.to_string()).await;
            let location = location.map_err(internal)?.unwrap_or_default();
            let zone: Tz = location
                .time_zone()
                .unwrap_or_default()
                .parse()
                .map_err(internal)?;
            zones.insert(location_id, zone);
        }
        Ok(zones)
    }
}

fn opened(schedule_id: &str, schedule: &Schedule) -> Vec<u8> {
    OpenScheduleResponse {
        schedule_id: schedule_id.to_owned(),
        slot_ids: schedule.slots().iter().map(ToString::to_string).collect(),
        position: None,
    }
    .encode_to_vec()
}
