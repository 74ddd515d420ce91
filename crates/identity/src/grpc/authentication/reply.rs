//! The answers of `AuthenticationService`.

use chrono::{DateTime, Utc};
use contracts::identity::v1 as pb;
use contracts::wire::timestamp;

use crate::proofs::Entered;
use crate::signing::AccessToken;
use crate::wire::role;

pub fn logged_in(entered: Entered, access: AccessToken) -> pb::LoginResponse {
    let Entered {
        user_id,
        role: entered_as,
        issued,
    } = entered;
    pb::LoginResponse {
        user_id: user_id.to_string(),
        role: role(entered_as).into(),
        access_token: access.token,
        expires_at: Some(timestamp(access.expires_at)),
        position: None,
        refresh_token: issued.refresh_token,
        refresh_token_expires_at: Some(timestamp(issued.expires_at)),
        login_id: issued.login_id.to_string(),
    }
}

pub fn refreshed(entered: Entered, access: AccessToken) -> pb::RefreshTokenResponse {
    let Entered {
        user_id,
        role: entered_as,
        issued,
    } = entered;
    pb::RefreshTokenResponse {
        user_id: user_id.to_string(),
        role: role(entered_as).into(),
        access_token: access.token,
        expires_at: Some(timestamp(access.expires_at)),
        refresh_token: issued.refresh_token,
        refresh_token_expires_at: Some(timestamp(issued.expires_at)),
        login_id: issued.login_id.to_string(),
    }
}

pub fn verification_requested(expires_at: DateTime<Utc>) -> pb::RequestVerificationResponse {
    pb::RequestVerificationResponse {
        expires_at: Some(timestamp(expires_at)),
        position: None,
    }
}

pub fn email_change_requested(expires_at: DateTime<Utc>) -> pb::RequestEmailChangeResponse {
    pb::RequestEmailChangeResponse {
        expires_at: Some(timestamp(expires_at)),
        position: None,
    }
}
