//! Whose data is to be handed out or erased.

use contracts::identity::v1::{EraseSubjectRequest, ExportSubjectRequest, FinishErasureRequest};
use eventsourcing::Context;
use service::{Call, Fields, context};
use tonic::Status;

use super::own_or_admin;
use crate::{accounts::Subject, domain::values::UserId};

/// Somebody else does not exist to the caller, unless they are an admin.
pub fn export_subject(call: &Call, request: ExportSubjectRequest) -> Result<UserId, Status> {
    let ExportSubjectRequest { user_id } = request;
    let mut fields = Fields::new();
    let id = fields.id("user_id", &user_id);
    fields.finish()?;
    own_or_admin(call, id, "user").map(|()| id.into())
}

/// Somebody else does not exist to the caller, unless they are an admin. Whose a child is, the log
/// knows.
pub fn erase_subject(
    call: &Call,
    request: EraseSubjectRequest,
) -> Result<(Context, Subject), Status> {
    let covered = request.clone();
    let EraseSubjectRequest {
        request_id: _,
        user_id,
        child_id,
    } = request;
    let mut fields = Fields::of(&covered);
    let subject = subject(&mut fields, &user_id, &child_id);
    fields.finish()?;
    if let Subject::User(user_id) = subject {
        own_or_admin(call, user_id.uuid(), "user")?;
    }
    Ok((context(call, &covered)?, subject))
}

/// Services alone get here.
pub fn finish_erasure(request: FinishErasureRequest) -> Result<Subject, Status> {
    let FinishErasureRequest {
        request_id,
        user_id,
        child_id,
    } = request;
    let mut fields = Fields::new();
    fields.id::<uuid::Uuid>("request_id", &request_id);
    let subject = subject(&mut fields, &user_id, &child_id);
    fields.finish().map(|()| subject)
}

fn subject(fields: &mut Fields, user_id: &str, child_id: &str) -> Subject {
    if !user_id.is_empty() && !child_id.is_empty() {
        let expected = "must be left out when user_id is given";
        fields.violation("child_id", "ONE_OF", expected);
    }
    if child_id.is_empty() {
        Subject::User(fields.id("user_id", user_id))
    } else {
        Subject::Child(fields.id("child_id", child_id))
    }
}
