use chrono::{DateTime, Utc};
use contracts::identity::v1::{
    ChangeEmailRequest, ChangeEmailResponse, ChangePasswordRequest, ChangePasswordResponse,
    LoginRequest, LoginResponse, LogoutEverywhereRequest, LogoutEverywhereResponse, LogoutRequest,
    LogoutResponse, RefreshTokenRequest, RefreshTokenResponse, RequestEmailChangeRequest,
    RequestEmailChangeResponse, RequestPasswordResetRequest, RequestPasswordResetResponse,
    RequestVerificationRequest, RequestVerificationResponse, ResetPasswordRequest,
    ResetPasswordResponse, VerifyEmailRequest, VerifyEmailResponse, VerifyPhoneRequest,
    VerifyPhoneResponse, authentication_service_server::AuthenticationService,
};
use contracts::wire::timestamp;
use service::{Call, internal};
use tonic::{Request, Response, Status};

use super::parse::auth;
use crate::{
    domain::user::Channel,
    proofs::{Authentication, Entered},
    signing::{AccessToken, AccessTokens},
    wire::{self, position},
};

pub struct AuthRpcs {
    pub(super) authentication: Authentication,
    pub(super) tokens: AccessTokens,
}

impl AuthRpcs {
    async fn access(&self, entered: &Entered, now: DateTime<Utc>) -> Result<AccessToken, Status> {
        let role = wire::role(entered.role);
        let login_id = entered.issued.login_id;
        let issued = self.tokens.issue(entered.user_id, role, login_id, now);
        issued.await.map_err(internal)
    }
}

#[tonic::async_trait]
impl AuthenticationService for AuthRpcs {
    async fn login(
        &self,
        request: Request<LoginRequest>,
    ) -> Result<Response<LoginResponse>, Status> {
        let call = Call::of(&request);
        let (context, entrant) = auth::login(&call, request.into_inner())?;
        let now = service::now();
        let entered = self.authentication.log_in(context, entrant, now).await?;
        let access = self.access(&entered, now).await?;
        let Entered {
            user_id,
            role,
            issued,
            position: recorded_at,
        } = entered;
        Ok(Response::new(LoginResponse {
            user_id: user_id.to_string(),
            role: wire::role(role).into(),
            access_token: access.token,
            expires_at: Some(timestamp(access.expires_at)),
            position: recorded_at.map(position),
            refresh_token: issued.refresh_token,
            refresh_token_expires_at: Some(timestamp(issued.expires_at)),
            login_id: issued.login_id.to_string(),
        }))
    }

    async fn refresh_token(
        &self,
        request: Request<RefreshTokenRequest>,
    ) -> Result<Response<RefreshTokenResponse>, Status> {
        let token = auth::refresh_token(request.into_inner())?;
        let now = service::now();
        let entered = self.authentication.refresh(&token, now).await?;
        let access = self.access(&entered, now).await?;
        let Entered {
            user_id,
            role,
            issued,
            position: _,
        } = entered;
        Ok(Response::new(RefreshTokenResponse {
            user_id: user_id.to_string(),
            role: wire::role(role).into(),
            access_token: access.token,
            expires_at: Some(timestamp(access.expires_at)),
            refresh_token: issued.refresh_token,
            refresh_token_expires_at: Some(timestamp(issued.expires_at)),
            login_id: issued.login_id.to_string(),
        }))
    }

    async fn logout(
        &self,
        request: Request<LogoutRequest>,
    ) -> Result<Response<LogoutResponse>, Status> {
        let call = Call::of(&request);
        let (context, user_id, login_id) = auth::logout(&call, request.into_inner())?;
        let ended = self
            .authentication
            .log_out(context, user_id, login_id, service::now())
            .await?;
        Ok(Response::new(LogoutResponse {
            position: Some(position(ended)),
        }))
    }

    async fn logout_everywhere(
        &self,
        request: Request<LogoutEverywhereRequest>,
    ) -> Result<Response<LogoutEverywhereResponse>, Status> {
        let call = Call::of(&request);
        let (context, user_id) = auth::logout_everywhere(&call, request.into_inner())?;
        let ended = self
            .authentication
            .log_out_everywhere(context, user_id, service::now())
            .await?;
        Ok(Response::new(LogoutEverywhereResponse {
            position: Some(position(ended)),
        }))
    }

