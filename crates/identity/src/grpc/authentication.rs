mod parse;
mod reply;

use chrono::{DateTime, TimeDelta, Utc};
use contracts::identity::v1::authentication_service_server::AuthenticationService;
use contracts::identity::v1::{
    ChangeEmailRequest, ChangeEmailResponse, ChangePasswordRequest, ChangePasswordResponse,
    LoginRequest, LoginResponse, LogoutEverywhereRequest, LogoutEverywhereResponse, LogoutRequest,
    LogoutResponse, RefreshTokenRequest, RefreshTokenResponse, RequestEmailChangeRequest,
    RequestEmailChangeResponse, RequestPasswordResetRequest, RequestPasswordResetResponse,
    RequestVerificationRequest, RequestVerificationResponse, ResetPasswordRequest,
    ResetPasswordResponse, VerifyEmailRequest, VerifyEmailResponse, VerifyPhoneRequest,
    VerifyPhoneResponse,
};
use service::{Call, Operations, internal, now, recorded};
use tonic::{Request, Response, Status};

use self::parse::{
    ChangeEmail, ChangePassword, Login, Logout, LogoutEverywhere, RefreshToken, RequestEmailChange,
    RequestPasswordReset, RequestVerification, ResetPassword, VerifyEmail, VerifyPhone,
};
use super::secrets::WithoutSecrets as _;
use super::{caller, own_or_admin};
use crate::domain::user::Channel;
use crate::proofs::{Authentication, Entered, Entrant, Passwords};
use crate::resources::Resources;
use crate::signing::{AccessToken, AccessTokens};
use crate::{NAME, wire};

/// Logs users in and out, and lets them prove addresses, numbers and passwords.
pub struct AuthenticationRpcs {
    operations: Operations,
    authentication: Authentication,
    tokens: AccessTokens,
}

impl AuthenticationRpcs {
    pub fn on(resources: &Resources, passwords: Passwords) -> Self {
        let lifetime = TimeDelta::from_std(resources.settings.access_token_lifetime);
        let lifetime = lifetime.unwrap_or(TimeDelta::days(36_500));
        Self {
            operations: Operations::new(NAME),
            authentication: Authentication::new(resources, passwords),
            tokens: AccessTokens::new(resources.keys.clone(), lifetime),
        }
    }

    async fn access(&self, entered: &Entered, now: DateTime<Utc>) -> Result<AccessToken, Status> {
        let role = wire::role(entered.role);
        let login_id = entered.issued.login_id;
        let issued = self.tokens.issue(entered.user_id, role, login_id, now);
        issued.await.map_err(internal)
    }
}

/// An answer that says no more than that it is recorded.
fn done<T: Default>((): ()) -> T {
    T::default()
}

