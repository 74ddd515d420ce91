//! Passwords, codes and tokens are taken out of a request before its fingerprint is made: that is
//! stored in the log.

use std::mem::take;

use contracts::identity::v1::{
    ChangeEmailRequest, ChangePasswordRequest, LoginRequest, LogoutEverywhereRequest,
    LogoutRequest, RefreshTokenRequest, RequestEmailChangeRequest, RequestPasswordResetRequest,
    RequestVerificationRequest, ResetPasswordRequest, VerificationChannel, VerifyEmailRequest,
    VerifyPhoneRequest,
};
use eventsourcing::Context;
use service::{Call, Fields, context, not_found};
use tonic::Status;
use uuid::Uuid;

use super::own_or_admin;
use crate::{
    domain::{
        user::Channel,
        values::{EmailAddress, UserId},
    },
    proofs::{Entrant, Password},
};

/// Longer than any token of ours.
const MAX_TOKEN_LENGTH: usize = 256;

/// A login is not repeated but made again, so its context has no request id.
pub fn login(call: &Call, request: LoginRequest) -> Result<(Context, Entrant), Status> {
    let LoginRequest { email, password } = request;
    let mut fields = Fields::new();
    let email = fields.check("email", "EMAIL", EmailAddress::parse(&email));
    let password = offered(&mut fields, "password", password);
    let (email, password) = fields.finish_with(email.zip(password))?;
    let entrant = Entrant {
        email,
        password,
        client_address: call.client_address,
        network: call.client_network(),
    };
    Ok((unrepeated(call), entrant))
}

/// The token as it was sent.
pub fn refresh_token(request: RefreshTokenRequest) -> Result<String, Status> {
    let RefreshTokenRequest { refresh_token } = request;
    let mut fields = Fields::new();
    let refresh_token = token(&mut fields, "refresh_token", refresh_token);
    fields.finish()?;
    Ok(refresh_token)
}

/// The caller's login, or the one that is named.
pub fn logout(call: &Call, request: LogoutRequest) -> Result<(Context, UserId, Uuid), Status> {
    let covered = request.clone();
    let LogoutRequest {
        request_id: _,
        login_id,
    } = request;
    let mut fields = Fields::of(&covered);
    let login_id = match call.login_id {
        Some(present) if login_id.is_empty() => present,
        _ => fields.id("login_id", &login_id),
    };
    fields.finish()?;
    let context = context(call, &covered)?;
    Ok((context, caller(call)?, login_id))
}

/// The caller, or anybody when an admin calls.
pub fn logout_everywhere(
    call: &Call,
    request: LogoutEverywhereRequest,
) -> Result<(Context, UserId), Status> {
    let covered = request.clone();
    let LogoutEverywhereRequest {
        request_id: _,
        user_id,
    } = request;
    let mut fields = Fields::of(&covered);
    let user_id = match call.user_id() {
        Some(caller) if user_id.is_empty() => caller,
        _ => fields.id("user_id", &user_id),
    };
    fields.finish()?;
    own_or_admin(call, user_id, "user")?;
    Ok((context(call, &covered)?, user_id.into()))
}

/// What is to be verified.
pub fn request_verification(
    call: &Call,
    request: &RequestVerificationRequest,
) -> Result<(Context, UserId, Channel), Status> {
    let RequestVerificationRequest {
        request_id: _,
        channel,
    } = request;
    let mut fields = Fields::of(request);
    let channel = match VerificationChannel::try_from(*channel) {
        Ok(VerificationChannel::Email) => Some(Channel::Email),
        Ok(VerificationChannel::Phone) => Some(Channel::Phone),
        _ => {
            let description = "must be VERIFICATION_CHANNEL_EMAIL or VERIFICATION_CHANNEL_PHONE";
            fields.violation("channel", "CHANNEL", description);
            None
        }
    };
    let channel = fields.finish_with(channel)?;
    let context = context(call, request)?;
    Ok((context, caller(call)?, channel))
}

/// The code as it was typed.
pub fn verify_email(
    call: &Call,
    mut request: VerifyEmailRequest,
) -> Result<(Context, UserId, String), Status> {
    let secret = take(&mut request.code);
    let covered = request.clone();
    let VerifyEmailRequest {
        request_id: _,
        code: _,
    } = request;
    let mut fields = Fields::of(&covered);
    let code = code(&mut fields, &secret);
    fields.finish()?;
    let context = context(call, &covered)?;
    Ok((context, caller(call)?, code))
}

/// The code as it was typed.
pub fn verify_phone(
    call: &Call,
    mut request: VerifyPhoneRequest,
) -> Result<(Context, UserId, String), Status> {
    let secret = take(&mut request.code);
    let covered = request.clone();
    let VerifyPhoneRequest {
        request_id: _,
        code: _,
    } = request;
    let mut fields = Fields::of(&covered);
    let code = code(&mut fields, &secret);
    fields.finish()?;
    let context = context(call, &covered)?;
    Ok((context, caller(call)?, code))
}

/// The address, whoever has it.
pub fn request_password_reset(
    call: &Call,
    request: RequestPasswordResetRequest,
) -> Result<(Context, EmailAddress), Status> {
    let RequestPasswordResetRequest { email } = request;
    let mut fields = Fields::new();
    let email = fields.check("email", "EMAIL", EmailAddress::parse(&email));
    Ok((unrepeated(call), fields.finish_with(email)?))
}

/// The token as it was sent, and the new password.
pub fn reset_password(
    call: &Call,
    mut request: ResetPasswordRequest,
) -> Result<(Context, String, Password), Status> {
    let (sent, new) = (take(&mut request.token), take(&mut request.new_password));
    let covered = request.clone();
    let ResetPasswordRequest {
        request_id: _,
        token: _,
        new_password: _,
    } = request;
    let mut fields = Fields::of(&covered);
    let token = token(&mut fields, "token", sent);
    let password = fields.check("new_password", "LENGTH", Password::chosen(new));
    let password = fields.finish_with(password)?;
    Ok((context(call, &covered)?, token, password))
}