    async fn request_verification(
        &self,
        request: Request<RequestVerificationRequest>,
    ) -> Result<Response<RequestVerificationResponse>, Status> {
        let call = Call::of(&request);
        let (context, user_id, channel) = auth::request_verification(&call, request.get_ref())?;
        let sent = self
            .authentication
            .request_verification(context, user_id, channel, service::now())
            .await?;
        Ok(Response::new(RequestVerificationResponse {
            expires_at: Some(timestamp(sent.expires_at)),
            position: Some(position(sent.position)),
        }))
    }

    async fn verify_email(
        &self,
        request: Request<VerifyEmailRequest>,
    ) -> Result<Response<VerifyEmailResponse>, Status> {
        let call = Call::of(&request);
        let (context, user_id, code) = auth::verify_email(&call, request.into_inner())?;
        let verified = self
            .authentication
            .verify(context, user_id, Channel::Email, &code, service::now())
            .await?;
        Ok(Response::new(VerifyEmailResponse {
            position: Some(position(verified)),
        }))
    }

    async fn verify_phone(
        &self,
        request: Request<VerifyPhoneRequest>,
    ) -> Result<Response<VerifyPhoneResponse>, Status> {
        let call = Call::of(&request);
        let (context, user_id, code) = auth::verify_phone(&call, request.into_inner())?;
        let verified = self
            .authentication
            .verify(context, user_id, Channel::Phone, &code, service::now())
            .await?;
        Ok(Response::new(VerifyPhoneResponse {
            position: Some(position(verified)),
        }))
    }

    async fn request_password_reset(
        &self,
        request: Request<RequestPasswordResetRequest>,
    ) -> Result<Response<RequestPasswordResetResponse>, Status> {
        let call = Call::of(&request);
        let (context, email) = auth::request_password_reset(&call, request.into_inner())?;
        self.authentication
            .request_reset(context, &email, &call.client_network(), service::now())
            .await?;
        Ok(Response::new(RequestPasswordResetResponse {}))
    }

    async fn reset_password(
        &self,
        request: Request<ResetPasswordRequest>,
    ) -> Result<Response<ResetPasswordResponse>, Status> {
        let call = Call::of(&request);
        let (context, token, password) = auth::reset_password(&call, request.into_inner())?;
        let reset = self
            .authentication
            .reset_password(context, &token, password, service::now())
            .await?;
        Ok(Response::new(ResetPasswordResponse {
            position: Some(position(reset)),
        }))
    }

    async fn change_password(
        &self,
        request: Request<ChangePasswordRequest>,
    ) -> Result<Response<ChangePasswordResponse>, Status> {
        let call = Call::of(&request);
        let (context, user_id, present, new) = auth::change_password(&call, request.into_inner())?;
        let changed = self
            .authentication
            .change_password(
                context,
                user_id,
                call.login_id,
                present,
                new,
                service::now(),
            )
            .await?;
        Ok(Response::new(ChangePasswordResponse {
            position: Some(position(changed)),
        }))
    }

    async fn request_email_change(
        &self,
        request: Request<RequestEmailChangeRequest>,
    ) -> Result<Response<RequestEmailChangeResponse>, Status> {
        let call = Call::of(&request);
        let (context, user_id, email, password) =
            auth::request_email_change(&call, request.into_inner())?;
        let sent = self
            .authentication
            .request_email_change(context, user_id, &email, password, service::now())
            .await?;
        Ok(Response::new(RequestEmailChangeResponse {
            expires_at: Some(timestamp(sent.expires_at)),
            position: Some(position(sent.position)),
        }))
    }

    async fn change_email(
        &self,
        request: Request<ChangeEmailRequest>,
    ) -> Result<Response<ChangeEmailResponse>, Status> {
        let call = Call::of(&request);
        let (context, user_id, code) = auth::change_email(&call, request.into_inner())?;
        let changed = self
            .authentication
            .change_email(context, user_id, &code, service::now())
            .await?;
        Ok(Response::new(ChangeEmailResponse {
            position: Some(position(changed)),
        }))
    }
}
