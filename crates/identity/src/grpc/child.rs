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
use eventsourcing::personal::Keyring;
use service::{Call, Reads, new_id, not_found};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use self::parse::{
    AcceptGuardianTransfer, AddChild, ArchiveChild, CancelGuardianTransfer, DestroyChildKeys,
    EraseChild, GetChild, ListChildren, ListGuardianTransfers, RecordConsent, TransferGuardian,
    UpdateChild, WithdrawConsent,
};
use super::refusals::personal_status;
use super::{acting, caller, execute_on_child, own_or_admin};
use crate::accounts::ChildRecords;
use crate::domain::child::Action;
use crate::projector::children::{Children, TransferRow};
use crate::query::{self, ChildCursor, ChildView, TransferCursor};
use crate::reference::{Recording, References};
use crate::resources::Resources;

/// Records children and their guardians' consents, and hands children over.
pub struct ChildRpcs {
    references: References,
    records: ChildRecords,
    list: Reads<Children>,
    keyring: Keyring,
}

impl ChildRpcs {
    pub fn on(resources: &Resources, references: &References) -> Self {
        Self {
            references: references.clone(),
            records: ChildRecords::new(resources),
            list: resources.reads(),
            keyring: resources.keyring.clone(),
        }
    }

    /// The children, opened, each with its consents.
    async fn opened(&self, views: Vec<ChildView>) -> Result<Vec<PublicChild>, Status> {
        let ids: Vec<Uuid> = views.iter().map(|view| view.child.id.uuid()).collect();
        let children = self.keyring.opener(ids).await.and_then(|opener| {
            let views = views.into_iter();
            views.map(|view| reply::child(view, &opener)).collect()
        });
        children.map_err(personal_status)
    }
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
        let parent = caller(&call)?;
        let recording = self.references.recording(parent, child_id, request_id);
        let Recording { child_id, role } = recording.await?;
        let action = Action::RecordConsent {
            role,
            purpose,
            policy_version,
        };
        let reply = |_: &_| reply::consent_recorded(child_id);
        execute_on_child(&self.records, &call, message, child_id, action, reply).await
    }

    async fn withdraw_consent(
        &self,
        request: Request<WithdrawConsentRequest>,
    ) -> Result<Response<WithdrawConsentResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let WithdrawConsent { child_id, purpose } = WithdrawConsent::try_from(message)?;
        let references = &self.references;
        let paid_ahead = references.paid_ahead_of_withdrawal(acting(&call), child_id, purpose);
        let action = Action::WithdrawConsent {
            purpose,
            paid_ahead: paid_ahead.await?,
        };
        execute_on_child(
            &self.records,
            &call,
            message,
            child_id,
            action,
            reply::consent_withdrawn,
        )
        .await
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
        let parent = caller(&call)?;
        let recording = self.references.recording(parent, child_id, request_id);
        let Recording { child_id, role } = recording.await?;
        let sealer = self.records.sealer(child_id.uuid()).await;
        let player = sealer.and_then(|sealer| player.seal(&sealer));
        let action = Action::Add {
            role,
            consent,
            player: Box::new(player.map_err(personal_status)?),
        };
        let reply = |_: &_| reply::added(child_id);
        execute_on_child(&self.records, &call, message, child_id, action, reply).await
    }

    async fn update_child(
        &self,
        request: Request<UpdateChildRequest>,
    ) -> Result<Response<UpdateChildResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let UpdateChild { child_id, changes } = UpdateChild::try_from(message)?;
        self.references.own_child(acting(&call), child_id).await?;
        let sealer = self.records.sealer(child_id.uuid()).await;
        let changes = sealer.and_then(|sealer| changes.seal(&sealer));
        let action = Action::Update(Box::new(changes.map_err(personal_status)?));
        execute_on_child(
            &self.records,
            &call,
            message,
            child_id,
            action,
            reply::updated,
        )
        .await
    }

    async fn archive_child(
        &self,
        request: Request<ArchiveChildRequest>,
    ) -> Result<Response<ArchiveChildResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ArchiveChild { child_id } = ArchiveChild::try_from(message)?;
        let action = Action::Archive;
        execute_on_child(
            &self.records,
            &call,
            message,
            child_id,
            action,
            reply::archived,
        )
        .await
    }

    async fn erase_child(
        &self,
        request: Request<EraseChildRequest>,
    ) -> Result<Response<EraseChildResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let EraseChild { child_id } = EraseChild::try_from(message)?;
        let (references, acting) = (&self.references, acting(&call));
        let paid_ahead = references.paid_ahead_of_child(acting, child_id).await?;
        let action = Action::Erase { paid_ahead };
        execute_on_child(
            &self.records,
            &call,
            message,
            child_id,
            action,
            reply::erased,
        )
        .await
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
        let ListChildren { guardian_id, page } = ListChildren::of(message, &call)?;
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
        let TransferGuardian { child_id, to } = TransferGuardian::of(message, &call)?;
        let to = self.references.new_guardian(acting(&call), child_id, to);
        let action = Action::OfferTransfer {
            transfer_id: new_id(),
            to: to.await?,
        };
        let reply = reply::offered;
        execute_on_child(&self.records, &call, message, child_id, action, reply).await
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
            role: self.references.active_role(caller(&call)?).await?,
            policy_version,
            medical,
        };
        execute_on_child(
            &self.records,
            &call,
            message,
            child_id,
            action,
            reply::transfer_accepted,
        )
        .await
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
        let action = Action::CancelTransfer { transfer_id };
        execute_on_child(
            &self.records,
            &call,
            message,
            child_id,
            action,
            reply::transfer_canceled,
        )
        .await
    }

    async fn list_guardian_transfers(
        &self,
        request: Request<ListGuardianTransfersRequest>,
    ) -> Result<Response<ListGuardianTransfersResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListGuardianTransfers { page } = ListGuardianTransfers::of(message, &call)?;
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
