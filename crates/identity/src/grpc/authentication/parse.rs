//! The requests of `AuthenticationService`. Every field of a message is taken apart here, so that a
//! new one breaks the build.

use contracts::identity::v1 as pb;
use service::{Call, Fields};
use tonic::Status;
use uuid::Uuid;

use crate::domain::user::Channel;
use crate::domain::values::{EmailAddress, UserId};
use crate::proofs::Password;
use crate::wire;

/// Longer than any token of ours.
const MAX_TOKEN_LENGTH: usize = 256;

pub struct Login {
    pub email: EmailAddress,
    pub password: Password,
}

impl TryFrom<&pb::LoginRequest> for Login {
    type Error = Status;

    fn try_from(request: &pb::LoginRequest) -> Result<Self, Status> {
        let pb::LoginRequest { email, password } = request;
        let mut fields = Fields::new();
        let email = fields.check("email", "EMAIL", EmailAddress::parse(email));
        let password = offered(&mut fields, password);
        let (email, password) = fields.finish_with(email.zip(password))?;
        Ok(Self { email, password })
    }
}

pub struct RefreshToken {
    /// The token as it was sent.
    pub token: String,
}

impl TryFrom<&pb::RefreshTokenRequest> for RefreshToken {
    type Error = Status;

    fn try_from(request: &pb::RefreshTokenRequest) -> Result<Self, Status> {
        let pb::RefreshTokenRequest { refresh_token } = request;
        let mut fields = Fields::new();
        let token = token(&mut fields, "refresh_token", refresh_token);
        fields.finish()?;
        Ok(Self { token })
    }
}

pub struct Logout {
    pub login_id: Uuid,
}

impl Logout {
    /// The login of the call, unless another one is named.
    pub fn of(request: &pb::LogoutRequest, call: &Call) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::LogoutRequest {
            request_id: _,
            login_id,
        } = request;
        let login_id = match call.login_id {
            Some(present) if login_id.is_empty() => present,
            _ => fields.id("login_id", login_id),
        };
        fields.finish()?;
        Ok(Self { login_id })
    }
}

pub struct LogoutEverywhere {
    pub user_id: UserId,
}

impl LogoutEverywhere {
    /// The caller, unless somebody is named.
    pub fn of(request: &pb::LogoutEverywhereRequest, call: &Call) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::LogoutEverywhereRequest {
            request_id: _,
            user_id,
        } = request;
        let user_id = match call.user_id() {
            Some(caller) if user_id.is_empty() => caller.into(),
            _ => fields.id("user_id", user_id),
        };
        fields.finish()?;
        Ok(Self { user_id })
    }
}

pub struct RequestVerification {
    pub channel: Channel,
}

impl TryFrom<&pb::RequestVerificationRequest> for RequestVerification {
    type Error = Status;

    fn try_from(request: &pb::RequestVerificationRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::RequestVerificationRequest {
            request_id: _,
            channel,
        } = request;
        let channel = pb::VerificationChannel::try_from(*channel).ok();
        let channel = channel.and_then(wire::verification_channel_of);
        if channel.is_none() {
            let expected = "must be VERIFICATION_CHANNEL_EMAIL or VERIFICATION_CHANNEL_PHONE";
            fields.violation("channel", "CHANNEL", expected);
        }
        let channel = fields.finish_with(channel)?;
        Ok(Self { channel })
    }
}

pub struct VerifyEmail {
    /// Six digits.
    pub code: String,
}

impl TryFrom<&pb::VerifyEmailRequest> for VerifyEmail {
    type Error = Status;

    fn try_from(request: &pb::VerifyEmailRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::VerifyEmailRequest {
            request_id: _,
            code: typed,
        } = request;
        let code = code(&mut fields, typed);
        fields.finish()?;
        Ok(Self { code })
    }
}

pub struct VerifyPhone {
    /// Six digits.
    pub code: String,
}

