//! What happens to the proofs of who somebody is: logins, passwords, addresses, numbers.

use chrono::{DateTime, Utc};
use eventsourcing::personal::Personal;
use serde::{Deserialize, Serialize};
use strum::{EnumIter, IntoStaticStr};
use uuid::Uuid;

use super::{
    UserError, UserEvent,
    lifecycle::{Account, Decision},
};
use crate::domain::values::EmailAddress;

/// What a code allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Purpose {
    /// Shows that an address or a number is the user's.
    Verification,
    /// Lets another address take the place of the login address.
    EmailChange,
    /// Sets a new password.
    PasswordReset,
}

/// How a code is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumIter, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Channel {
    Email,
    /// By text message.
    Phone,
}

/// What can be asked about the proofs of who a user is.
#[derive(Clone, Debug)]
pub enum SecurityCommand {
    /// Records that a code was made, which replaces the last one of its kind.
    RequestVerification {
        verification_id: Uuid,
        /// Never `PasswordReset`, which has a command of its own.
        purpose: Purpose,
        channel: Channel,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    },
    /// Records that a code came back.
    Verify {
        verification_id: Uuid,
        channel: Channel,
        now: DateTime<Utc>,
    },
    /// Records that a reset token was made.
    RequestPasswordReset {
        verification_id: Uuid,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    },
    /// Records that a reset token has set a new password.
    ResetPassword { now: DateTime<Utc> },
    /// Records that the old password has set a new one.
    ChangePassword { now: DateTime<Utc> },
    /// Gives the account another login address; a code that was sent to it came back.
    ChangeEmail {
        verification_id: Uuid,
        email: Personal<EmailAddress>,
        /// The keyed fingerprint of the folded address.
        email_key: String,
        now: DateTime<Utc>,
    },
    /// Records that a login was ended.
    LogOut { login_id: Uuid, now: DateTime<Utc> },
    /// Records that all logins were ended.
    LogOutEverywhere { now: DateTime<Utc> },
    /// Records that a refresh token came a second time, and that its login was ended.
    ReportReuse { login_id: Uuid, now: DateTime<Utc> },
}

/// What has been proved of an account, and which proofs are under way.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Proofs {
    email_verified: bool,
    phone_verified: bool,
    has_phone: bool,
    /// The codes that were made last for the present address, number or change of address.
    email_code: Option<Uuid>,
    phone_code: Option<Uuid>,
    change_code: Option<Uuid>,
    /// The login that was ended last.
    ended_login: Option<Uuid>,
    /// The login that was ended last because of a reuse.
    reused_login: Option<Uuid>,
}

impl Proofs {
    pub(super) fn new(has_phone: bool) -> Self {
        Self {
            has_phone,
            ..Self::default()
        }
    }

    fn verified(&self, channel: Channel) -> bool {
        match channel {
            Channel::Email => self.email_verified,
            Channel::Phone => self.phone_verified,
        }
    }

    fn code(&self, purpose: Purpose, channel: Channel) -> Option<Uuid> {
        match (purpose, channel) {
            (Purpose::Verification, Channel::Email) => self.email_code,
            (Purpose::Verification, Channel::Phone) => self.phone_code,
            (Purpose::EmailChange, _) => self.change_code,
            (Purpose::PasswordReset, _) => None,
        }
    }

    fn require_code(
        &self,
        purpose: Purpose,
        channel: Channel,
        offered: Uuid,
    ) -> Result<(), UserError> {
        if self.code(purpose, channel) == Some(offered) {
            Ok(())
        } else {
            Err(UserError::CodeOutdated)
        }
    }

    pub(super) fn phone_changed(&mut self, has_phone: bool) {
        self.has_phone = has_phone;
        self.phone_verified = false;
        self.phone_code = None;
    }

    pub(super) fn apply(&mut self, event: &UserEvent) {
        match event {
            UserEvent::VerificationRequested {
                verification_id,
                purpose,
                channel,
                ..
            } => match (purpose, channel) {
                (Purpose::Verification, Channel::Email) => self.email_code = Some(*verification_id),
                (Purpose::Verification, Channel::Phone) => self.phone_code = Some(*verification_id),
                (Purpose::EmailChange, _) => self.change_code = Some(*verification_id),
                (Purpose::PasswordReset, _) => {}
            },
            UserEvent::EmailVerified { .. } => self.email_verified = true,
            UserEvent::PhoneVerified { .. } => self.phone_verified = true,
            UserEvent::EmailChanged { .. } => {
                self.email_verified = true;
                self.email_code = None;
                self.change_code = None;
            }
            UserEvent::LoggedOut { login_id, .. } => self.ended_login = Some(*login_id),
            UserEvent::RefreshTokenReused { login_id, .. } => self.reused_login = Some(*login_id),
            _ => {}
        }
    }
}

