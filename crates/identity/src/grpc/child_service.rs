use contracts::identity::v1::{
    AddChildRequest, AddChildResponse, GetChildRequest, GetChildResponse, ListChildrenRequest,
    ListChildrenResponse, child_service_server::ChildService,
};
use eventsourcing::{Checkpoints, Projection, Repository};
use prost::Message;
use service::{Call, internal, not_found, reached};
use sqlx::PgPool;
use tonic::{Request, Response, Status};

use super::{convert, errors::command_status, parse};
use crate::{
    accounts::Accounts,
    domain::child::{Child, ChildCommand},
    projector::children::Children,
    query::{self, children::Cursor},
};

/// Children.
pub struct ChildRpcs {
    pub(super) accounts: Accounts,
    pub(super) children: Repository<Child>,
    pub(super) pool: PgPool,
    pub(super) checkpoints: Checkpoints,
}

#[tonic::async_trait]
impl ChildService for ChildRpcs {
    async fn add_child(
        &self,
        request: Request<AddChildRequest>,
    ) -> Result<Response<AddChildResponse>, Status> {
        let call = Call::of(&request);
        let (context, command, guardian_id) =
            parse::children::add_child(&call, request.into_inner())?;
        let role = self.accounts.role(guardian_id).await.map_err(internal)?;
        let command = command(role.ok_or_else(|| not_found("user", &guardian_id.to_string()))?);
        let id = command.child_id.to_string();
        let answer = AddChildResponse {
            child_id: id.clone(),
            position: None,
        };
        let committed = self
            .children
            .create(&id, context, ChildCommand::Add(command), |_, _| {
                answer.encode_to_vec()
            })
            .await
            .map_err(command_status)?;
        let mut answer: AddChildResponse = convert::stored(&committed)?;
        answer.position = Some(convert::position(committed.position));
        Ok(Response::new(answer))
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
        let child = query::children::by_id(&self.pool, id)
            .await
            .map_err(internal)?;
        let own =
            child.filter(|child| parse::own_or_admin(&call, child.parent_id, "child").is_ok());
        let child = own.ok_or_else(|| not_found("child", &id.to_string()))?;
        Ok(Response::new(GetChildResponse {
            child: Some(child.into()),
        }))
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
        let children = rows.into_iter().map(Into::into).collect();
        Ok(Response::new(ListChildrenResponse {
            children,
            next_page_token,
        }))
    }
}