impl TryFrom<&pb::VerifyPhoneRequest> for VerifyPhone {
    type Error = Status;

    fn try_from(request: &pb::VerifyPhoneRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::VerifyPhoneRequest {
            request_id: _,
            code: typed,
        } = request;
        let code = code(&mut fields, typed);
        fields.finish()?;
        Ok(Self { code })
    }
}

pub struct RequestPasswordReset {
    /// The address may be nobody's.
    pub email: EmailAddress,
}

impl TryFrom<&pb::RequestPasswordResetRequest> for RequestPasswordReset {
    type Error = Status;

    fn try_from(request: &pb::RequestPasswordResetRequest) -> Result<Self, Status> {
        let pb::RequestPasswordResetRequest { email } = request;
        let mut fields = Fields::new();
        let email = fields.check("email", "EMAIL", EmailAddress::parse(email));
        let email = fields.finish_with(email)?;
        Ok(Self { email })
    }
}

pub struct ResetPassword {
    /// The token as it was sent.
    pub token: String,
    pub password: Password,
}

impl TryFrom<&pb::ResetPasswordRequest> for ResetPassword {
    type Error = Status;

    fn try_from(request: &pb::ResetPasswordRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::ResetPasswordRequest {
            request_id: _,
            token: sent,
            new_password,
        } = request;
        let token = token(&mut fields, "token", sent);
        let password = chosen(&mut fields, new_password);
        let password = fields.finish_with(password)?;
        Ok(Self { token, password })
    }
}

pub struct ChangePassword {
    pub present: Password,
    pub new: Password,
}

impl TryFrom<&pb::ChangePasswordRequest> for ChangePassword {
    type Error = Status;

    fn try_from(request: &pb::ChangePasswordRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::ChangePasswordRequest {
            request_id: _,
            password,
            new_password,
        } = request;
        let present = offered(&mut fields, password);
        let new = chosen(&mut fields, new_password);
        let (present, new) = fields.finish_with(present.zip(new))?;
        Ok(Self { present, new })
    }
}

pub struct RequestEmailChange {
    pub email: EmailAddress,
    /// The present one.
    pub password: Password,
}

impl TryFrom<&pb::RequestEmailChangeRequest> for RequestEmailChange {
    type Error = Status;

    fn try_from(request: &pb::RequestEmailChangeRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::RequestEmailChangeRequest {
            request_id: _,
            email,
            password,
        } = request;
        let email = fields.check("email", "EMAIL", EmailAddress::parse(email));
        let password = offered(&mut fields, password);
        let (email, password) = fields.finish_with(email.zip(password))?;
        Ok(Self { email, password })
    }
}

pub struct ChangeEmail {
    /// Six digits.
    pub code: String,
}

impl TryFrom<&pb::ChangeEmailRequest> for ChangeEmail {
    type Error = Status;

    fn try_from(request: &pb::ChangeEmailRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::ChangeEmailRequest {
            request_id: _,
            code: typed,
        } = request;
        let code = code(&mut fields, typed);
        fields.finish()?;
        Ok(Self { code })
    }
}

/// A password that is offered as proof.
fn offered(fields: &mut Fields, text: &str) -> Option<Password> {
    let password = Password::offered(text);
    let password = password.map_err(|_| "must have 1 to 128 characters");
    fields.check("password", "LENGTH", password)
}

fn chosen(fields: &mut Fields, text: &str) -> Option<Password> {
    fields.check("new_password", "LENGTH", Password::chosen(text))
}

fn token(fields: &mut Fields, field: &str, text: &str) -> String {
    if text.is_empty() || text.len() > MAX_TOKEN_LENGTH {
        fields.violation(field, "TOKEN", "must be a token as it was given out");
    }
    text.to_owned()
}

/// Whoever types a code may leave blanks around and in it.
fn code(fields: &mut Fields, text: &str) -> String {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        fields.violation("code", "CODE", "must be six digits");
    }
    digits
}
