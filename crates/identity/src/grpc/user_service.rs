use contracts::identity::v1::{
    GetUserRequest, GetUserResponse, RegisterUserRequest, RegisterUserResponse,
    user_service_server::UserService,
};
use eventsourcing::{Checkpoints, Projection, personal::Keyring};
use service::{Call, internal, not_found, reached};
use sqlx::PgPool;
use tonic::{Request, Response, Status};

use super::{convert, errors::personal_status, parse};
use crate::{accounts::Accounts, projector::users::Users, query};

/// Accounts.
pub struct UserRpcs {
    pub(super) accounts: Accounts,
    pub(super) keyring: Keyring,
    pub(super) pool: PgPool,
    pub(super) checkpoints: Checkpoints,
}

#[tonic::async_trait]
impl UserService for UserRpcs {
    async fn register_user(
        &self,
        request: Request<RegisterUserRequest>,
    ) -> Result<Response<RegisterUserResponse>, Status> {
        let call = Call::of(&request);
        let (context, registration, password) =
            parse::users::register_user(&call, request.into_inner())?;
        let registered = self
            .accounts
            .register(context, registration, password)
            .await?;
        Ok(Response::new(RegisterUserResponse {
            user_id: registered.user_id.to_string(),
            position: Some(convert::position(registered.position)),
        }))
    }

    async fn get_user(
        &self,
        request: Request<GetUserRequest>,
    ) -> Result<Response<GetUserResponse>, Status> {
        let call = Call::of(&request);
        let (id, min_position) = parse::users::get_user(&call, request.into_inner())?;
        reached(
            &self.checkpoints,
            Users::NAME,
            min_position.as_slice(),
            &call,
        )
        .await?;
        let user = query::users::by_id(&self.pool, id)
            .await
            .map_err(internal)?;
        let user = user.ok_or_else(|| not_found("user", &id.to_string()))?;
        let opener = self.keyring.opener([user.id]).await;
        let user = opener.and_then(|opener| convert::user(user, &opener));
        Ok(Response::new(GetUserResponse {
            user: Some(user.map_err(personal_status)?),
        }))
    }
}
