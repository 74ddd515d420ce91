//! What the RPCs about children share: whose child it is, what lies ahead, and how a command
//! becomes an answer.

use chrono::{DateTime, Utc};
use contracts::common::v1::LogPosition;
use eventsourcing::{Checkpoints, Context, Projection, personal::Sealer};
use prost::Message;
use service::{Call, checkpoint_status, internal, not_found, reached, unavailable};
use tonic::Status;
use uuid::Uuid;

use super::{convert, errors::personal_status};
use crate::{
    accounts::Accounts,
    ahead::{Ahead, AheadError},
    children::Records,
    domain::{
        child::{By, Child, ChildCommand, ChildEvent},
        values::{ChildId, Role},
    },
    parts::Parts,
    projector::children::Children,
};

/// Children's records as the RPCs reach them.
#[derive(Clone)]
pub(super) struct ChildAccess {
    pub(super) parts: Parts,
    pub(super) accounts: Accounts,
    pub(super) records: Records,
    pub(super) ahead: Ahead,
    checkpoints: Checkpoints,
}

impl ChildAccess {
    pub(super) fn new(parts: &Parts, accounts: &Accounts, ahead: &Ahead) -> Self {
        Self {
            parts: parts.clone(),
            accounts: accounts.clone(),
            records: Records::new(&parts.log, &parts.keyring),
            ahead: ahead.clone(),
            checkpoints: Checkpoints::new(parts.pool.clone()),
        }
    }

    /// The record of a child that the caller answers for, or any to admins and services. By the
    /// log, so that a former guardian is none from the moment of the transfer on; and before
    /// anything is sealed, so that an erased child of somebody else is not told from one that
    /// never was.
    pub(super) async fn own(&self, child_id: ChildId, by: By) -> Result<Child, Status> {
        let child = self.records.load(child_id).await.map_err(internal)?;
        let own = child.filter(|child| match by {
            By::Parent(user) => child.guardian() == Some(user),
            By::Admin(_) | By::System => true,
            By::Trainer(_) => false,
        });
        own.ok_or_else(|| not_found("child", &child_id.to_string()))
    }

    /// The role of the parent who calls, whose account must be open.
    pub(super) async fn role(&self, by: By) -> Result<Role, Status> {
        match by {
            By::Parent(user) => Ok(self.accounts.require_active(user).await?),
            By::Trainer(_) | By::Admin(_) | By::System => {
                Err(not_found("user", &Uuid::nil().to_string()))
            }
        }
    }

    /// Seals for a child, or for its medical subject.
    pub(super) async fn sealer(&self, subject: Uuid) -> Result<Sealer, Status> {
        self.records.sealer(subject).await.map_err(personal_status)
    }

    /// Whether something paid lies ahead of the child.
    pub(super) async fn paid_ahead(
        &self,
        child_id: ChildId,
        now: DateTime<Utc>,
    ) -> Result<bool, Status> {
        self.ahead
            .paid(child_id.uuid(), now)
            .await
            .map_err(ahead_status)
    }

    /// Gives a command whose answer is made of the record after it.
    pub(super) async fn answer<M: Message + Default>(
        &self,
        context: Context,
        command: ChildCommand,
        answer: impl Fn(&Child) -> M,
    ) -> Result<(M, Option<LogPosition>), Status> {
        let reply = |child: &Child, _: &[ChildEvent]| answer(child).encode_to_vec();
        let committed = self.records.execute(context, command, reply).await?;
        let position = convert::position(committed.position);
        Ok((convert::stored(&committed)?, Some(position)))
    }

    /// Gives a command whose answer is a position.
    pub(super) async fn execute(
        &self,
        context: Context,
        command: ChildCommand,
    ) -> Result<Option<LogPosition>, Status> {
        let reply = |_: &Child, _: &[ChildEvent]| Vec::new();
        let committed = self.records.execute(context, command, reply).await?;
        Ok(Some(convert::position(committed.position)))
    }

    /// Waits for the read tables of children.
    pub(super) async fn reached(
        &self,
        min_position: Option<&LogPosition>,
        call: &Call,
    ) -> Result<(), Status> {
        let positions: Vec<_> = min_position.into_iter().cloned().collect();
        reached(&self.checkpoints, Children::NAME, &positions, call).await
    }
}

/// What the caller is told when it cannot be told what lies ahead.
pub(crate) fn ahead_status(error: AheadError) -> Status {
    match error {
        AheadError::Table(error) => internal(error),
        AheadError::CatchUp(error) => checkpoint_status(error),
        AheadError::Behind => unavailable(&AheadError::Behind.to_string()),
    }
}
