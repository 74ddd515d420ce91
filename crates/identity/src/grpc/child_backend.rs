//! What the two services about children share: whose child it is, which bookings lie ahead, and how
//! a command becomes an answer.

use chrono::{DateTime, Utc};
use contracts::{Positioned, common::v1::LogPosition};
use eventsourcing::{Checkpoints, Context, Projection, personal::Sealer};
use prost::Message;
use service::{Call, internal, not_found, reached, stored};
use tonic::{Response, Status};
use uuid::Uuid;

use super::refusals::personal_status;
use crate::{
    NAME,
    accounts::{Accounts, ChildRecords},
    domain::{
        child::{Acting, Child, ChildCommand, ChildEvent},
        values::{ChildId, Role},
    },
    projector::children::Children,
    reference::UpcomingBookings,
    resources::Resources,
    wire,
};

/// Children's records, and what is asked before a command on one.
#[derive(Clone)]
pub(super) struct ChildBackend {
    pub(super) resources: Resources,
    pub(super) accounts: Accounts,
    pub(super) records: ChildRecords,
    pub(super) upcoming: UpcomingBookings,
    checkpoints: Checkpoints,
}

impl ChildBackend {
    pub(super) fn new(
        resources: &Resources,
        accounts: &Accounts,
        upcoming: &UpcomingBookings,
    ) -> Self {
        Self {
            resources: resources.clone(),
            accounts: accounts.clone(),
            records: ChildRecords::new(&resources.log, &resources.keyring),
            upcoming: upcoming.clone(),
            checkpoints: Checkpoints::new(resources.pool.clone()),
        }
    }

    /// The record of a child that the caller answers for; admins and services get any. The log is
    /// asked, so that a former guardian finds no child from the moment of the transfer on. It is
    /// asked before anything is sealed, so that an erased child of somebody else looks like none.
    pub(super) async fn own(&self, child_id: ChildId, acting: Acting) -> Result<Child, Status> {
        let child = self.records.load(child_id).await.map_err(internal)?;
        let own = child.filter(|child| match acting {
            Acting::Parent(user) => child.guardian() == Some(user),
            Acting::Admin(_) | Acting::System => true,
            Acting::Trainer(_) => false,
        });
        own.ok_or_else(|| not_found("child", &child_id.to_string()))
    }

    /// The role of the parent who calls, whose account must be open.
    pub(super) async fn role(&self, acting: Acting) -> Result<Role, Status> {
        match acting {
            Acting::Parent(user) => Ok(self.accounts.require_active(user).await?),
            Acting::Trainer(_) | Acting::Admin(_) | Acting::System => {
                Err(not_found("user", &Uuid::nil().to_string()))
            }
        }
    }

    /// The sealer for a child, or for its medical subject.
    pub(super) async fn sealer(&self, subject: Uuid) -> Result<Sealer, Status> {
        self.records.sealer(subject).await.map_err(personal_status)
    }

    /// Whether the child has upcoming bookings that are paid.
    pub(super) async fn paid_ahead(
        &self,
        child_id: ChildId,
        now: DateTime<Utc>,
    ) -> Result<bool, Status> {
        Ok(self.upcoming.any_paid(&[child_id.uuid()], now).await?)
    }

    /// Executes a command whose answer is made of the record after it, and has its position.
    pub(super) async fn answer<M: Message + Default + Positioned>(
        &self,
        context: Context,
        command: ChildCommand,
        answer: impl Fn(&Child) -> M,
    ) -> Result<Response<M>, Status> {
        let reply = |child: &Child, _: &[ChildEvent]| answer(child).encode_to_vec();
        let committed = self.records.execute(context, command, reply).await?;
        stored(NAME, &committed).map(Response::new)
    }

    /// Executes a command whose answer is a position.
    pub(super) async fn execute(
        &self,
        context: Context,
        command: ChildCommand,
    ) -> Result<Option<LogPosition>, Status> {
        let reply = |_: &Child, _: &[ChildEvent]| Vec::new();
        let committed = self.records.execute(context, command, reply).await?;
        Ok(Some(wire::position(committed.position)))
    }

    /// Waits for the read tables of children.
    pub(super) async fn reached(
        &self,
        min_position: Option<&LogPosition>,
        call: &Call,
    ) -> Result<(), Status> {
        let positions: Vec<_> = min_position.into_iter().cloned().collect();
        Ok(reached(&self.checkpoints, Children::NAME, &positions, call).await?)
    }
}
