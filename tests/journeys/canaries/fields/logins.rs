//! Passwords, codes and tokens.

use contracts::identity::v1::{
    ChangeEmailRequest, ChangePasswordRequest, LoginRequest, RefreshTokenRequest,
    RequestEmailChangeRequest, RequestPasswordResetRequest, RequestVerificationRequest,
    ResetPasswordRequest, VerificationChannel, VerifyEmailRequest, VerifyPhoneRequest,
    authentication_service_client::AuthenticationServiceClient,
};
use e2e::{
    mailbox,
    people::{User, id},
};
use tonic::transport::Channel;

use super::Story;

impl Story<'_> {
    pub(super) async fn logins(&mut self, user: &User, password: &str) {
        let c = self.canaries;
        let mut authentication = AuthenticationServiceClient::new(self.system.channel("identity"));
        let login = LoginRequest {
            email: user.email.clone(),
            password: password.to_owned(),
        };
        let login = authentication.login(self.says(None, login)).await;
        let login = login.expect("a login").into_inner();
        c.token("LoginResponse.access_token", &login.access_token);
        c.token("LoginResponse.refresh_token", &login.refresh_token);
        let next = RefreshTokenRequest {
            refresh_token: login.refresh_token,
        };
        let next = authentication.refresh_token(self.says(None, next)).await;
        let next = next.expect("the next token").into_inner();
        c.token("RefreshTokenResponse.access_token", &next.access_token);
        c.token("RefreshTokenResponse.refresh_token", &next.refresh_token);
        self.bad_logins(&mut authentication).await;
        self.bad_codes(user, &mut authentication).await;
        let password = self.new_password(user, password, &mut authentication).await;
        self.new_address(user, &password, &mut authentication).await;
    }

    async fn bad_logins(&mut self, authentication: &mut AuthenticationServiceClient<Channel>) {
        let c = self.canaries;
        let unknown = LoginRequest {
            email: format!("{}@example.org", c.secret("Login.email, unknown")),
            password: c.secret("Login.password, unknown"),
        };
        self.refused(authentication.login(self.says(None, unknown)).await);
        let bad = LoginRequest {
            email: c.bad("Login.email, bad"),
            password: c.bad("Login.password, long").repeat(20),
        };
        self.refused(authentication.login(self.says(None, bad)).await);
        let nobodys = RefreshTokenRequest {
            refresh_token: c.secret("RefreshToken.refresh_token, nobody's"),
        };
        self.refused(authentication.refresh_token(self.says(None, nobodys)).await);
        let unknown = RequestPasswordResetRequest {
            email: format!(
                "{}@example.org",
                c.secret("RequestPasswordReset.email, unknown")
            ),
        };
        let answer = authentication
            .request_password_reset(self.says(None, unknown))
            .await;
        answer.expect("the same answer as for a known one");
        let bad = RequestPasswordResetRequest {
            email: c.bad("RequestPasswordReset.email, bad"),
        };
        self.refused(
            authentication
                .request_password_reset(self.says(None, bad))
                .await,
        );
        let nobodys = ResetPasswordRequest {
            request_id: id(),
            token: c.secret("ResetPassword.token, nobody's"),
            new_password: c.secret("ResetPassword.new_password, refused"),
        };
        self.refused(
            authentication
                .reset_password(self.says(None, nobodys))
                .await,
        );
    }

    async fn bad_codes(
        &mut self,
        user: &User,
        authentication: &mut AuthenticationServiceClient<Channel>,
    ) {
        let c = self.canaries;
        for channel in [VerificationChannel::Email, VerificationChannel::Phone] {
            let request = RequestVerificationRequest {
                request_id: id(),
                channel: channel.into(),
            };
            let asked = authentication
                .request_verification(self.says(Some(user), request))
                .await;
            asked.expect("a code is sent");
        }
        let bad = VerifyEmailRequest {
            request_id: c.bad("VerifyEmail.request_id, bad"),
            code: c.bad("VerifyEmail.code, bad"),
        };
        self.refused(
            authentication
                .verify_email(self.says(Some(user), bad))
                .await,
        );
        let bad = VerifyPhoneRequest {
            request_id: c.bad("VerifyPhone.request_id, bad"),
            code: c.bad("VerifyPhone.code, bad"),
        };
        self.refused(
            authentication
                .verify_phone(self.says(Some(user), bad))
                .await,
        );
        let wrong = ChangePasswordRequest {
            request_id: id(),
            password: c.secret("ChangePassword.password, wrong"),
            new_password: c.secret("ChangePassword.new_password, refused"),
        };
        self.refused(
            authentication
                .change_password(self.says(Some(user), wrong))
                .await,
        );
        let bad = RequestEmailChangeRequest {
            request_id: id(),
            email: c.bad("RequestEmailChange.email, bad"),
            password: c.secret("RequestEmailChange.password, wrong"),
        };
        self.refused(
            authentication
                .request_email_change(self.says(Some(user), bad))
                .await,
        );
    }

    /// Twice another password; gives the last one.
    async fn new_password(
        &mut self,
        user: &User,
        password: &str,
        authentication: &mut AuthenticationServiceClient<Channel>,
    ) -> String {
        let c = self.canaries;
        let changed = ChangePasswordRequest {
            request_id: id(),
            password: password.to_owned(),
            new_password: c.secret("ChangePassword.new_password"),
        };
        let changed = authentication
            .change_password(self.says(Some(user), changed))
            .await;
        changed.expect("another password");
        let reset = RequestPasswordResetRequest {
            email: user.email.clone(),
        };
        let asked = authentication
            .request_password_reset(self.says(None, reset))
            .await;
        asked.expect("a token is sent");
        let token = mailbox::code(self.system, "reset-password", &user.email).await;
        c.token("ResetPassword.token", &token);
        let new_password = c.secret("ResetPassword.new_password");
        let reset = ResetPasswordRequest {
            request_id: id(),
            token,
            new_password: new_password.clone(),
        };
        let reset = authentication.reset_password(self.says(None, reset)).await;
        reset.expect("another password");
        new_password
    }

    async fn new_address(
        &mut self,
        user: &User,
        password: &str,
        authentication: &mut AuthenticationServiceClient<Channel>,
    ) {
        let c = self.canaries;
        let email = c.secret_email("RequestEmailChange.email");
        let request = RequestEmailChangeRequest {
            request_id: id(),
            email: email.clone(),
            password: password.to_owned(),
        };
        let asked = authentication
            .request_email_change(self.says(Some(user), request))
            .await;
        asked.expect("a code is sent");
        let request = ChangeEmailRequest {
            request_id: id(),
            code: mailbox::code(self.system, "confirm-new-email", &email).await,
        };
        let changed = authentication
            .change_email(self.says(Some(user), request))
            .await;
        changed.expect("another address");
    }
}
