mod parse;
mod reply;

use contracts::ReadRpc as _;
use contracts::common::v1::LogPosition;
use contracts::identity::v1::trainer_service_server::TrainerService;
use contracts::identity::v1::{
    CreateTrainerRequest, CreateTrainerResponse, GetTrainerRequest, GetTrainerResponse,
    ListTrainersRequest, ListTrainersResponse, Trainer as PublicTrainer, UpdateTrainerRequest,
    UpdateTrainerResponse,
};
use eventsourcing::personal::Keyring;
use service::{Call, Reads, Writes, not_found, now};
use tonic::{Request, Response, Status};

use self::parse::{CreateTrainer, GetTrainer, ListTrainers, UpdateTrainer};
use super::own_or_admin;
use super::refusals::personal_status;
use crate::domain::trainer::{self, Trainer, TrainerCommand};
use crate::personal::Profiles;
use crate::projector::availability::Availability;
use crate::projector::trainers::Trainers;
use crate::query::{self, TrainerCursor, TrainerView};
use crate::reference::References;
use crate::resources::Resources;

/// The service that knows where and when trainers can be booked.
const SCHEDULING: &str = "scheduling";

/// Creates, changes, shows and finds trainers' profiles.
pub struct TrainerRpcs {
    references: References,
    trainers: Writes<Trainer>,
    list: Reads<Trainers>,
    available: Reads<(Trainers, Availability)>,
    profiles: Profiles,
    keyring: Keyring,
}

impl TrainerRpcs {
    pub fn on(resources: &Resources, references: &References) -> Self {
        Self {
            references: references.clone(),
            trainers: resources.writes(),
            list: resources.reads(),
            available: resources.reads(),
            profiles: Profiles::new(&resources.keyring, &resources.lookup),
            keyring: resources.keyring.clone(),
        }
    }

    /// Opens profiles, all with one look at the keys.
    async fn opened(&self, rows: Vec<TrainerView>) -> Result<Vec<PublicTrainer>, Status> {
        let opener = self
            .keyring
            .opener(rows.iter().map(|row| row.user_id.uuid()))
            .await;
        let trainers = opener.and_then(|opener| {
            let rows = rows.into_iter();
            rows.map(|row| reply::trainer(row, &opener)).collect()
        });
        trainers.map_err(personal_status)
    }
}

#[tonic::async_trait]
impl TrainerService for TrainerRpcs {
    async fn create_trainer(
        &self,
        request: Request<CreateTrainerRequest>,
    ) -> Result<Response<CreateTrainerResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let CreateTrainer {
            trainer_id,
            profile,
            terms,
        } = CreateTrainer::of(message, &call)?;
        own_or_admin(&call, trainer_id, "user")?;
        let role = self.references.active_role(trainer_id).await?;
        let profile = self.profiles.seal_whole(trainer_id, profile).await;
        let create = TrainerCommand::Create(Box::new(trainer::CreateTrainer {
            trainer_id,
            role,
            profile: profile.map_err(personal_status)?,
            terms,
            now: now(),
        }));
        let reply = |trainer: &Trainer, _: &[_]| reply::created(trainer_id, trainer);
        self.trainers
            .execute(&call, message, trainer_id, create, reply)
            .await
    }

    async fn update_trainer(
        &self,
        request: Request<UpdateTrainerRequest>,
    ) -> Result<Response<UpdateTrainerResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let UpdateTrainer {
            trainer_id,
            profile,
            terms,
        } = UpdateTrainer::of(message, &call)?;
        own_or_admin(&call, trainer_id, "trainer")?;
        if !call.is_admin() {
            self.references.active_role(trainer_id).await?;
        }
        let profile = self.profiles.seal_changes(trainer_id, profile).await;
        let update = TrainerCommand::Update(Box::new(trainer::UpdateTrainer {
            profile: profile.map_err(personal_status)?,
            terms,
            now: now(),
        }));
        let reply = |trainer: &Trainer, _: &[_]| reply::updated(trainer_id, trainer);
        self.trainers
            .execute(&call, message, trainer_id, update, reply)
            .await
    }

    async fn get_trainer(
        &self,
        request: Request<GetTrainerRequest>,
    ) -> Result<Response<GetTrainerResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let GetTrainer { trainer_id } = GetTrainer::try_from(message)?;
        let look = |pool| query::trainer(pool, trainer_id);
        let row = self.list.read(&call, message, look).await?;
        let row = row.ok_or_else(|| not_found("trainer", &trainer_id.to_string()))?;
        Ok(Response::new(GetTrainerResponse {
            trainer: self.opened(vec![row]).await?.pop(),
        }))
    }

    async fn list_trainers(
        &self,
        request: Request<ListTrainersRequest>,
    ) -> Result<Response<ListTrainersResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListTrainers { filter, page } = ListTrainers::of(message, &self.profiles, &call)?;
        let of_scheduling = |position: &LogPosition| position.service == SCHEDULING;
        let look = |pool| query::trainers(pool, &filter, now(), &page);
        let rows = if filter.asks_for_availability()
            || message.min_positions().iter().any(of_scheduling)
        {
            self.available.read(&call, message, look).await?
        } else {
            self.list.read(&call, message, look).await?
        };
        let (rows, next_page_token) = page.cut(rows, |row| TrainerCursor::of(row, &filter));
        Ok(Response::new(ListTrainersResponse {
            trainers: self.opened(rows).await?,
            next_page_token,
        }))
    }
}
