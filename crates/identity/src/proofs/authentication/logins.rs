use chrono::{DateTime, Utc};
use eventsourcing::Context;
use service::Recorded;
use std::net::IpAddr;
use uuid::Uuid;

use super::{AuthError, Authentication};
use crate::domain::user::{EMAIL_SCOPE, LogIn, SecurityCommand, User, UserCommand};
use crate::domain::values::{EmailAddress, Role, UserId};
use crate::personal::email_key;
use crate::proofs::Password;
use crate::proofs::logins::{EndReason, Ended, Exchange, Issued, end_all};

/// Somebody who wants to log in, and from where.
pub struct Entrant {
    pub email: EmailAddress,
    pub password: Password,
    pub client_address: Option<IpAddr>,
    /// The network by which attempts are counted.
    pub network: String,
}

/// A user who has proved who they are.
pub struct Entered {
    pub user_id: UserId,
    pub role: Role,
    /// The login, with its refresh token.
    pub issued: Issued,
}

impl Authentication {
    /// Checks a password and records the login. The holder of the address is looked up in the
    /// claims, so that a user can log in as soon as the registration is answered. An unknown
    /// address takes the same steps as a wrong password.
    pub async fn log_in(
        &self,
        mut context: Context,
        entrant: Entrant,
        now: DateTime<Utc>,
    ) -> Result<Recorded<Entered>, AuthError> {
        let Entrant {
            email,
            password,
            client_address,
            network,
        } = entrant;
        let key = email_key(&self.lookup, &email);
        let tried = self.login_attempts.on(&key, &network);
        self.login_attempts.check(&tried, now).await?;
        let holder = self.log.claim_owner(EMAIL_SCOPE, &key).await?;
        let holder: Option<Uuid> = holder.and_then(|id| id.parse().ok());
        let user_id = UserId::from(holder.unwrap_or(Uuid::nil()));
        let stored = self.credentials.hash_of(user_id).await?;
        let matches = self.passwords.verify(password, stored).await?;
        // Hashing may have taken a while.
        let counted_at = Utc::now();
        if !matches {
            self.login_attempts.count(&tried, counted_at).await?;
            return Err(AuthError::BadCredentials);
        }
        self.login_attempts.succeeded(&tried, counted_at).await?;
        context.actor = format!("user:{user_id}");
        let reply = |user: &User, _: &[_]| user.role().map_or("", Role::as_str).into();
        let command = UserCommand::LogIn(LogIn { now });
        let committed = self
            .users
            .execute(&user_id.to_string(), context, command, reply)
            .await?;
        let role = std::str::from_utf8(&committed.reply)
            .ok()
            .and_then(|role| role.parse().ok());
        let sealed_address = match client_address {
            None => None,
            Some(address) => {
                let sealer = self.keyring.sealer(user_id.uuid()).await?;
                Some(sealer.seal(&address.to_string())?)
            }
        };
        let issued = self
            .logins
            .begin(Uuid::now_v7(), user_id, sealed_address, now)
            .await?;
        Ok(Recorded {
            outcome: Entered {
                user_id,
                role: role.ok_or(AuthError::Answer)?,
                issued,
            },
            position: committed.position,
        })
    }

    /// Exchanges a refresh token for the next one.
    pub async fn refresh(&self, token: &str, now: DateTime<Utc>) -> Result<Entered, AuthError> {
        match self.logins.exchange(token, now).await? {
            Exchange::Invalid => Err(AuthError::TokenInvalid),
            Exchange::Reused {
                user_id,
                login_id,
                unreported,
            } => {
                if unreported {
                    self.report_reuse(user_id, login_id, now).await?;
                }
                Err(AuthError::TokenReused)
            }
            Exchange::Next { user_id, issued } => {
                let user = match self.active(user_id).await {
                    Ok(user) => user,
                    Err(refusal @ AuthError::Command(_)) => {
                        let login_id = issued.login_id;
                        self.logins
                            .end(user_id, login_id, EndReason::Closed, now)
                            .await?;
                        return Err(refusal);
                    }
                    Err(failure) => return Err(failure),
                };
                Ok(Entered {
                    user_id,
                    role: user.role().ok_or(AuthError::Answer)?,
                    issued,
                })
            }
        }
    }

    async fn report_reuse(
        &self,
        user_id: UserId,
        login_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        tracing::warn!(user.id = %user_id, login.id = %login_id, "a refresh token was used twice: its login was ended");
        let command = SecurityCommand::ReportReuse { login_id, now };
        let reported = self.record(user_id, Context::system(), command).await;
        match reported {
            // Nothing more is recorded of an erased user.
            Ok(_) | Err(AuthError::Command(eventsourcing::ExecuteError::Refused(_))) => {
                Ok(self.logins.note_report(login_id, now).await?)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Ends a login of a user.
    pub async fn log_out(
        &self,
        context: Context,
        user_id: UserId,
        login_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Recorded<()>, AuthError> {
        let ended = self
            .logins
            .end(user_id, login_id, EndReason::LoggedOut, now)
            .await?;
        if ended == Ended::NotFound {
            return Err(AuthError::NotFound(login_id));
        }
        let command = SecurityCommand::LogOut { login_id, now };
        self.record(user_id, context, command).await
    }

    /// Ends all logins of a user.
    pub async fn log_out_everywhere(
        &self,
        context: Context,
        user_id: UserId,
        now: DateTime<Utc>,
    ) -> Result<Recorded<()>, AuthError> {
        let mut connection = self.pool.acquire().await?;
        let reason = EndReason::LoggedOutEverywhere;
        end_all(&mut connection, user_id, None, reason, now).await?;
        drop(connection);
        let command = SecurityCommand::LogOutEverywhere { now };
        self.record(user_id, context, command).await
    }
}
