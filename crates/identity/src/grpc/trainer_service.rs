use contracts::identity::v1::{
    CreateTrainerRequest, CreateTrainerResponse, GetTrainerRequest, GetTrainerResponse,
    ListTrainersRequest, ListTrainersResponse, trainer_service_server::TrainerService,
};
use eventsourcing::{Checkpoints, Projection, Repository};
use prost::Message;
use service::{Call, internal, not_found, reached};
use sqlx::PgPool;
use tonic::{Request, Response, Status};

use super::{convert, errors::command_status, parse};
use crate::{
    accounts::Accounts,
    domain::trainer::{Trainer, TrainerCommand},
    projector::trainers::Trainers,
    query::{self, trainers::Cursor},
};

/// Trainer profiles.
pub struct TrainerRpcs {
    pub(super) accounts: Accounts,
    pub(super) trainers: Repository<Trainer>,
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
        let (context, command, trainer_id) =
            parse::trainers::create_trainer(&call, request.into_inner())?;
        let id = trainer_id.to_string();
        let role = self.accounts.role(trainer_id).await.map_err(internal)?;
        let command = command(role.ok_or_else(|| not_found("user", &id))?);
        let answer = CreateTrainerResponse {
            trainer_id: id.clone(),
            price_per_hour: Some(convert::price(&command.profile.price_per_hour)),
            position: None,
        };
        let committed = self
            .trainers
            .execute(&id, context, TrainerCommand::Create(command), |_, _| {
                answer.encode_to_vec()
            })
            .await
            .map_err(command_status)?;
        let mut answer: CreateTrainerResponse = convert::stored(&committed)?;
        answer.position = Some(convert::position(committed.position));
        Ok(Response::new(answer))
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
        Ok(Response::new(GetTrainerResponse {
            trainer: Some(trainer.into()),
        }))
    }

    async fn list_trainers(
        &self,
        request: Request<ListTrainersRequest>,
    ) -> Result<Response<ListTrainersResponse>, Status> {
        let call = Call::of(&request);
        let (page, min_position) = parse::trainers::list_trainers(request.into_inner())?;
        reached(
            &self.checkpoints,
            Trainers::NAME,
            min_position.as_slice(),
            &call,
        )
        .await?;
        let mut rows = query::trainers::page(&self.pool, &page)
            .await
            .map_err(internal)?;
        let next_page_token = page.next_token(&mut rows, |row| Cursor::from(row));
        let trainers = rows.into_iter().map(Into::into).collect();
        Ok(Response::new(ListTrainersResponse {
            trainers,
            next_page_token,
        }))
    }
}