impl Account {
    pub(super) fn secure(&self, command: SecurityCommand) -> Decision {
        let user_id = self.user_id;
        let event = match command {
            SecurityCommand::RequestVerification {
                verification_id,
                purpose,
                channel,
                expires_at,
                now,
            } => {
                self.require_verifiable(purpose, channel)?;
                UserEvent::VerificationRequested {
                    user_id,
                    verification_id,
                    purpose,
                    channel,
                    expires_at,
                    requested_at: now,
                }
            }
            SecurityCommand::Verify {
                verification_id,
                channel,
                now,
            } => return self.verify(verification_id, channel, now),
            SecurityCommand::RequestPasswordReset {
                verification_id,
                expires_at,
                now,
            } => {
                self.require_active()?;
                UserEvent::PasswordResetRequested {
                    user_id,
                    verification_id,
                    expires_at,
                    requested_at: now,
                }
            }
            SecurityCommand::ResetPassword { now } => {
                self.require_active()?;
                UserEvent::PasswordReset {
                    user_id,
                    reset_at: now,
                }
            }
            SecurityCommand::ChangePassword { now } => {
                self.require_active()?;
                UserEvent::PasswordChanged {
                    user_id,
                    changed_at: now,
                }
            }
            SecurityCommand::ChangeEmail {
                verification_id,
                email,
                email_key,
                now,
            } => return self.change_email(verification_id, email, email_key, now),
            SecurityCommand::LogOut { login_id, now } => {
                self.require_known()?;
                if self.proofs.ended_login == Some(login_id) {
                    return Ok(Vec::new());
                }
                UserEvent::LoggedOut {
                    user_id,
                    login_id,
                    logged_out_at: now,
                }
            }
            SecurityCommand::LogOutEverywhere { now } => {
                self.require_known()?;
                UserEvent::LoggedOutEverywhere {
                    user_id,
                    logged_out_at: now,
                }
            }
            SecurityCommand::ReportReuse { login_id, now } => {
                self.require_known()?;
                if self.proofs.reused_login == Some(login_id) {
                    return Ok(Vec::new());
                }
                UserEvent::RefreshTokenReused {
                    user_id,
                    login_id,
                    detected_at: now,
                }
            }
        };
        Ok(vec![event])
    }

    fn require_verifiable(&self, purpose: Purpose, channel: Channel) -> Result<(), UserError> {
        self.require_active()?;
        if purpose != Purpose::Verification {
            return Ok(());
        }
        if channel == Channel::Phone && !self.proofs.has_phone {
            return Err(UserError::NoPhoneNumber);
        }
        if self.proofs.verified(channel) {
            return Err(UserError::AlreadyVerified);
        }
        Ok(())
    }

    /// A code that was sent to a replaced number proves nothing about the new one.
    fn verify(&self, verification_id: Uuid, channel: Channel, now: DateTime<Utc>) -> Decision {
        self.require_active()?;
        self.proofs
            .require_code(Purpose::Verification, channel, verification_id)?;
        if self.proofs.verified(channel) {
            return Ok(Vec::new());
        }
        let (user_id, verified_at) = (self.user_id, now);
        Ok(vec![match channel {
            Channel::Email => UserEvent::EmailVerified {
                user_id,
                verified_at,
            },
            Channel::Phone => UserEvent::PhoneVerified {
                user_id,
                verified_at,
            },
        }])
    }

    fn change_email(
        &self,
        verification_id: Uuid,
        email: Personal<EmailAddress>,
        email_key: String,
        now: DateTime<Utc>,
    ) -> Decision {
        self.require_active()?;
        if self.email_key == email_key {
            return Ok(Vec::new());
        }
        self.proofs
            .require_code(Purpose::EmailChange, Channel::Email, verification_id)?;
        Ok(vec![UserEvent::EmailChanged {
            user_id: self.user_id,
            email,
            email_key,
            former_email_key: self.email_key.clone(),
            changed_at: now,
        }])
    }
}
