use contracts::identity::v1::{
    AcceptGuardianTransferRequest, AcceptGuardianTransferResponse, AddChildRequest,
    AddChildResponse, ArchiveChildRequest, ArchiveChildResponse, CancelGuardianTransferRequest,
    CancelGuardianTransferResponse, DestroyChildKeysRequest, DestroyChildKeysResponse,
    EraseChildRequest, EraseChildResponse, GetChildRequest, GetChildResponse, ListChildrenRequest,
    ListChildrenResponse, ListGuardianTransfersRequest, ListGuardianTransfersResponse,
    RecordConsentRequest, RecordConsentResponse, TransferGuardianRequest, TransferGuardianResponse,
    UpdateChildRequest, UpdateChildResponse, WithdrawConsentRequest, WithdrawConsentResponse,
    child_service_server::ChildService,
};
use contracts::wire::timestamp;
use service::{Call, internal, invalid_fields, not_found, violation};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{
    child_backend::ChildBackend,
    convert::{self, children::child},
    parse::{
        self,
        children::acting,
        transfers::{Acceptance, NewGuardian},
    },
    refusals::personal_status,
};
use crate::{
    domain::{
        child::{Acting, Action, ChildCommand, Purpose},
        user::EMAIL_SCOPE,
        values::{Role, UserId},
    },
    personal::email_key,
    projector::children::ChildRow,
    query::{self, children::Cursor},
};

pub struct ChildRpcs {
    pub(super) backend: ChildBackend,
}

#[tonic::async_trait]
impl ChildService for ChildRpcs {
    async fn record_consent(
        &self,
        request: Request<RecordConsentRequest>,
    ) -> Result<Response<RecordConsentResponse>, Status> {
        let call = Call::of(&request);
        let acting = acting(&call);
        let new = parse::children::record_consent(&call, request.into_inner())?;
        if new.is_known {
            self.backend.own(new.child_id, acting).await?;
        }
        let command = ChildCommand {
            child_id: new.child_id,
            acting,
            now: service::now(),
            action: Action::RecordConsent {
                role: self.backend.role(acting).await?,
                purpose: new.purpose,
                policy_version: new.policy_version,
            },
        };
        let answer = self.backend.execute(new.context, command);
        Ok(Response::new(RecordConsentResponse {
            position: answer.await?,
            child_id: new.child_id.to_string(),
        }))
    }

    async fn withdraw_consent(
        &self,
        request: Request<WithdrawConsentRequest>,
    ) -> Result<Response<WithdrawConsentResponse>, Status> {
        let call = Call::of(&request);
        let (now, acting) = (service::now(), acting(&call));
        let (context, child_id, purpose) =
            parse::children::withdraw_consent(&call, request.into_inner())?;
        self.backend.own(child_id, acting).await?;
        let paid_ahead =
            purpose == Purpose::ChildData && self.backend.paid_ahead(child_id, now).await?;
        let command = ChildCommand {
            child_id,
            acting,
            now,
            action: Action::WithdrawConsent {
                purpose,
                paid_ahead,
            },
        };
        let position = self.backend.execute(context, command).await?;
        Ok(Response::new(WithdrawConsentResponse { position }))
    }

    async fn add_child(
        &self,
        request: Request<AddChildRequest>,
    ) -> Result<Response<AddChildResponse>, Status> {
        let call = Call::of(&request);
        let (now, acting) = (service::now(), acting(&call));
        let new = parse::children::add_child(&call, request.into_inner(), now)?;
        if new.is_known {
            self.backend.own(new.child_id, acting).await?;
        }
        let role = self.backend.role(acting).await?;
        let sealer = self.backend.sealer(new.child_id.uuid()).await?;
        let player = new.player.seal(&sealer).map_err(personal_status)?;
        let command = ChildCommand {
            child_id: new.child_id,
            acting,
            now,
            action: Action::Add {
                role,
                consent: new.consent,
                player: Box::new(player),
            },
        };
        let answer = self.backend.execute(new.context, command);
        Ok(Response::new(AddChildResponse {
            position: answer.await?,
            child_id: new.child_id.to_string(),
        }))
    }

