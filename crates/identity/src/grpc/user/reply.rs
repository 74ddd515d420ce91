//! The answers of `UserService`.

use contracts::identity::v1 as pb;
use contracts::wire::timestamp;
use eventsourcing::personal::{Opener, PersonalError};

use crate::domain::values::UserId;
use crate::projector::users::UserRow;
use crate::wire;

pub fn updated((): ()) -> pb::UpdateUserResponse {
    pb::UpdateUserResponse { position: None }
}

pub fn role_changed((): ()) -> pb::ChangeRoleResponse {
    pb::ChangeRoleResponse { position: None }
}

pub fn deactivated((): ()) -> pb::DeactivateUserResponse {
    pb::DeactivateUserResponse { position: None }
}

pub fn reactivated((): ()) -> pb::ReactivateUserResponse {
    pb::ReactivateUserResponse { position: None }
}

pub fn registered(user_id: UserId) -> pb::RegisterUserResponse {
    pb::RegisterUserResponse {
        user_id: user_id.to_string(),
        position: None,
    }
}

/// An account, with personal data opened; it is empty when the user was erased.
pub fn user(row: UserRow, opener: &Opener) -> Result<pb::User, PersonalError> {
    let UserRow {
        id,
        email,
        email_key: _,
        first_name,
        last_name,
        phone_number,
        role,
        active,
        erased,
        email_verified,
        phone_verified,
        created_at,
        updated_at,
        last_login_at,
    } = row;
    let email = email.open(opener)?.map(|email| email.to_string());
    let phone_number = phone_number.map(|number| number.open(opener)).transpose()?;
    let phone_number = phone_number.flatten();
    Ok(pb::User {
        user_id: id.to_string(),
        email: email.unwrap_or_default(),
        first_name: first_name.open(opener)?.unwrap_or_default(),
        last_name: last_name.open(opener)?.unwrap_or_default(),
        phone_number: phone_number.map_or_else(String::new, |number| number.as_str().to_owned()),
        role: wire::role(role).into(),
        created_at: Some(timestamp(created_at)),
        updated_at: Some(timestamp(updated_at)),
        last_login_at: last_login_at.map(timestamp),
        email_verified,
        phone_verified,
        active,
        erased,
    })
}

pub fn exported(content: Vec<u8>) -> pb::ExportSubjectResponse {
    pb::ExportSubjectResponse {
        content_type: "application/json".to_owned(),
        content,
    }
}

pub fn erased(certificate: pb::ErasureCertificate) -> pb::EraseSubjectResponse {
    pb::EraseSubjectResponse {
        position: None,
        certificate: Some(certificate),
    }
}