/// The present password and the new one.
pub fn change_password(
    call: &Call,
    mut request: ChangePasswordRequest,
) -> Result<(Context, UserId, Password, Password), Status> {
    let (present, new) = (take(&mut request.password), take(&mut request.new_password));
    let covered = request.clone();
    let ChangePasswordRequest {
        request_id: _,
        password: _,
        new_password: _,
    } = request;
    let mut fields = Fields::of(&covered);
    let present = offered(&mut fields, "password", present);
    let new = fields.check("new_password", "LENGTH", Password::chosen(new));
    let (present, new) = fields.finish_with(present.zip(new))?;
    let context = context(call, &covered)?;
    Ok((context, caller(call)?, present, new))
}

/// The new address and the present password.
pub fn request_email_change(
    call: &Call,
    mut request: RequestEmailChangeRequest,
) -> Result<(Context, UserId, EmailAddress, Password), Status> {
    let present = take(&mut request.password);
    let covered = request.clone();
    let RequestEmailChangeRequest {
        request_id: _,
        email,
        password: _,
    } = request;
    let mut fields = Fields::of(&covered);
    let email = fields.check("email", "EMAIL", EmailAddress::parse(&email));
    let password = offered(&mut fields, "password", present);
    let (email, password) = fields.finish_with(email.zip(password))?;
    let context = context(call, &covered)?;
    Ok((context, caller(call)?, email, password))
}

/// The code as it was typed.
pub fn change_email(
    call: &Call,
    mut request: ChangeEmailRequest,
) -> Result<(Context, UserId, String), Status> {
    let secret = take(&mut request.code);
    let covered = request.clone();
    let ChangeEmailRequest {
        request_id: _,
        code: _,
    } = request;
    let mut fields = Fields::of(&covered);
    let code = code(&mut fields, &secret);
    fields.finish()?;
    let context = context(call, &covered)?;
    Ok((context, caller(call)?, code))
}

fn unrepeated(call: &Call) -> Context {
    Context {
        correlation_id: call.correlation_id,
        causation_id: call.causation_id,
        trace_context: call.trace_context.clone(),
        ..Context::system()
    }
}

fn caller(call: &Call) -> Result<UserId, Status> {
    call.user_id()
        .map(UserId::from)
        .ok_or_else(|| not_found("user", "who calls"))
}

fn offered(fields: &mut Fields, field: &str, text: String) -> Option<Password> {
    let password = Password::offered(text).map_err(|_| "must have 1 to 128 characters");
    fields.check(field, "LENGTH", password)
}

fn token(fields: &mut Fields, field: &str, text: String) -> String {
    if text.is_empty() || text.len() > MAX_TOKEN_LENGTH {
        fields.violation(field, "TOKEN", "must be a token as it was given out");
    }
    text
}

/// Whoever types a code may leave blanks around and in it.
fn code(fields: &mut Fields, text: &str) -> String {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        fields.violation("code", "CODE", "must be six digits");
    }
    digits
}

#[cfg(test)]
mod tests {
    use service::Principal;

    use super::*;

    fn fingerprint(context: &Context) -> [u8; 32] {
        context.request.unwrap().fingerprint
    }

    fn call() -> Call {
        Call::by(Principal::User {
            id: Uuid::from_u128(1),
            role: contracts::common::v1::Role::Parent,
        })
    }

    fn request_id() -> String {
        Uuid::from_u128(2).to_string()
    }

    #[test]
    fn no_fingerprint_covers_a_code() {
        let of = |code: &str| {
            let request = VerifyEmailRequest {
                request_id: request_id(),
                code: code.to_owned(),
            };
            fingerprint(&verify_email(&call(), request).unwrap().0)
        };
        assert_eq!(of("123456"), of("654321"));
        let of = |code: &str| {
            let request = VerifyPhoneRequest {
                request_id: request_id(),
                code: code.to_owned(),
            };
            fingerprint(&verify_phone(&call(), request).unwrap().0)
        };
        assert_eq!(of("123456"), of("654321"));
        let of = |code: &str| {
            let request = ChangeEmailRequest {
                request_id: request_id(),
                code: code.to_owned(),
            };
            fingerprint(&change_email(&call(), request).unwrap().0)
        };
        assert_eq!(of("123456"), of(" 654 321 "));
    }

    #[test]
    fn no_fingerprint_covers_a_password_or_a_token() {
        let of = |token: &str, password: &str| {
            let request = ResetPasswordRequest {
                request_id: request_id(),
                token: token.to_owned(),
                new_password: password.to_owned(),
            };
            fingerprint(&reset_password(&call(), request).unwrap().0)
        };
        assert_eq!(
            of("one", "correct horse battery"),
            of("two", "incorrect horse battery")
        );
        let of = |password: &str| {
            let request = ChangePasswordRequest {
                request_id: request_id(),
                password: password.to_owned(),
                new_password: format!("another {password}"),
            };
            fingerprint(&change_password(&call(), request).unwrap().0)
        };
        assert_eq!(of("correct horse battery"), of("incorrect horse battery"));
        let of = |email: &str, password: &str| {
            let request = RequestEmailChangeRequest {
                request_id: request_id(),
                email: email.to_owned(),
                password: password.to_owned(),
            };
            fingerprint(&request_email_change(&call(), request).unwrap().0)
        };
        assert_eq!(of("a@example.com", "one"), of("a@example.com", "two"));
        assert_ne!(of("a@example.com", "one"), of("b@example.com", "one"));
    }
}