    async fn update_child(
        &self,
        request: Request<UpdateChildRequest>,
    ) -> Result<Response<UpdateChildResponse>, Status> {
        let call = Call::of(&request);
        let (now, acting) = (service::now(), acting(&call));
        let (context, child_id, changes) =
            parse::children::update_child(&call, request.into_inner(), now)?;
        self.backend.own(child_id, acting).await?;
        let sealer = self.backend.sealer(child_id.uuid()).await?;
        let changes = changes.seal(&sealer).map_err(personal_status)?;
        let command = ChildCommand {
            child_id,
            acting,
            now,
            action: Action::Update(Box::new(changes)),
        };
        let position = self.backend.execute(context, command).await?;
        Ok(Response::new(UpdateChildResponse { position }))
    }

    async fn archive_child(
        &self,
        request: Request<ArchiveChildRequest>,
    ) -> Result<Response<ArchiveChildResponse>, Status> {
        let call = Call::of(&request);
        let (context, child_id) = parse::children::archive_child(&call, request.into_inner())?;
        let command = ChildCommand {
            child_id,
            acting: acting(&call),
            now: service::now(),
            action: Action::Archive,
        };
        let position = self.backend.execute(context, command).await?;
        Ok(Response::new(ArchiveChildResponse { position }))
    }

    async fn erase_child(
        &self,
        request: Request<EraseChildRequest>,
    ) -> Result<Response<EraseChildResponse>, Status> {
        let call = Call::of(&request);
        let (now, acting) = (service::now(), acting(&call));
        let (context, child_id) = parse::children::erase_child(&call, request.into_inner())?;
        self.backend.own(child_id, acting).await?;
        let paid_ahead = acting != Acting::System && self.backend.paid_ahead(child_id, now).await?;
        let command = ChildCommand {
            child_id,
            acting,
            now,
            action: Action::Erase { paid_ahead },
        };
        let position = self.backend.execute(context, command).await?;
        Ok(Response::new(EraseChildResponse { position }))
    }

    async fn get_child(
        &self,
        request: Request<GetChildRequest>,
    ) -> Result<Response<GetChildResponse>, Status> {
        let call = Call::of(&request);
        let (id, min_position) = parse::children::get_child(request.into_inner())?;
        self.backend.reached(min_position.as_ref(), &call).await?;
        let row = query::children::by_id(&self.backend.resources.pool, id)
            .await
            .map_err(internal)?;
        let own = row.filter(|row| parse::own_or_admin(&call, row.parent_id, "child").is_ok());
        let row = own.ok_or_else(|| not_found("child", &id.to_string()))?;
        let child = self.opened(vec![row]).await?.pop();
        Ok(Response::new(GetChildResponse { child }))
    }

    async fn list_children(
        &self,
        request: Request<ListChildrenRequest>,
    ) -> Result<Response<ListChildrenResponse>, Status> {
        let call = Call::of(&request);
        let (guardian_id, page, min_position) =
            parse::children::list_children(&call, request.into_inner())?;
        self.backend.reached(min_position.as_ref(), &call).await?;
        let mut rows = query::children::page_of(&self.backend.resources.pool, guardian_id, &page)
            .await
            .map_err(internal)?;
        let next_page_token = page.next_token(&mut rows, |row| Cursor::from(row));
        Ok(Response::new(ListChildrenResponse {
            children: self.opened(rows).await?,
            next_page_token,
        }))
    }

    async fn transfer_guardian(
        &self,
        request: Request<TransferGuardianRequest>,
    ) -> Result<Response<TransferGuardianResponse>, Status> {
        let call = Call::of(&request);
        let acting = acting(&call);
        let (context, child_id, to) =
            parse::transfers::transfer_guardian(&call, request.into_inner())?;
        self.backend.own(child_id, acting).await?;
        let command = ChildCommand {
            child_id,
            acting,
            now: service::now(),
            action: Action::OfferTransfer {
                transfer_id: Uuid::now_v7().into(),
                to: self.resolved(to, acting).await?,
            },
        };
        let answer = self.backend.answer(context, command, |child| {
            let (id, expires_at) = child.offer().unzip();
            TransferGuardianResponse {
                transfer_id: id.map_or_else(String::new, |id| id.to_string()),
                position: None,
                expires_at: expires_at.map(timestamp),
            }
        });
        answer.await
    }

