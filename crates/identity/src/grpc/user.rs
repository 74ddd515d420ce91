mod parse;
mod reply;

use contracts::identity::v1::user_service_server::UserService;
use contracts::identity::v1::{
    ChangeRoleRequest, ChangeRoleResponse, DeactivateUserRequest, DeactivateUserResponse,
    EraseSubjectRequest, EraseSubjectResponse, ExportSubjectRequest, ExportSubjectResponse,
    FinishErasureRequest, FinishErasureResponse, GetUserRequest, GetUserResponse, ListUsersRequest,
    ListUsersResponse, ReactivateUserRequest, ReactivateUserResponse, RegisterUserRequest,
    RegisterUserResponse, UpdateUserRequest, UpdateUserResponse, User as PublicUser,
};
use eventsourcing::personal::{Keyring, LookupKey};
use service::{Call, Operations, Reads, new_id, not_found, now};
use tonic::{Request, Response, Status};

use self::parse::{
    ChangeRole, DeactivateUser, EraseSubject, ExportSubject, FinishErasure, GetUser, ListUsers,
    ReactivateUser, RegisterUser, UpdateUser,
};
use super::refusals::personal_status;
use super::secrets::WithoutSecrets as _;
use super::{acting, own_or_admin};
use crate::NAME;
use crate::accounts::{AccountChanges, Accounts, Erasures, Exports, Subject};
use crate::domain::user::Acting;
use crate::personal::ClearRegistration;
use crate::projector::users::{UserRow, Users};
use crate::proofs::Passwords;
use crate::query::{self, UserCursor};
use crate::reference::References;
use crate::resources::Resources;

/// Opens, changes, closes, lists, exports and erases accounts.
pub struct UserRpcs {
    operations: Operations,
    references: References,
    accounts: Accounts,
    changes: AccountChanges,
    erasures: Erasures,
    exports: Exports,
    keyring: Keyring,
    lookup: LookupKey,
    list: Reads<Users>,
}

impl UserRpcs {
    pub fn on(resources: &Resources, references: &References, passwords: Passwords) -> Self {
        let changes = AccountChanges::new(resources, references);
        Self {
            operations: Operations::new(NAME),
            references: references.clone(),
            accounts: Accounts::new(resources, passwords),
            erasures: Erasures::new(resources, &changes),
            changes,
            exports: Exports::new(resources),
            keyring: resources.keyring.clone(),
            lookup: resources.lookup.clone(),
            list: resources.reads(),
        }
    }

    /// Opens accounts, all with one look at the keys.
    async fn opened(&self, rows: Vec<UserRow>) -> Result<Vec<PublicUser>, Status> {
        let ids: Vec<_> = rows.iter().map(|row| row.id.uuid()).collect();
        let users = self.keyring.opener(ids).await.and_then(|opener| {
            let rows = rows.into_iter();
            rows.map(|row| reply::user(row, &opener)).collect()
        });
        users.map_err(personal_status)
    }
}

