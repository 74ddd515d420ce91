use contracts::{
    common::v1::LogPosition,
    identity::v1::{
        AcceptGuardianTransferRequest, CancelGuardianTransferRequest, ListGuardianTransfersRequest,
        TransferGuardianRequest, transfer_guardian_request::NewGuardian as Named,
    },
};
use eventsourcing::Context;
use service::{Call, Fields, Page, context};
use tonic::Status;

use super::children::required_policy;
use crate::{
    domain::{
        child::PolicyVersion,
        values::{ChildId, EmailAddress, TransferId, UserId},
    },
    query::transfers,
};

/// Whom a child is offered to.
pub enum NewGuardian {
    /// A user.
    User(UserId),
    /// Who has this address, if anybody has.
    Email(EmailAddress),
}

pub fn transfer_guardian(
    call: &Call,
    request: TransferGuardianRequest,
) -> Result<(Context, ChildId, NewGuardian), Status> {
    let covered = request.clone();
    let TransferGuardianRequest {
        request_id: _,
        child_id,
        new_guardian,
    } = request;
    let mut fields = Fields::of(&covered);
    let child_id = fields.id::<ChildId>("child_id", &child_id);
    let to = match new_guardian {
        Some(Named::NewGuardianId(id)) => {
            let id = fields.id("new_guardian_id", &id);
            if Some(id) == call.user_id() {
                fields.violation("new_guardian_id", "SELF", "must be somebody else");
            }
            Some(NewGuardian::User(id.into()))
        }
        Some(Named::NewGuardianEmail(email)) => {
            let email = EmailAddress::parse(&email);
            let email = fields.check("new_guardian_email", "EMAIL", email);
            email.map(NewGuardian::Email)
        }
        None => {
            fields.violation("new_guardian", "REQUIRED", "is required");
            None
        }
    };
    let to = fields.finish_with(to)?;
    let context = context(call, &covered)?;
    Ok((context, child_id, to))
}

/// A child that is accepted.
pub struct Acceptance {
    pub context: Context,
    pub child_id: ChildId,
    pub transfer_id: TransferId,
    /// The caller agrees to the storing of medical data, too.
    pub medical: bool,
    pub policy_version: PolicyVersion,
}

pub fn accept_guardian_transfer(
    call: &Call,
    request: AcceptGuardianTransferRequest,
) -> Result<Acceptance, Status> {
    let covered = request.clone();
    let AcceptGuardianTransferRequest {
        request_id: _,
        child_id,
        transfer_id,
        guardian_consent,
        medical_consent,
        policy_version,
    } = request;
    let mut fields = Fields::of(&covered);
    let child_id = fields.id::<ChildId>("child_id", &child_id);
    let transfer_id = fields.id::<TransferId>("transfer_id", &transfer_id);
    if !guardian_consent {
        fields.violation(
            "guardian_consent",
            "CONSENT",
            "must be true: consents are given anew by the new guardian",
        );
    }
    let policy_version = required_policy(&mut fields, &policy_version);
    let policy_version = fields.finish_with(policy_version)?;
    Ok(Acceptance {
        context: context(call, &covered)?,
        child_id,
        transfer_id,
        medical: medical_consent,
        policy_version,
    })
}

pub fn cancel_guardian_transfer(
    call: &Call,
    request: CancelGuardianTransferRequest,
) -> Result<(Context, ChildId, TransferId), Status> {
    let covered = request.clone();
    let CancelGuardianTransferRequest {
        request_id: _,
        child_id,
        transfer_id,
    } = request;
    let mut fields = Fields::of(&covered);
    let child_id = fields.id::<ChildId>("child_id", &child_id);
    let transfer_id = fields.id::<TransferId>("transfer_id", &transfer_id);
    fields.finish()?;
    let context = context(call, &covered)?;
    Ok((context, child_id, transfer_id))
}

pub fn list_guardian_transfers(
    request: ListGuardianTransfersRequest,
) -> Result<(Page<transfers::Cursor>, Option<LogPosition>), Status> {
    let ListGuardianTransfersRequest {
        page_size,
        page_token,
        min_position,
    } = request;
    let mut fields = Fields::new();
    let page = fields.page(page_size, &page_token);
    fields.finish().map(|()| (page, min_position))
}
