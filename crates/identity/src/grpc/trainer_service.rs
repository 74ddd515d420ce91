use contracts::{
    common::v1::Money,
    identity::v1::{
        CreateTrainerRequest, CreateTrainerResponse, GetTrainerRequest, GetTrainerResponse,
        ListTrainersRequest, ListTrainersResponse, UpdateTrainerRequest, UpdateTrainerResponse,
        trainer_service_server::TrainerService,
    },
};
use eventsourcing::{Checkpoints, Projection, Repository};
use prost::Message;
use service::{Call, internal, not_found, reached, stored};
use sqlx::PgPool;
use tonic::{Request, Response, Status};

use super::{
    parse,
    refusals::{command_status, personal_status},
    trainer_profile::Profiles,
};
use crate::{
    NAME,
    accounts::Accounts,
    domain::trainer::{CreateTrainer, Trainer, TrainerCommand, UpdateTrainer},
    projector::{availability::Availability, trainers::Trainers},
    query::{self, trainers::Cursor},
    wire,
};

/// The service that knows where and when trainers can be booked.
const SCHEDULING: &str = "scheduling";

pub struct TrainerRpcs {
    pub(super) accounts: Accounts,
    pub(super) trainers: Repository<Trainer>,
    pub(super) profiles: Profiles,
    pub(super) pool: PgPool,
    pub(super) checkpoints: Checkpoints,
}

#[tonic::async_trait]
impl TrainerService for TrainerRpcs {
    async fn create_trainer(
        &self,
        request: Request<CreateTrainerRequest>,
    ) -> Result<Response<CreateTrainerResponse>, Status> {
        let call = Call::of(&request);
        let parsed = parse::trainers::create_trainer(&call, request.into_inner())?;
        let (trainer_id, id) = (parsed.trainer_id, parsed.trainer_id.to_string());
        let role = self.accounts.require_active(trainer_id).await?;
        let profile = self.profiles.seal_whole(trainer_id, parsed.profile).await;
        let command = TrainerCommand::Create(Box::new(CreateTrainer {
            trainer_id,
            role,
            profile: profile.map_err(personal_status)?,
            terms: parsed.terms,
            now: service::now(),
        }));
        let committed = self
            .trainers
            .execute(&id, parsed.context, command, |trainer, _| {
                created(&id, trainer)
            })
            .await
            .map_err(command_status)?;
        stored(NAME, &committed).map(Response::new)
    }

    async fn update_trainer(
        &self,
        request: Request<UpdateTrainerRequest>,
    ) -> Result<Response<UpdateTrainerResponse>, Status> {
        let call = Call::of(&request);
        let parsed = parse::trainers::update_trainer(&call, request.into_inner())?;
        let (trainer_id, id) = (parsed.trainer_id, parsed.trainer_id.to_string());
        if !call.is_admin() {
            self.accounts.require_active(trainer_id).await?;
        }
        let profile = self.profiles.seal_changes(trainer_id, parsed.profile).await;
        let command = TrainerCommand::Update(Box::new(UpdateTrainer {
            profile: profile.map_err(personal_status)?,
            terms: parsed.terms,
            now: service::now(),
        }));
        let committed = self
            .trainers
            .execute(&id, parsed.context, command, |trainer, _| {
                updated(&id, trainer)
            })
            .await
            .map_err(command_status)?;
        stored(NAME, &committed).map(Response::new)
    }

    async fn get_trainer(
        &self,
        request: Request<GetTrainerRequest>,
    ) -> Result<Response<GetTrainerResponse>, Status> {
        let call = Call::of(&request);
        let (id, min_position) = parse::trainers::get_trainer(request.into_inner())?;
        reached(
            &self.checkpoints,
            Trainers::NAME,
            min_position.as_slice(),
            &call,
        )
        .await?;
        let trainer = query::trainers::by_id(&self.pool, id)
            .await
            .map_err(internal)?;
        let trainer = trainer.ok_or_else(|| not_found("trainer", &id.to_string()))?;
        let opened = self.profiles.open(vec![trainer]).await;
        Ok(Response::new(GetTrainerResponse {
            trainer: opened.map_err(personal_status)?.pop(),
        }))
    }

    async fn list_trainers(
        &self,
        request: Request<ListTrainersRequest>,
    ) -> Result<Response<ListTrainersResponse>, Status> {
        let call = Call::of(&request);
        let list = parse::trainers::list_trainers(&self.profiles, request.into_inner())?;
        let projection = match &list.min_position {
            Some(position) if position.service == SCHEDULING => Availability::NAME,
            _ => Trainers::NAME,
        };
        let position = list.min_position.as_slice();
        reached(&self.checkpoints, projection, position, &call).await?;
        let mut rows = query::trainers::page(&self.pool, &list.filter, service::now(), &list.page)
            .await
            .map_err(internal)?;
        let next_page_token = list.page.next_token(&mut rows, |row| Cursor {
            filter: list.filter_token,
            after: list.filter.order.place(row),
        });
        let trainers = self.profiles.open(rows).await.map_err(personal_status)?;
        Ok(Response::new(ListTrainersResponse {
            trainers,
            next_page_token,
        }))
    }
}

fn created(trainer_id: &str, trainer: &Trainer) -> Vec<u8> {
    CreateTrainerResponse {
        trainer_id: trainer_id.to_owned(),
        price_per_hour: price_of(trainer),
        position: None,
    }
    .encode_to_vec()
}

fn updated(trainer_id: &str, trainer: &Trainer) -> Vec<u8> {
    UpdateTrainerResponse {
        trainer_id: trainer_id.to_owned(),
        price_per_hour: price_of(trainer),
        position: None,
    }
    .encode_to_vec()
}

fn price_of(trainer: &Trainer) -> Option<Money> {
    let terms = trainer.terms();
    terms.map(|terms| wire::price(&terms.price_per_hour))
}