#[tonic::async_trait]
impl AuthenticationService for AuthenticationRpcs {
    /// A login is not repeated but made again.
    async fn login(
        &self,
        request: Request<LoginRequest>,
    ) -> Result<Response<LoginResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let Login { email, password } = Login::try_from(message)?;
        let entrant = Entrant {
            email,
            password,
            client_address: call.client_address,
            network: call.client_network(),
        };
        let (context, now) = (call.follow_up(), now());
        let logged_in = self.authentication.log_in(context, entrant, now).await?;
        let access = self.access(&logged_in.outcome, now).await?;
        let answer = reply::logged_in(logged_in.outcome, access);
        Ok(Response::new(recorded(NAME, logged_in.position, answer)))
    }

    async fn refresh_token(
        &self,
        request: Request<RefreshTokenRequest>,
    ) -> Result<Response<RefreshTokenResponse>, Status> {
        let RefreshToken { token } = RefreshToken::try_from(request.get_ref())?;
        let now = now();
        let entered = self.authentication.refresh(&token, now).await?;
        let access = self.access(&entered, now).await?;
        Ok(Response::new(reply::refreshed(entered, access)))
    }

    async fn logout(
        &self,
        request: Request<LogoutRequest>,
    ) -> Result<Response<LogoutResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let Logout { login_id } = Logout::of(message, &call)?;
        let (authentication, user_id) = (&self.authentication, caller(&call)?);
        let log_out = |context| authentication.log_out(context, user_id, login_id, now());
        self.operations.perform(&call, message, log_out, done).await
    }

    async fn logout_everywhere(
        &self,
        request: Request<LogoutEverywhereRequest>,
    ) -> Result<Response<LogoutEverywhereResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let LogoutEverywhere { user_id } = LogoutEverywhere::of(message, &call)?;
        own_or_admin(&call, user_id, "user")?;
        let authentication = &self.authentication;
        let log_out = |context| authentication.log_out_everywhere(context, user_id, now());
        self.operations.perform(&call, message, log_out, done).await
    }

    async fn request_verification(
        &self,
        request: Request<RequestVerificationRequest>,
    ) -> Result<Response<RequestVerificationResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let RequestVerification { channel } = RequestVerification::try_from(message)?;
        let (authentication, user_id) = (&self.authentication, caller(&call)?);
        let send = |context| authentication.request_verification(context, user_id, channel, now());
        self.operations
            .perform(&call, message, send, reply::verification_requested)
            .await
    }

    async fn verify_email(
        &self,
        request: Request<VerifyEmailRequest>,
    ) -> Result<Response<VerifyEmailResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let VerifyEmail { code } = VerifyEmail::try_from(message)?;
        let (authentication, user_id) = (&self.authentication, caller(&call)?);
        let verify =
            |context| authentication.verify(context, user_id, Channel::Email, &code, now());
        self.operations
            .perform(&call, &message.without_secrets(), verify, done)
            .await
    }

    async fn verify_phone(
        &self,
        request: Request<VerifyPhoneRequest>,
    ) -> Result<Response<VerifyPhoneResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let VerifyPhone { code } = VerifyPhone::try_from(message)?;
        let (authentication, user_id) = (&self.authentication, caller(&call)?);
        let verify =
            |context| authentication.verify(context, user_id, Channel::Phone, &code, now());
        self.operations
            .perform(&call, &message.without_secrets(), verify, done)
            .await
    }

    async fn request_password_reset(
        &self,
        request: Request<RequestPasswordResetRequest>,
    ) -> Result<Response<RequestPasswordResetResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let RequestPasswordReset { email } = RequestPasswordReset::try_from(message)?;
        let (context, network) = (call.follow_up(), call.client_network());
        self.authentication
            .request_reset(context, &email, &network, now())
            .await?;
        Ok(Response::new(RequestPasswordResetResponse {}))
    }

    async fn reset_password(
        &self,
        request: Request<ResetPasswordRequest>,
    ) -> Result<Response<ResetPasswordResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ResetPassword { token, password } = ResetPassword::try_from(message)?;
        let authentication = &self.authentication;
        let reset = |context| authentication.reset_password(context, &token, password, now());
        self.operations
            .perform(&call, &message.without_secrets(), reset, done)
            .await
    }

    async fn change_password(
        &self,
        request: Request<ChangePasswordRequest>,
    ) -> Result<Response<ChangePasswordResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ChangePassword { present, new } = ChangePassword::try_from(message)?;
        let (authentication, user_id) = (&self.authentication, caller(&call)?);
        let change = |context| {
            authentication.change_password(context, user_id, call.login_id, present, new, now())
        };
        self.operations
            .perform(&call, &message.without_secrets(), change, done)
            .await
    }

    async fn request_email_change(
        &self,
        request: Request<RequestEmailChangeRequest>,
    ) -> Result<Response<RequestEmailChangeResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let RequestEmailChange { email, password } = RequestEmailChange::try_from(message)?;
        let (authentication, user_id) = (&self.authentication, caller(&call)?);
        let send = |context| {
            authentication.request_email_change(context, user_id, &email, password, now())
        };
        let reply = reply::email_change_requested;
        self.operations
            .perform(&call, &message.without_secrets(), send, reply)
            .await
    }

    async fn change_email(
        &self,
        request: Request<ChangeEmailRequest>,
    ) -> Result<Response<ChangeEmailResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ChangeEmail { code } = ChangeEmail::try_from(message)?;
        let (authentication, user_id) = (&self.authentication, caller(&call)?);
        let change = |context| authentication.change_email(context, user_id, &code, now());
        self.operations
            .perform(&call, &message.without_secrets(), change, done)
            .await
    }
}
