mod parse;
mod reply;

use contracts::identity::v1::child_service_server::ChildService;
use contracts::identity::v1::{
    AcceptGuardianTransferRequest, AcceptGuardianTransferResponse, AddChildRequest,
    AddChildResponse, ArchiveChildRequest, ArchiveChildResponse, CancelGuardianTransferRequest,
    CancelGuardianTransferResponse, Child as PublicChild, DestroyChildKeysRequest,
    DestroyChildKeysResponse, EraseChildRequest, EraseChildResponse, GetChildRequest,
    GetChildResponse, ListChildrenRequest, ListChildrenResponse, ListGuardianTransfersRequest,
    ListGuardianTransfersResponse, RecordConsentRequest, RecordConsentResponse,
    TransferGuardianRequest, TransferGuardianResponse, UpdateChildRequest, UpdateChildResponse,
    WithdrawConsentRequest, WithdrawConsentResponse,
};
use eventsourcing::EventLog;
use eventsourcing::personal::{Keyring, LookupKey};
use service::{Call, Reads, internal, new_id, not_found, now};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use self::parse::{
    AcceptGuardianTransfer, AddChild, ArchiveChild, CancelGuardianTransfer, DestroyChildKeys,
    EraseChild, GetChild, ListChildren, ListGuardianTransfers, NewGuardian, RecordConsent,
    TransferGuardian, UpdateChild, WithdrawConsent,
};
use super::refusals::personal_status;
use super::{acting, caller, child_command, execute_on_child, own_or_admin};
use crate::accounts::{Accounts, ChildRecords};
use crate::domain::child::{Acting, Action, Purpose};
use crate::domain::user::EMAIL_SCOPE;
use crate::domain::values::{ChildId, Role, UserId};
use crate::personal::email_key;
use crate::projector::children::{Children, TransferRow};
use crate::query::{self, ChildCursor, ChildView, TransferCursor};
use crate::reference::UpcomingBookings;
use crate::resources::Resources;

/// Records children and their guardians' consents, and hands children over.
pub struct ChildRpcs {
    log: EventLog,
    accounts: Accounts,
    records: ChildRecords,
    upcoming: UpcomingBookings,
    list: Reads<Children>,
    keyring: Keyring,
    lookup: LookupKey,
}

impl ChildRpcs {
    pub fn on(resources: &Resources, accounts: &Accounts, upcoming: &UpcomingBookings) -> Self {
        Self {
            log: resources.log.clone(),
            accounts: accounts.clone(),
            records: ChildRecords::new(&resources.log, &resources.keyring),
            upcoming: upcoming.clone(),
            list: resources.reads(),
            keyring: resources.keyring.clone(),
            lookup: resources.lookup.clone(),
        }
    }

    /// The role of the caller, whose account must be open.
    async fn role(&self, call: &Call) -> Result<Role, Status> {
        Ok(self.accounts.require_active(caller(call)?).await?)
    }

    /// The child that a request names, if the caller answers for them, or a new one.
    async fn named_or_new(
        &self,
        call: &Call,
        named: Option<ChildId>,
        request_id: Uuid,
    ) -> Result<ChildId, Status> {
        if let Some(child_id) = named {
            self.records.own(child_id, acting(call)).await?;
            return Ok(child_id);
        }
        Ok(made_id(caller(call)?, request_id))
    }

    /// The parent to whom a child is offered. An address that nobody has takes the same steps and
    /// gets the same answer as one that somebody has.
    async fn resolved(&self, to: NewGuardian, caller: UserId) -> Result<Option<UserId>, Status> {
        match to {
            NewGuardian::User(user) if self.is_parent(user).await? => Ok(Some(user)),
            NewGuardian::User(user) => Err(not_found("parent", &user.to_string())),
            NewGuardian::Email(email) => {
                let key = email_key(&self.lookup, &email);
                let holder = self.log.claim_owner(EMAIL_SCOPE, &key).await;
                let holder = holder.map_err(internal)?.and_then(|id| id.parse().ok());
                // Nobody has the id nil.
                let user = UserId::from(holder.unwrap_or(Uuid::nil()));
                if user == caller {
                    return Err(parse::to_themselves());
                }
                Ok(self.is_parent(user).await?.then_some(user))
            }
        }
    }

    async fn is_parent(&self, user_id: UserId) -> Result<bool, Status> {
        let role = self.accounts.role(user_id).await.map_err(internal)?;
        Ok(role == Some(Role::Parent))
    }

