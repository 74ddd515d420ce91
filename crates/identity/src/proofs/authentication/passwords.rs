use std::time::Duration;

use chrono::{DateTime, Utc};
use eventsourcing::{Context, ExecuteError};
use service::Recorded;
use tokio::time::Instant;
use uuid::Uuid;

use super::{AuthError, Authentication};
use crate::domain::user::SecurityCommand;
use crate::domain::values::{EmailAddress, UserId};
use crate::personal::email_key;
use crate::proofs::Password;
use crate::proofs::codes::CodeError;
use crate::proofs::logins::{EndReason, end_all};

/// A request for a reset token is answered after this time, whether the address is known or not.
const RESET_ANSWER: Duration = Duration::from_millis(250);

impl Authentication {
    /// Sends a reset token to the holder of an address, beside the answer: neither the answer nor
    /// its time reveals whether there is one.
    pub async fn request_reset(
        &self,
        context: Context,
        email: &EmailAddress,
        network: &str,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        let answer_at = Instant::now() + RESET_ANSWER;
        let key = email_key(&self.lookup, email);
        let tried = self.letters.on(&key, network);
        self.letters.count(&tried, now).await?;
        let this = self.clone();
        tokio::spawn(async move {
            match this.send_reset(context, &key, now).await {
                // A closed account gets no letter.
                Ok(()) | Err(AuthError::Command(ExecuteError::Refused(_))) => {}
                Err(error) => tracing::warn!(%error, "a reset token was not sent"),
            }
        });
        tokio::time::sleep_until(answer_at).await;
        Ok(())
    }

    /// Sets a new password by a reset token, ends all logins and deletes the failed attempts.
    pub async fn reset_password(
        &self,
        mut context: Context,
        token: &str,
        password: Password,
        now: DateTime<Utc>,
    ) -> Result<Recorded<()>, AuthError> {
        let request_id = context.request.ok_or(AuthError::Answer)?.id;
        // Nobody can make the service hash without a token.
        let looks_right = self.codes.peek_reset(token, request_id, now).await?;
        let (hash, key) = match looks_right {
            None => (None, None),
            Some(user_id) => {
                let user = self.active(user_id).await?;
                let hash = self.passwords.hash(password.clone()).await?;
                (Some(hash), user.email_key().map(str::to_owned))
            }
        };
        let mut transaction = eventsourcing::begin(&self.pool).await?;
        let proven = self
            .codes
            .prove_reset(&mut transaction, token, request_id, now)
            .await;
        if let Ok(proven) = &proven
            && !proven.repeated
        {
            // The token was stored after the look, and the next request will find it.
            let hash = hash.as_deref().ok_or(CodeError::Expired)?;
            let user_id = proven.user_id;
            self.credentials
                .replace(&mut transaction, user_id, hash)
                .await?;
            let reason = EndReason::PasswordReset;
            end_all(&mut transaction, user_id, None, reason, now).await?;
            let (account, user) = (key.unwrap_or_default(), user_id.to_string());
            self.login_attempts
                .forget(&mut transaction, &account)
                .await?;
            self.password_attempts
                .forget(&mut transaction, &user)
                .await?;
        }
        transaction.commit().await?;
        let proven = proven?;
        if proven.repeated {
            let stored = self.credentials.hash_of(proven.user_id).await?;
            if !self.passwords.verify(password, stored).await? {
                return Err(ExecuteError::RequestReused.into());
            }
        }
        context.actor = format!("user:{}", proven.user_id);
        let command = SecurityCommand::ResetPassword { now };
        self.record(proven.user_id, context, command).await
    }

    /// Sets a new password by the present one and ends all logins but the one to keep.
    pub async fn change_password(
        &self,
        context: Context,
        user_id: UserId,
        keep: Option<Uuid>,
        present: Password,
        new: Password,
        now: DateTime<Utc>,
    ) -> Result<Recorded<()>, AuthError> {
        self.active(user_id).await?;
        let tried = self.password_attempts.by(&user_id.to_string());
        self.password_attempts.check(&tried, now).await?;
        let stored = self.credentials.hash_of(user_id).await?;
        if self.passwords.verify(present, stored.clone()).await? {
            self.password_attempts.succeeded(&tried, Utc::now()).await?;
            let hash = self.passwords.hash(new).await?;
            let mut transaction = eventsourcing::begin(&self.pool).await?;
            let old = stored.as_deref().unwrap_or_default();
            let replaced = self
                .credentials
                .exchange(&mut transaction, user_id, old, &hash)
                .await?;
            if !replaced {
                return Err(AuthError::BadCredentials);
            }
            let reason = EndReason::PasswordChanged;
            end_all(&mut transaction, user_id, keep, reason, now).await?;
            transaction.commit().await?;
        } else if !self.passwords.verify(new, stored).await? {
            self.password_attempts.count(&tried, Utc::now()).await?;
            return Err(AuthError::BadCredentials);
        }
        // Here the new password is the present one, also when the request is repeated.
        let command = SecurityCommand::ChangePassword { now };
        self.record(user_id, context, command).await
    }

    /// Refuses a caller who does not know the password of the account they are logged in to.
    pub(super) async fn prove_password(
        &self,
        user_id: UserId,
        password: Password,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        let tried = self.password_attempts.by(&user_id.to_string());
        self.password_attempts.check(&tried, now).await?;
        let stored = self.credentials.hash_of(user_id).await?;
        if self.passwords.verify(password, stored).await? {
            self.password_attempts.succeeded(&tried, Utc::now()).await?;
            Ok(())
        } else {
            self.password_attempts.count(&tried, Utc::now()).await?;
            Err(AuthError::BadCredentials)
        }
    }
}
