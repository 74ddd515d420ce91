//! The RPCs: each parses, looks up, executes.

mod authentication;
mod child;
mod child_medical;
mod email;
mod key;
mod refusals;
mod secrets;
mod trainer;
mod user;

pub use authentication::AuthenticationRpcs;
pub use child::ChildRpcs;
pub use child_medical::ChildMedicalRpcs;
pub use email::EmailRpcs;
pub use key::KeyRpcs;
pub use trainer::TrainerRpcs;
pub use user::UserRpcs;

use contracts::WriteRpc;
use contracts::common::v1::Role;
use service::{Call, Fields, not_found, now};
use tonic::{Response, Status};

use crate::accounts::ChildRecords;
use crate::domain::child::{Acting, Action, Child, ChildCommand};
use crate::domain::values::{ChildId, UserId};

/// The user who calls. The access rules admit nobody else where this is asked.
fn caller(call: &Call) -> Result<UserId, Status> {
    let user_id = call.user_id().map(UserId::from);
    user_id.ok_or_else(|| not_found("user", "who calls"))
}

/// `NOT_FOUND` unless the thing is the caller's, or an admin calls.
fn own_or_admin(call: &Call, owner_id: UserId, what: &str) -> Result<(), Status> {
    if call.user_id() == Some(owner_id.uuid()) || call.is_admin() {
        Ok(())
    } else {
        Err(not_found(what, &owner_id.to_string()))
    }
}

/// A user's id that may be left out by everyone but an admin: it is the caller's then.
fn own_unless_admin(fields: &mut Fields, call: &Call, field: &str, value: &str) -> UserId {
    match call.user_id() {
        Some(caller) if value.is_empty() && !call.is_admin() => caller.into(),
        _ => fields.id(field, value),
    }
}

/// Who asks something of a child's record. Trainers ask for medical data only, and are let in
/// by what lies ahead.
fn acting(call: &Call) -> Acting {
    match (call.user_id(), call.principal.role()) {
        (Some(id), Role::Parent) => Acting::Parent(id.into()),
        (Some(id), Role::Trainer) => Acting::Trainer(id.into()),
        (Some(id), Role::Admin) => Acting::Admin(id.into()),
        _ => Acting::System,
    }
}

/// What a call does to a child's record.
fn child_command(call: &Call, child_id: ChildId, action: Action) -> ChildCommand {
    ChildCommand {
        child_id,
        acting: acting(call),
        now: now(),
        action,
    }
}

/// Executes the action of a write RPC on a child's record. Keys that it makes obsolete are destroyed
/// before the answer.
async fn execute_on_child<M: WriteRpc>(
    records: &ChildRecords,
    call: &Call,
    request: &M,
    child_id: ChildId,
    action: Action,
    reply: impl Fn(&Child) -> M::Answer + Send + Sync,
) -> Result<Response<M::Answer>, Status> {
    let forgets = action.forgets();
    let command = child_command(call, child_id, action);
    let reply = |child: &Child, _: &[_]| reply(child);
    let children = records.writes();
    let executed = children.execute(call, request, child_id, command, reply);
    let answer = executed.await?;
    if forgets {
        records.forget(child_id).await?;
    }
    Ok(answer)
}