#[tonic::async_trait]
impl UserService for UserRpcs {
    async fn register_user(
        &self,
        request: Request<RegisterUserRequest>,
    ) -> Result<Response<RegisterUserResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let RegisterUser {
            role,
            email,
            password,
            first_name,
            last_name,
            phone_number,
        } = RegisterUser::try_from(message)?;
        let registration = ClearRegistration {
            user_id: new_id(),
            acting: Acting::Anyone,
            role,
            email,
            first_name,
            last_name,
            phone_number,
            now: now(),
        };
        let register = |context| self.accounts.register(context, registration, password);
        self.operations
            .perform(
                &call,
                &message.without_secrets(),
                register,
                reply::registered,
            )
            .await
    }

    async fn get_user(
        &self,
        request: Request<GetUserRequest>,
    ) -> Result<Response<GetUserResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let GetUser { user_id } = GetUser::try_from(message)?;
        own_or_admin(&call, user_id, "user")?;
        let look = |pool| query::user(pool, user_id);
        let row = self.list.read(&call, message, look).await?;
        let row = row.ok_or_else(|| not_found("user", &user_id.to_string()))?;
        Ok(Response::new(GetUserResponse {
            user: self.opened(vec![row]).await?.pop(),
        }))
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<ListUsersResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListUsers { filter, page } = ListUsers::of(message, &self.lookup, &call)?;
        let look = |pool| query::users(pool, &filter, &page);
        let rows = self.list.read(&call, message, look).await?;
        let (rows, next_page_token) = page.cut(rows, |row| UserCursor::of(row, &filter));
        Ok(Response::new(ListUsersResponse {
            users: self.opened(rows).await?,
            next_page_token,
        }))
    }

    async fn update_user(
        &self,
        request: Request<UpdateUserRequest>,
    ) -> Result<Response<UpdateUserResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let UpdateUser { user_id, update } = UpdateUser::try_from(message)?;
        own_or_admin(&call, user_id, "user")?;
        if call.is_admin() {
            self.references.known_user(user_id).await?;
        } else {
            self.references.active_role(user_id).await?;
        }
        let update = update.seal(&self.keyring, user_id, now()).await;
        let update = update.map_err(personal_status)?;
        let update = |context| self.changes.update(context, user_id, update);
        self.operations
            .perform(&call, message, update, reply::updated)
            .await
    }

    async fn change_role(
        &self,
        request: Request<ChangeRoleRequest>,
    ) -> Result<Response<ChangeRoleResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ChangeRole { user_id, role } = ChangeRole::try_from(message)?;
        let holdings = self.references.holdings(user_id).await?;
        let changes = &self.changes;
        let change = |context| changes.change_role(context, user_id, role, holdings, now());
        self.operations
            .perform(&call, message, change, reply::role_changed)
            .await
    }

    async fn deactivate_user(
        &self,
        request: Request<DeactivateUserRequest>,
    ) -> Result<Response<DeactivateUserResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let DeactivateUser { user_id } = DeactivateUser::try_from(message)?;
        let deactivate = |context| self.changes.deactivate(context, user_id, now());
        self.operations
            .perform(&call, message, deactivate, reply::deactivated)
            .await
    }

    async fn reactivate_user(
        &self,
        request: Request<ReactivateUserRequest>,
    ) -> Result<Response<ReactivateUserResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ReactivateUser { user_id } = ReactivateUser::try_from(message)?;
        let reactivate = |context| self.changes.reactivate(context, user_id, now());
        self.operations
            .perform(&call, message, reactivate, reply::reactivated)
            .await
    }

    async fn export_subject(
        &self,
        request: Request<ExportSubjectRequest>,
    ) -> Result<Response<ExportSubjectResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ExportSubject { user_id } = ExportSubject::try_from(message)?;
        own_or_admin(&call, user_id, "user")?;
        self.references.known_user(user_id).await?;
        let content = self.exports.of_user(&call, user_id).await?;
        Ok(Response::new(reply::exported(content)))
    }

    async fn erase_subject(
        &self,
        request: Request<EraseSubjectRequest>,
    ) -> Result<Response<EraseSubjectResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let EraseSubject { subject } = EraseSubject::try_from(message)?;
        let (erasures, references, acting) = (&self.erasures, &self.references, acting(&call));
        let paid_ahead = match subject {
            Subject::User(user_id) => {
                own_or_admin(&call, user_id, "user")?;
                references.paid_ahead_of_user(user_id).await?
            }
            Subject::Child(child_id) => references.paid_ahead_of_child(acting, child_id).await?,
        };
        let erase = |context| erasures.erase(&call, context, subject, acting, paid_ahead, now());
        self.operations
            .perform(&call, message, erase, reply::erased)
            .await
    }

    async fn finish_erasure(
        &self,
        request: Request<FinishErasureRequest>,
    ) -> Result<Response<FinishErasureResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let FinishErasure { subject } = FinishErasure::try_from(message)?;
        let certificate = self.erasures.finish(&call, subject).await?;
        Ok(Response::new(FinishErasureResponse {
            certificate: Some(certificate),
        }))
    }
}
