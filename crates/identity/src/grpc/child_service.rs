use contracts::identity::v1::{
    AddChildRequest, AddChildResponse, EraseChildRequest, EraseChildResponse, GetChildRequest,
    GetChildResponse, ListChildrenRequest, ListChildrenResponse,
    child_service_server::ChildService,
};
use eventsourcing::{Checkpoints, Projection, personal::Keyring};
use prost::Message;
use service::{Call, internal, not_found, reached};
use sqlx::PgPool;
use tonic::{Request, Response, Status};

use super::{convert, errors::personal_status, parse};
use crate::{
    accounts::Accounts,
    children::Records,
    domain::{
        child::{Action, By, Child, ChildCommand},
        values::{ChildId, Role},
    },
    parts::Parts,
    projector::children::Children,
    query::{self, children::Cursor},
};

/// Children.
pub struct ChildRpcs {
    accounts: Accounts,
    records: Records,
    keyring: Keyring,
    pool: PgPool,
    checkpoints: Checkpoints,
}

impl ChildRpcs {
    pub(super) fn new(parts: &Parts, accounts: Accounts) -> Self {
        Self {
            accounts,
            records: Records::new(&parts.log, &parts.keyring),
            keyring: parts.keyring.clone(),
            pool: parts.pool.clone(),
            checkpoints: Checkpoints::new(parts.pool.clone()),
        }
    }

    /// The record of a child that the caller answers for, or any to an admin: before anything
    /// is sealed for it.
    async fn own(&self, child_id: ChildId, by: By) -> Result<Child, Status> {
        let child = self.records.load(child_id).await.map_err(internal)?;
        child
            .filter(|child| match by {
                By::Parent(user) => child.guardian() == Some(user),
                By::Admin(_) | By::System => true,
                By::Trainer(_) => false,
            })
            .ok_or_else(|| not_found("child", &child_id.to_string()))
    }

    /// The present role of the parent who calls.
    async fn role(&self, by: By) -> Result<Role, Status> {
        let By::Parent(user) = by else {
            return Err(not_found("user", ""));
        };
        let role = self.accounts.role(user).await.map_err(internal)?;
        role.ok_or_else(|| not_found("user", &user.to_string()))
    }
}

#[tonic::async_trait]
impl ChildService for ChildRpcs {
    async fn add_child(
        &self,
        request: Request<AddChildRequest>,
    ) -> Result<Response<AddChildResponse>, Status> {
        let call = Call::of(&request);
        let (now, by) = (parse::now(), parse::children::by(&call));
        let new = parse::children::add_child(&call, request.into_inner(), now)?;
        if new.is_known {
            self.own(new.child_id, by).await?;
        }
        let role = self.role(by).await?;
        let sealer = self.records.sealer(new.child_id.uuid()).await;
        let sealer = sealer.map_err(personal_status)?;
        let player = new.player.seal(&sealer).map_err(personal_status)?;
        let command = ChildCommand {
            child_id: new.child_id,
            by,
            now,
            action: Action::Add {
                role,
                consent: new.consent,
                player: Box::new(player),
            },
        };
        let answer = AddChildResponse {
            child_id: new.child_id.to_string(),
            position: None,
        };
        let reply = |_: &Child, _: &[_]| answer.encode_to_vec();
        let committed = self.records.execute(new.context, command, reply).await?;
        let mut answer: AddChildResponse = convert::stored(&committed)?;
        answer.position = Some(convert::position(committed.position));
        Ok(Response::new(answer))
    }

    async fn erase_child(
        &self,
        request: Request<EraseChildRequest>,
    ) -> Result<Response<EraseChildResponse>, Status> {
        let call = Call::of(&request);
        let (context, child_id) = parse::children::erase_child(&call, request.into_inner())?;
        let command = ChildCommand {
            child_id,
            by: parse::children::by(&call),
            now: parse::now(),
            action: Action::Erase { paid_ahead: false },
        };
        let reply = |_: &Child, _: &[_]| Vec::new();
        let committed = self.records.execute(context, command, reply).await?;
        Ok(Response::new(EraseChildResponse {
            position: Some(convert::position(committed.position)),
        }))
    }

    async fn get_child(
        &self,
        request: Request<GetChildRequest>,
    ) -> Result<Response<GetChildResponse>, Status> {
        let call = Call::of(&request);
        let (id, min_position) = parse::children::get_child(request.into_inner())?;
        reached(
            &self.checkpoints,
            Children::NAME,
            min_position.as_slice(),
            &call,
        )
        .await?;
        let row = query::children::by_id(&self.pool, id)
            .await
            .map_err(internal)?;
        let own = row.filter(|row| parse::own_or_admin(&call, row.parent_id, "child").is_ok());
        let row = own.ok_or_else(|| not_found("child", &id.to_string()))?;
        let opener = self.keyring.opener([id]).await.map_err(personal_status)?;
        let child = convert::children::child(row, &opener).map_err(personal_status)?;
        Ok(Response::new(GetChildResponse { child: Some(child) }))
    }

    async fn list_children(
        &self,
        request: Request<ListChildrenRequest>,
    ) -> Result<Response<ListChildrenResponse>, Status> {
        let call = Call::of(&request);
        let (guardian_id, page, min_position) =
            parse::children::list_children(&call, request.into_inner())?;
        reached(
            &self.checkpoints,
            Children::NAME,
            min_position.as_slice(),
            &call,
        )
        .await?;
        let mut rows = query::children::page_of(&self.pool, guardian_id, &page)
            .await
            .map_err(internal)?;
        let next_page_token = page.next_token(&mut rows, |row| Cursor::from(row));
        let opener = self.keyring.opener(rows.iter().map(|row| row.id)).await;
        let opener = opener.map_err(personal_status)?;
        let children = rows
            .into_iter()
            .map(|row| convert::children::child(row, &opener))
            .collect::<Result<_, _>>()
            .map_err(personal_status)?;
        Ok(Response::new(ListChildrenResponse {
            children,
            next_page_token,
        }))
    }
}
