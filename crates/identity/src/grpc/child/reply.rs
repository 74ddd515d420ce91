//! The answers of `ChildService`.

use contracts::identity::v1 as pb;
use contracts::wire::{date, optional_id, timestamp};
use eventsourcing::personal::{Opener, PersonalError};

use crate::domain::child::Child;
use crate::domain::values::{Birthdate, ChildId, UserId};
use crate::projector::children::{ChildRow, ConsentRow, TransferRow};
use crate::query::ChildView;
use crate::wire;

pub fn consent_withdrawn(_: &Child) -> pb::WithdrawConsentResponse {
    pb::WithdrawConsentResponse { position: None }
}

pub fn updated(_: &Child) -> pb::UpdateChildResponse {
    pb::UpdateChildResponse { position: None }
}

pub fn archived(_: &Child) -> pb::ArchiveChildResponse {
    pb::ArchiveChildResponse { position: None }
}

pub fn erased(_: &Child) -> pb::EraseChildResponse {
    pb::EraseChildResponse { position: None }
}

pub fn transfer_accepted(_: &Child) -> pb::AcceptGuardianTransferResponse {
    pb::AcceptGuardianTransferResponse { position: None }
}

pub fn transfer_canceled(_: &Child) -> pb::CancelGuardianTransferResponse {
    pb::CancelGuardianTransferResponse { position: None }
}

pub fn consent_recorded(child_id: ChildId) -> pb::RecordConsentResponse {
    pb::RecordConsentResponse {
        position: None,
        child_id: child_id.to_string(),
    }
}

pub fn added(child_id: ChildId) -> pb::AddChildResponse {
    pb::AddChildResponse {
        position: None,
        child_id: child_id.to_string(),
    }
}

pub fn offered(child: &Child) -> pb::TransferGuardianResponse {
    let (id, expires_at) = child.offer().unzip();
    pb::TransferGuardianResponse {
        transfer_id: optional_id(id),
        position: None,
        expires_at: expires_at.map(timestamp),
    }
}

/// A child as their guardian sees them; what was erased is empty.
pub fn child(view: ChildView, opener: &Opener) -> Result<pb::Child, PersonalError> {
    let ChildView { child, consents } = view;
    let ChildRow {
        id,
        first_name,
        last_name,
        parent_id,
        birthdate,
        skill_level,
        team,
        specify,
        allergies: _,
        medical_conditions: _,
        emergency_contact: _,
        created_at,
        updated_at,
        archived_at,
        erased_at,
    } = child;
    let first_name = first_name.open(opener)?;
    Ok(pb::Child {
        child_id: id.to_string(),
        guardian_id: parent_id.to_string(),
        erased: erased_at.is_some() || first_name.is_none(),
        first_name: first_name.unwrap_or_default(),
        last_name: last_name.open(opener)?.unwrap_or_default(),
        birthdate: birthdate.open(opener)?.map(Birthdate::date).map(date),
        skill_level: wire::skill_level(skill_level).into(),
        specify: specify.open(opener)?.unwrap_or_default(),
        team: team.open(opener)?.unwrap_or_default(),
        created_at: Some(timestamp(created_at)),
        updated_at: Some(timestamp(updated_at)),
        archived_at: archived_at.map(timestamp),
        consents: consents.iter().map(consent).collect(),
    })
}

fn consent(row: &ConsentRow) -> pb::ChildConsent {
    pb::ChildConsent {
        purpose: wire::consent_purpose(row.purpose).into(),
        policy_version: row.policy_version.as_str().to_owned(),
        given_at: Some(timestamp(row.given_at)),
    }
}

/// An open offer as one of its sides sees it.
pub fn transfer(row: &TransferRow, viewer: UserId) -> pb::GuardianTransfer {
    let TransferRow {
        id,
        child_id,
        guardian_id,
        to_user_id,
        status: _,
        requested_at,
        expires_at,
        ended_at: _,
    } = row;
    pb::GuardianTransfer {
        transfer_id: id.to_string(),
        child_id: child_id.to_string(),
        guardian_id: guardian_id.to_string(),
        incoming: *to_user_id == Some(viewer),
        requested_at: Some(timestamp(*requested_at)),
        expires_at: Some(timestamp(*expires_at)),
    }
}
