//! What people do with their accounts, from the first mail on.

use contracts::{
    common::v1::Role,
    identity::v1::{
        ChangeEmailRequest, GetUserRequest, LoginRequest, LoginResponse, RefreshTokenRequest,
        RefreshTokenResponse, RequestEmailChangeRequest, RequestPasswordResetRequest,
        RequestVerificationRequest, ResetPasswordRequest, User, VerificationChannel,
        VerifyEmailRequest, authentication_service_client::AuthenticationServiceClient,
        user_service_client::UserServiceClient,
    },
};
use tonic::{Code, Status, transport::Channel};

use e2e::{
    mailbox,
    people::{self, PASSWORD, id, reason},
    replay,
    shared::SharedSystem,
    system::{System, eventually},
};

const NEW_PASSWORD: &str = "another horse battery staple";

/// Somebody who proves who they are.
struct Account<'a> {
    system: &'a System,
    authentication: AuthenticationServiceClient<Channel>,
    user: people::User,
}

impl<'a> Account<'a> {
    async fn open(system: &'a System) -> Self {
        Self {
            system,
            authentication: AuthenticationServiceClient::new(system.channel("identity")),
            user: people::register(system, Role::Parent).await,
        }
    }

    async fn login(&mut self, email: &str, password: &str) -> Result<LoginResponse, Status> {
        let request = LoginRequest {
            email: email.to_owned(),
            password: password.to_owned(),
        };
        Ok(self.authentication.login(request).await?.into_inner())
    }

    async fn refresh(&mut self, token: &str) -> Result<RefreshTokenResponse, Status> {
        let request = RefreshTokenRequest {
            refresh_token: token.to_owned(),
        };
        Ok(self
            .authentication
            .refresh_token(request)
            .await?
            .into_inner())
    }

    /// Waits until they see their account so.
    async fn becomes(&self, what: &str, is: impl Fn(&User) -> bool) {
        eventually(what, || async {
            let request = GetUserRequest {
                user_id: self.user.id.clone(),
                min_position: None,
            };
            let mut users = UserServiceClient::new(self.system.channel("identity"));
            let answer = users.get_user(self.user.says(request)).await.ok()?;
            answer.into_inner().user.filter(|user| is(user))
        })
        .await;
    }

    async fn verifies_their_address(&mut self) {
        let request = RequestVerificationRequest {
            request_id: id(),
            channel: VerificationChannel::Email.into(),
        };
        let asked = self
            .authentication
            .request_verification(self.user.says(request))
            .await;
        asked.expect("a code is sent");
        let code = mailbox::code(self.system, "verify-email", &self.user.email).await;
        let wrong = VerifyEmailRequest {
            request_id: id(),
            code: if code == "000000" { "111111" } else { "000000" }.to_owned(),
        };
        let wrong = self
            .authentication
            .verify_email(self.user.says(wrong))
            .await
            .expect_err("it is refused");
        assert_eq!(reason(&wrong), "CODE_WRONG");
        let right = VerifyEmailRequest {
            request_id: id(),
            code,
        };
        let verified = self
            .authentication
            .verify_email(self.user.says(right))
            .await;
        verified.expect("the code is right");
        self.becomes("the address is verified", |user| user.email_verified)
            .await;
    }

    async fn continues_until_a_token_comes_twice(&mut self) {
        let email = self.user.email.clone();
        let login = self.login(&email, PASSWORD).await.expect("a login");
        let second = self
            .refresh(&login.refresh_token)
            .await
            .expect("the next token");
        let third = self
            .refresh(&second.refresh_token)
            .await
            .expect("the one after it");
        assert_eq!(third.login_id, login.login_id);
        let twice = self
            .refresh(&login.refresh_token)
            .await
            .expect_err("it is refused");
        assert_eq!(
            (twice.code(), reason(&twice).as_str()),
            (Code::Unauthenticated, "REFRESH_TOKEN_REUSED")
        );
        let ended = self
            .refresh(&third.refresh_token)
            .await
            .expect_err("it is refused");
        assert_eq!(
            ended.code(),
            Code::Unauthenticated,
            "the login has not ended"
        );
        mailbox::message(self.system, "refresh-token-reused", &email).await;
    }

    async fn forgets_their_password(&mut self) {
        let email = self.user.email.clone();
        let login = self.login(&email, PASSWORD).await.expect("a login");
        let request = RequestPasswordResetRequest {
            email: email.to_uppercase(),
        };
        self.authentication
            .request_password_reset(request)
            .await
            .expect("a token is sent");
        let request = ResetPasswordRequest {
            request_id: id(),
            token: mailbox::code(self.system, "reset-password", &email).await,
            new_password: NEW_PASSWORD.to_owned(),
        };
        self.authentication
            .reset_password(request.clone())
            .await
            .expect("a new password");
        let again = ResetPasswordRequest {
            request_id: id(),
            ..request
        };
        let again = self
            .authentication
            .reset_password(again)
            .await
            .expect_err("it is refused");
        assert_eq!(
            again.code(),
            Code::FailedPrecondition,
            "a token was good twice"
        );
        let old = self
            .login(&email, PASSWORD)
            .await
            .expect_err("it is refused");
        assert_eq!(reason(&old), "BAD_CREDENTIALS");
        let ended = self
            .refresh(&login.refresh_token)
            .await
            .expect_err("it is refused");
        assert_eq!(
            ended.code(),
            Code::Unauthenticated,
            "a login outlived the reset"
        );
        self.login(&email, NEW_PASSWORD)
            .await
            .expect("the new password");
        mailbox::message(self.system, "password-changed", &email).await;
    }

    async fn changes_their_address(&mut self) {
        let (old, new) = (self.user.email.clone(), people::address());
        let request = RequestEmailChangeRequest {
            request_id: id(),
            email: new.clone(),
            password: NEW_PASSWORD.to_owned(),
        };
        let asked = self
            .authentication
            .request_email_change(self.user.says(request))
            .await;
        asked.expect("a code is sent to the new address");
        self.login(&old, NEW_PASSWORD)
            .await
            .expect("the old address until then");
        let request = ChangeEmailRequest {
            request_id: id(),
            code: mailbox::code(self.system, "confirm-new-email", &new).await,
        };
        let changed = self
            .authentication
            .change_email(self.user.says(request))
            .await;
        changed.expect("the new address is theirs");
        self.becomes("the new address", |user| {
            user.email == new && user.email_verified
        })
        .await;
        let gone = self
            .login(&old, NEW_PASSWORD)
            .await
            .expect_err("it is refused");
        assert_eq!(reason(&gone), "BAD_CREDENTIALS");
        self.login(&new, NEW_PASSWORD)
            .await
            .expect("the new address");
        mailbox::message(self.system, "email-changed", &old).await;
    }
}

#[tokio::test]
async fn an_account_is_verified_continued_recovered_and_moved_to_another_address() {
    let system = SharedSystem::usual().await;
    let mut account = Account::open(&system).await;
    mailbox::message(&system, "welcome", &account.user.email).await;
    account.verifies_their_address().await;
    account.continues_until_a_token_comes_twice().await;
    account.forgets_their_password().await;
    account.changes_their_address().await;
    replay::is_the_same(&system).await;
}