    async fn opened(&self, views: Vec<ChildView>) -> Result<Vec<PublicChild>, Status> {
        let ids: Vec<Uuid> = views.iter().map(|view| view.child.id.uuid()).collect();
        let children = self.keyring.opener(ids).await.and_then(|opener| {
            let views = views.into_iter();
            views.map(|view| reply::child(view, &opener)).collect()
        });
        children.map_err(personal_status)
    }
}

/// The id of a child whom the caller did not name. It is made of caller and request, so that a
/// repeated request seals with the key of the first one.
fn made_id(caller: UserId, request_id: Uuid) -> ChildId {
    Uuid::new_v5(&caller.uuid(), format!("child:{request_id}").as_bytes()).into()
}

#[tonic::async_trait]
impl ChildService for ChildRpcs {
    async fn record_consent(
        &self,
        request: Request<RecordConsentRequest>,
    ) -> Result<Response<RecordConsentResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let RecordConsent {
            request_id,
            child_id,
            purpose,
            policy_version,
        } = RecordConsent::try_from(message)?;
        let child_id = self.named_or_new(&call, child_id, request_id).await?;
        let action = Action::RecordConsent {
            role: self.role(&call).await?,
            purpose,
            policy_version,
        };
        let record = child_command(&call, child_id, action);
        let reply = |_: &_| reply::consent_recorded(child_id);
        execute_on_child(&self.records, &call, message, record, reply).await
    }

    async fn withdraw_consent(
        &self,
        request: Request<WithdrawConsentRequest>,
    ) -> Result<Response<WithdrawConsentResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let WithdrawConsent { child_id, purpose } = WithdrawConsent::try_from(message)?;
        self.records.own(child_id, acting(&call)).await?;
        let paid_ahead = purpose == Purpose::ChildData
            && self.upcoming.any_paid(None, &[child_id], now()).await?;
        let action = Action::WithdrawConsent {
            purpose,
            paid_ahead,
        };
        let withdraw = child_command(&call, child_id, action);
        let reply = |_: &_| WithdrawConsentResponse::default();
        execute_on_child(&self.records, &call, message, withdraw, reply).await
    }

    async fn add_child(
        &self,
        request: Request<AddChildRequest>,
    ) -> Result<Response<AddChildResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let AddChild {
            request_id,
            child_id,
            consent,
            player,
        } = AddChild::try_from(message)?;
        let child_id = self.named_or_new(&call, child_id, request_id).await?;
        let role = self.role(&call).await?;
        let sealer = self.records.sealer(child_id.uuid()).await;
        let player = sealer.and_then(|sealer| player.seal(&sealer));
        let action = Action::Add {
            role,
            consent,
            player: Box::new(player.map_err(personal_status)?),
        };
        let add = child_command(&call, child_id, action);
        let reply = |_: &_| reply::added(child_id);
        execute_on_child(&self.records, &call, message, add, reply).await
    }

    async fn update_child(
        &self,
        request: Request<UpdateChildRequest>,
    ) -> Result<Response<UpdateChildResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let UpdateChild { child_id, changes } = UpdateChild::try_from(message)?;
        self.records.own(child_id, acting(&call)).await?;
        let sealer = self.records.sealer(child_id.uuid()).await;
        let changes = sealer.and_then(|sealer| changes.seal(&sealer));
        let action = Action::Update(Box::new(changes.map_err(personal_status)?));
        let update = child_command(&call, child_id, action);
        let reply = |_: &_| UpdateChildResponse::default();
        execute_on_child(&self.records, &call, message, update, reply).await
    }

    async fn archive_child(
        &self,
        request: Request<ArchiveChildRequest>,
    ) -> Result<Response<ArchiveChildResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ArchiveChild { child_id } = ArchiveChild::try_from(message)?;
        let archive = child_command(&call, child_id, Action::Archive);
        let reply = |_: &_| ArchiveChildResponse::default();
        execute_on_child(&self.records, &call, message, archive, reply).await
    }

    async fn erase_child(
        &self,
        request: Request<EraseChildRequest>,
    ) -> Result<Response<EraseChildResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let EraseChild { child_id } = EraseChild::try_from(message)?;
        self.records.own(child_id, acting(&call)).await?;
        let paid_ahead = acting(&call) != Acting::System
            && self.upcoming.any_paid(None, &[child_id], now()).await?;
        let erase = child_command(&call, child_id, Action::Erase { paid_ahead });
        let reply = |_: &_| EraseChildResponse::default();
        execute_on_child(&self.records, &call, message, erase, reply).await
    }

    async fn get_child(
        &self,
        request: Request<GetChildRequest>,
    ) -> Result<Response<GetChildResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let GetChild { child_id } = GetChild::try_from(message)?;
        let look = |pool| query::child(pool, child_id);
        let view = self.list.read(&call, message, look).await?;
        let is_own = |view: &ChildView| own_or_admin(&call, view.child.parent_id, "child").is_ok();
        let view = view.filter(is_own);
        let view = view.ok_or_else(|| not_found("child", &child_id.to_string()))?;
        Ok(Response::new(GetChildResponse {
            child: self.opened(vec![view]).await?.pop(),
        }))
    }

    async fn list_children(
        &self,
        request: Request<ListChildrenRequest>,
    ) -> Result<Response<ListChildrenResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListChildren { guardian_id, page } = ListChildren::of(&call, message)?;
        own_or_admin(&call, guardian_id, "guardian")?;
        let look = |pool| query::children(pool, guardian_id, &page);
        let views = self.list.read(&call, message, look).await?;
        let (views, next_page_token) = page.cut(views, ChildCursor::of);
        Ok(Response::new(ListChildrenResponse {
            children: self.opened(views).await?,
            next_page_token,
        }))
    }

    async fn transfer_guardian(
        &self,
        request: Request<TransferGuardianRequest>,
    ) -> Result<Response<TransferGuardianResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let TransferGuardian { child_id, to } = TransferGuardian::of(&call, message)?;
        self.records.own(child_id, acting(&call)).await?;
        let action = Action::OfferTransfer {
            transfer_id: new_id(),
            to: self.resolved(to, caller(&call)?).await?,
        };
        let offer = child_command(&call, child_id, action);
        execute_on_child(&self.records, &call, message, offer, reply::offered).await
    }

    async fn accept_guardian_transfer(
        &self,
        request: Request<AcceptGuardianTransferRequest>,
    ) -> Result<Response<AcceptGuardianTransferResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let AcceptGuardianTransfer {
            child_id,
            transfer_id,
            medical,
            policy_version,
        } = AcceptGuardianTransfer::try_from(message)?;
        let action = Action::AcceptTransfer {
            transfer_id,
            role: self.role(&call).await?,
            policy_version,
            medical,
        };
        let accept = child_command(&call, child_id, action);
        let reply = |_: &_| AcceptGuardianTransferResponse::default();
        execute_on_child(&self.records, &call, message, accept, reply).await
    }

    async fn cancel_guardian_transfer(
        &self,
        request: Request<CancelGuardianTransferRequest>,
    ) -> Result<Response<CancelGuardianTransferResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let CancelGuardianTransfer {
            child_id,
            transfer_id,
        } = CancelGuardianTransfer::try_from(message)?;
        let cancel = child_command(&call, child_id, Action::CancelTransfer { transfer_id });
        let reply = |_: &_| CancelGuardianTransferResponse::default();
        execute_on_child(&self.records, &call, message, cancel, reply).await
    }

    async fn list_guardian_transfers(
        &self,
        request: Request<ListGuardianTransfersRequest>,
    ) -> Result<Response<ListGuardianTransfersResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListGuardianTransfers { page } = ListGuardianTransfers::try_from(message)?;
        let viewer = caller(&call)?;
        let look = |pool| query::transfers(pool, viewer, &page);
        let rows = self.list.read(&call, message, look).await?;
        let (rows, next_page_token) = page.cut::<_, TransferRow>(rows, TransferCursor::of);
        let transfers = rows.iter().map(|row| reply::transfer(row, viewer));
        Ok(Response::new(ListGuardianTransfersResponse {
            transfers: transfers.collect(),
            next_page_token,
        }))
    }

    async fn destroy_child_keys(
        &self,
        request: Request<DestroyChildKeysRequest>,
    ) -> Result<Response<DestroyChildKeysResponse>, Status> {
        let DestroyChildKeys { child_id } = DestroyChildKeys::try_from(request.get_ref())?;
        let destroyed = self.records.forget(child_id).await?;
        Ok(Response::new(DestroyChildKeysResponse {
            destroyed: i32::try_from(destroyed.len()).unwrap_or(i32::MAX),
        }))
    }
}