    async fn accept_guardian_transfer(
        &self,
        request: Request<AcceptGuardianTransferRequest>,
    ) -> Result<Response<AcceptGuardianTransferResponse>, Status> {
        let call = Call::of(&request);
        let acting = acting(&call);
        let Acceptance {
            context,
            child_id,
            transfer_id,
            medical,
            policy_version,
        } = parse::transfers::accept_guardian_transfer(&call, request.into_inner())?;
        let command = ChildCommand {
            child_id,
            acting,
            now: service::now(),
            action: Action::AcceptTransfer {
                transfer_id,
                role: self.backend.role(acting).await?,
                policy_version,
                medical,
            },
        };
        let position = self.backend.execute(context, command).await?;
        Ok(Response::new(AcceptGuardianTransferResponse { position }))
    }

    async fn cancel_guardian_transfer(
        &self,
        request: Request<CancelGuardianTransferRequest>,
    ) -> Result<Response<CancelGuardianTransferResponse>, Status> {
        let call = Call::of(&request);
        let (context, child_id, transfer_id) =
            parse::transfers::cancel_guardian_transfer(&call, request.into_inner())?;
        let command = ChildCommand {
            child_id,
            acting: acting(&call),
            now: service::now(),
            action: Action::CancelTransfer { transfer_id },
        };
        let position = self.backend.execute(context, command).await?;
        Ok(Response::new(CancelGuardianTransferResponse { position }))
    }

    async fn list_guardian_transfers(
        &self,
        request: Request<ListGuardianTransfersRequest>,
    ) -> Result<Response<ListGuardianTransfersResponse>, Status> {
        let call = Call::of(&request);
        let viewer = call.user_id().unwrap_or_default();
        let (page, min_position) = parse::transfers::list_guardian_transfers(request.into_inner())?;
        self.backend.reached(min_position.as_ref(), &call).await?;
        let mut rows = query::transfers::open_of(&self.backend.resources.pool, viewer, &page)
            .await
            .map_err(internal)?;
        let next_page_token = page.next_token(&mut rows, |row| query::transfers::Cursor::from(row));
        let transfers = rows
            .iter()
            .map(|row| convert::children::transfer(row, viewer))
            .collect();
        Ok(Response::new(ListGuardianTransfersResponse {
            transfers,
            next_page_token,
        }))
    }

    async fn destroy_child_keys(
        &self,
        request: Request<DestroyChildKeysRequest>,
    ) -> Result<Response<DestroyChildKeysResponse>, Status> {
        let child_id = parse::children::destroy_child_keys(request.into_inner())?;
        let destroyed = self.backend.records.forget(child_id).await?;
        Ok(Response::new(DestroyChildKeysResponse {
            destroyed: i32::try_from(destroyed.len()).unwrap_or(i32::MAX),
        }))
    }
}

impl ChildRpcs {
    /// The children of these rows, opened, each with its consents.
    async fn opened(
        &self,
        rows: Vec<ChildRow>,
    ) -> Result<Vec<contracts::identity::v1::Child>, Status> {
        let resources = &self.backend.resources;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let consents = query::medical::consents(&resources.pool, &ids)
            .await
            .map_err(internal)?;
        let opener = resources
            .keyring
            .opener(ids)
            .await
            .map_err(personal_status)?;
        rows.into_iter()
            .map(|row| child(row, &consents, &opener))
            .collect::<Result<_, _>>()
            .map_err(personal_status)
    }

    /// The parent to whom a child is offered. An address that nobody has takes the same steps and
    /// gets the same answer as one that somebody has.
    async fn resolved(&self, to: NewGuardian, acting: Acting) -> Result<Option<UserId>, Status> {
        let accounts = &self.backend.accounts;
        match to {
            NewGuardian::User(user) => {
                let role = accounts.role(user).await.map_err(internal)?;
                if role == Some(Role::Parent) {
                    return Ok(Some(user));
                }
                Err(not_found("parent", &user.to_string()))
            }
            NewGuardian::Email(email) => {
                let resources = &self.backend.resources;
                let key = email_key(&resources.lookup, &email);
                let holder = resources.log.claim_owner(EMAIL_SCOPE, &key).await;
                let holder = holder.map_err(internal)?.and_then(|id| id.parse().ok());
                let user = UserId::from(holder.unwrap_or(Uuid::nil()));
                if acting == Acting::Parent(user) {
                    let problem = "must be somebody else";
                    let violation = violation("new_guardian_email", "SELF", problem);
                    return Err(invalid_fields(vec![violation]));
                }
                let role = accounts.role(user).await.map_err(internal)?;
                Ok((role == Some(Role::Parent)).then_some(user))
            }
        }
    }
}
