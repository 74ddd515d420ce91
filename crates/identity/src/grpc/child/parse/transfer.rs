//! The requests about handing a child over.

use contracts::identity::v1 as pb;
use contracts::identity::v1::transfer_guardian_request::NewGuardian as Named;
use service::{Call, Fields, Page, requests_of_ids};
use tonic::Status;

use super::policy;
use crate::domain::child::PolicyVersion;
use crate::domain::values::{ChildId, EmailAddress, TransferId, UserId};
use crate::query::TransferCursor;
use crate::reference::NewGuardian;

requests_of_ids! {
    write CancelGuardianTransfer of pb::CancelGuardianTransferRequest {
        child_id: ChildId, transfer_id: TransferId
    }
}

pub struct TransferGuardian {
    pub child_id: ChildId,
    pub to: NewGuardian,
}

impl TransferGuardian {
    /// Whoever names themselves by their address is refused by the domain.
    pub fn of(request: &pb::TransferGuardianRequest, call: &Call) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::TransferGuardianRequest {
            request_id: _,
            child_id,
            new_guardian,
        } = request;
        let child_id = fields.id("child_id", child_id);
        let to = match new_guardian {
            Some(Named::NewGuardianId(id)) => {
                let id: UserId = fields.id("new_guardian_id", id);
                if Some(id.uuid()) == call.user_id() {
                    fields.violation("new_guardian_id", "SELF", "must be somebody else");
                }
                Some(NewGuardian::User(id))
            }
            Some(Named::NewGuardianEmail(email)) => {
                let email = EmailAddress::parse(email);
                let email = fields.check("new_guardian_email", "EMAIL", email);
                email.map(NewGuardian::Email)
            }
            None => {
                fields.violation("new_guardian", "REQUIRED", "is required");
                None
            }
        };
        let to = fields.finish_with(to)?;
        Ok(Self { child_id, to })
    }
}

pub struct AcceptGuardianTransfer {
    pub child_id: ChildId,
    pub transfer_id: TransferId,
    /// The caller agrees to the storing of medical data, too.
    pub medical: bool,
    pub policy_version: PolicyVersion,
}

impl TryFrom<&pb::AcceptGuardianTransferRequest> for AcceptGuardianTransfer {
    type Error = Status;

    fn try_from(request: &pb::AcceptGuardianTransferRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::AcceptGuardianTransferRequest {
            request_id: _,
            child_id,
            transfer_id,
            guardian_consent,
            medical_consent,
            policy_version,
        } = request;
        let child_id = fields.id("child_id", child_id);
        let transfer_id = fields.id("transfer_id", transfer_id);
        if !guardian_consent {
            let expected = "must be true: consents are given anew by the new guardian";
            fields.violation("guardian_consent", "CONSENT", expected);
        }
        let policy_version = policy(&mut fields, policy_version);
        let policy_version = fields.finish_with(policy_version)?;
        Ok(Self {
            child_id,
            transfer_id,
            medical: *medical_consent,
            policy_version,
        })
    }
}

pub struct ListGuardianTransfers {
    pub page: Page<TransferCursor>,
}

impl ListGuardianTransfers {
    pub fn of(request: &pb::ListGuardianTransfersRequest, call: &Call) -> Result<Self, Status> {
        let pb::ListGuardianTransfersRequest {
            page_size: _,
            page_token: _,
            min_position: _,
        } = request;
        let mut fields = Fields::new();
        let page = fields.page(call, request);
        fields.finish()?;
        Ok(Self { page })
    }
}
