use contracts::identity::v1::{
    ChangeRoleRequest, ChangeRoleResponse, DeactivateUserRequest, DeactivateUserResponse,
    EraseSubjectRequest, EraseSubjectResponse, ExportSubjectRequest, ExportSubjectResponse,
    FinishErasureRequest, FinishErasureResponse, GetUserRequest, GetUserResponse, ListUsersRequest,
    ListUsersResponse, ReactivateUserRequest, ReactivateUserResponse, RegisterUserRequest,
    RegisterUserResponse, UpdateUserRequest, UpdateUserResponse, user_service_server::UserService,
};
use eventsourcing::{
    Checkpoints, EventLog, Projection,
    personal::{Keyring, LookupKey},
};
use service::{Call, internal, not_found, reached};
use sqlx::PgPool;
use tonic::{Request, Response, Status};

use super::{
    convert, parse,
    refusals::{command_status, personal_status},
};
use crate::{
    accounts::{AccountChanges, Accounts, Erasures, Exports, Subject},
    domain::user::UserCommand,
    personal::email_key,
    projector::users::Users,
    proofs::logins::Logins,
    query::{self, users::Cursor},
    reference::OwnTables,
    wire,
};

pub struct UserRpcs {
    pub(super) log: EventLog,
    pub(super) tables: OwnTables,
    pub(super) accounts: Accounts,
    pub(super) changes: AccountChanges,
    pub(super) erasures: Erasures,
    pub(super) exports: Exports,
    pub(super) logins: Logins,
    pub(super) keyring: Keyring,
    pub(super) lookup: LookupKey,
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
            position: Some(wire::position(registered.position)),
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

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<ListUsersResponse>, Status> {
        let call = Call::of(&request);
        let key = |email: &_| email_key(&self.lookup, email);
        let (filter, page, min_position) = parse::accounts::list_users(request.into_inner(), key)?;
        reached(
            &self.checkpoints,
            Users::NAME,
            min_position.as_slice(),
            &call,
        )
        .await?;
        let mut rows = query::users::page(&self.pool, &filter, &page)
            .await
            .map_err(internal)?;
        let next_page_token = page.next_token(&mut rows, |row| Cursor::of(row, &filter));
        let opener = self.keyring.opener(rows.iter().map(|row| row.id)).await;
        let opener = opener.map_err(personal_status)?;
        let users = rows.into_iter().map(|row| convert::user(row, &opener));
        Ok(Response::new(ListUsersResponse {
            users: users.collect::<Result<_, _>>().map_err(personal_status)?,
            next_page_token,
        }))
    }

    async fn update_user(
        &self,
        request: Request<UpdateUserRequest>,
    ) -> Result<Response<UpdateUserResponse>, Status> {
        let call = Call::of(&request);
        let (context, user_id, update) = parse::accounts::update_user(&call, request.into_inner())?;
        if call.is_admin() {
            self.accounts.require_known(user_id).await?;
        } else {
            self.accounts.require_active(user_id).await?;
        }
        let update = update.seal(&self.keyring, user_id, service::now()).await;
        let command = UserCommand::Update(update.map_err(personal_status)?);
        let committed = self
            .changes
            .execute(context, user_id, command)
            .await
            .map_err(command_status)?;
        Ok(Response::new(UpdateUserResponse {
            position: Some(wire::position(committed.position)),
        }))
    }

    async fn change_role(
        &self,
        request: Request<ChangeRoleRequest>,
    ) -> Result<Response<ChangeRoleResponse>, Status> {
        let call = Call::of(&request);
        let (context, user_id, role) = parse::accounts::change_role(&call, request.into_inner())?;
        let head = self.log.head().await.map_err(internal)?;
        let pool = self.tables.children_at(&call, head).await?;
        let has_children = query::children::any_of(pool, user_id.uuid())
            .await
            .map_err(internal)?;
        let committed = self
            .changes
            .change_role(context, user_id, role, has_children, service::now())
            .await
            .map_err(command_status)?;
        Ok(Response::new(ChangeRoleResponse {
            position: Some(wire::position(committed.position)),
        }))
    }

    async fn deactivate_user(
        &self,
        request: Request<DeactivateUserRequest>,
    ) -> Result<Response<DeactivateUserResponse>, Status> {
        let call = Call::of(&request);
        let (context, user_id) = parse::accounts::deactivate_user(&call, request.into_inner())?;
        let committed = self
            .changes
            .deactivate(context, user_id, service::now())
            .await
            .map_err(command_status)?;
        self.logins.end_all(user_id).await.map_err(internal)?;
        Ok(Response::new(DeactivateUserResponse {
            position: Some(wire::position(committed.position)),
        }))
    }

    async fn reactivate_user(
        &self,
        request: Request<ReactivateUserRequest>,
    ) -> Result<Response<ReactivateUserResponse>, Status> {
        let call = Call::of(&request);
        let (context, user_id) = parse::accounts::reactivate_user(&call, request.into_inner())?;
        let committed = self
            .changes
            .reactivate(context, user_id, service::now())
            .await
            .map_err(command_status)?;
        Ok(Response::new(ReactivateUserResponse {
            position: Some(wire::position(committed.position)),
        }))
    }

    async fn export_subject(
        &self,
        request: Request<ExportSubjectRequest>,
    ) -> Result<Response<ExportSubjectResponse>, Status> {
        let call = Call::of(&request);
        let user_id = parse::subjects::export_subject(&call, request.into_inner())?;
        let content = self.exports.of_user(&call, user_id).await?;
        Ok(Response::new(ExportSubjectResponse {
            content_type: "application/json".to_owned(),
            content,
        }))
    }

    async fn erase_subject(
        &self,
        request: Request<EraseSubjectRequest>,
    ) -> Result<Response<EraseSubjectResponse>, Status> {
        let call = Call::of(&request);
        let (context, subject) = parse::subjects::erase_subject(&call, request.into_inner())?;
        let certificate = match subject {
            Subject::User(user_id) => {
                self.erasures
                    .erase_user(&call, context, user_id, service::now())
                    .await?
            }
            Subject::Child(child_id) => {
                self.erasures
                    .erase_child(
                        &call,
                        context,
                        child_id,
                        parse::children::acting(&call),
                        service::now(),
                    )
                    .await?
            }
        };
        Ok(Response::new(EraseSubjectResponse {
            position: certificate.position.clone(),
            certificate: Some(certificate),
        }))
    }

    async fn finish_erasure(
        &self,
        request: Request<FinishErasureRequest>,
    ) -> Result<Response<FinishErasureResponse>, Status> {
        let call = Call::of(&request);
        let subject = parse::subjects::finish_erasure(request.into_inner())?;
        let certificate = self.erasures.finish(&call, subject).await?;
        Ok(Response::new(FinishErasureResponse {
            certificate: Some(certificate),
        }))
    }
}
