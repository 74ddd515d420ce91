use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use eventsourcing::{Claim, ClaimChange, ClaimingEvent, personal::Personal};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use uuid::Uuid;

use super::{Channel, Purpose};
use crate::domain::values::{EmailAddress, PhoneNumber, Role, UserId};

/// Scope of the claim that makes an email address unique. Its keys are keyed fingerprints of
/// folded addresses.
pub const EMAIL_SCOPE: &str = "user.email";

/// Scope of the claims that say who the active admins are. Its keys are their ids.
pub const ADMIN_SCOPE: &str = "user.active-admin";

/// Scope of the claims that number the departures of admins, from 1. Whoever leaves takes the
/// next number, so of two who leave at once one has to look again whether anybody stays.
pub const DEPARTURE_SCOPE: &str = "user.admin-departure";

/// What has happened to an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, IntoStaticStr)]
pub enum UserEvent {
    /// It was opened.
    UserRegistered {
        /// The user.
        user_id: UserId,
        /// What the user may do.
        role: Role,
        /// Login address as it was written.
        email: Personal<EmailAddress>,
        /// Keyed fingerprint of the folded address.
        email_key: String,
        /// First name.
        first_name: Personal<String>,
        /// Last name.
        last_name: Personal<String>,
        /// Telephone number, if one was given.
        phone_number: Option<Personal<PhoneNumber>>,
        /// When.
        registered_at: DateTime<Utc>,
    },
    /// Its holder proved who she is.
    UserLoggedIn {
        /// The user.
        user_id: UserId,
        /// When.
        logged_in_at: DateTime<Utc>,
    },
    /// What is known of its holder changed.
    UserUpdated {
        /// The user.
        user_id: UserId,
        /// First name from now on, if it was given.
        first_name: Option<Personal<String>>,
        /// Last name from now on, if it was given.
        last_name: Option<Personal<String>>,
        /// What became of the telephone number, if anything.
        phone_number: Option<PhoneChange>,
        /// When.
        updated_at: DateTime<Utc>,
    },
    /// Its holder may do something else from now on.
    UserRoleChanged {
        /// The user.
        user_id: UserId,
        /// What the user may do from now on.
        role: Role,
        /// Number of the departure, when an active admin left.
        departure: Option<u64>,
        /// Whether the account was active.
        active: bool,
        /// When.
        changed_at: DateTime<Utc>,
    },
    /// It was closed for the time being.
    UserDeactivated {
        /// The user.
        user_id: UserId,
        /// The role of the account.
        role: Role,
        /// Number of the departure, when an active admin left.
        departure: Option<u64>,
        /// When.
        deactivated_at: DateTime<Utc>,
    },
    /// It was opened again.
    UserReactivated {
        /// The user.
        user_id: UserId,
        /// The role of the account.
        role: Role,
        /// When.
        reactivated_at: DateTime<Utc>,
    },
    /// Nothing personal of its holder is to be read any more.
    UserErased {
        /// The user.
        user_id: UserId,
        /// The role that the account had.
        role: Role,
        /// Whether it was open until then.
        was_active: bool,
        /// Keyed fingerprint of the folded address, which is free from now on.
        email_key: String,
        /// Number of the departure, when an active admin left.
        departure: Option<u64>,
        /// When.
        erased_at: DateTime<Utc>,
    },
    /// A code was made and is being sent. It takes the place of the last of its kind.
    VerificationRequested {
        /// The user.
        user_id: UserId,
        /// The code.
        verification_id: Uuid,
        /// What it allows.
        purpose: Purpose,
        /// How it is sent.
        channel: Channel,
        /// When it is good no more.
        expires_at: DateTime<Utc>,
        /// When.
        requested_at: DateTime<Utc>,
    },
    /// A code that was sent to the login address came back.
    EmailVerified {
        /// The user.
        user_id: UserId,
        /// When.
        verified_at: DateTime<Utc>,
    },
    /// A code that was sent to the telephone number came back.
    PhoneVerified {
        /// The user.
        user_id: UserId,
        /// When.
        verified_at: DateTime<Utc>,
    },
    /// A reset token was made and is being sent to the login address.
    PasswordResetRequested {
        /// The user.
        user_id: UserId,
        /// The token.
        verification_id: Uuid,
        /// When it is good no more.
        expires_at: DateTime<Utc>,
        /// When.
        requested_at: DateTime<Utc>,
    },
    /// A reset token has set a new password. All logins have ended.
    PasswordReset {
        /// The user.
        user_id: UserId,
        /// When.
        reset_at: DateTime<Utc>,
    },
    /// The old password has set a new one. All other logins have ended.
    PasswordChanged {
        /// The user.
        user_id: UserId,
        /// When.
        changed_at: DateTime<Utc>,
    },
    /// Another login address took the place of the old one; a code sent to it came back.
    EmailChanged {
        /// The user.
        user_id: UserId,
        /// Login address from now on.
        email: Personal<EmailAddress>,
        /// Keyed fingerprint of the folded address.
        email_key: String,
        /// The same of the old address, which is free from now on.
        former_email_key: String,
        /// When.
        changed_at: DateTime<Utc>,
    },
    /// A login was ended.
    LoggedOut {
        /// The user.
        user_id: UserId,
        /// The login.
        login_id: Uuid,
        /// When.
        logged_out_at: DateTime<Utc>,
    },
    /// All logins were ended.
    LoggedOutEverywhere {
        /// The user.
        user_id: UserId,
        /// When.
        logged_out_at: DateTime<Utc>,
    },
    /// A refresh token came a second time, so two have it. Its login was ended.
    RefreshTokenReused {
        /// The user.
        user_id: UserId,
        /// The login.
        login_id: Uuid,
        /// When.
        detected_at: DateTime<Utc>,
    },
}

/// What became of a telephone number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PhoneChange {
    /// There is another one; nobody has verified it.
    Changed(Personal<PhoneNumber>),
    /// There is none any more.
    Cleared,
}

impl DomainEvent for UserEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl ClaimingEvent for UserEvent {
    const FOLD_VERSION: i32 = 3;

    fn claims(&self, aggregate_id: &str) -> Vec<ClaimChange> {
        match self {
            Self::UserRegistered {
                email_key, role, ..
            } => {
                let mut claims = vec![ClaimChange::Acquire(address(email_key))];
                claims.extend(joins(aggregate_id, *role));
                claims
            }
            Self::UserRoleChanged {
                role,
                departure,
                active,
                ..
            } => {
                let mut claims = leaves(aggregate_id, *departure);
                if *active {
                    claims.extend(joins(aggregate_id, *role));
                }
                claims
            }
            Self::UserDeactivated { departure, .. } => leaves(aggregate_id, *departure),
            Self::UserReactivated { role, .. } => joins(aggregate_id, *role),
            Self::UserErased {
                email_key,
                departure,
                ..
            } => {
                let mut claims = vec![ClaimChange::Release(address(email_key))];
                claims.extend(leaves(aggregate_id, *departure));
                claims
            }
            Self::EmailChanged {
                email_key,
                former_email_key,
                ..
            } => vec![
                ClaimChange::Release(address(former_email_key)),
                ClaimChange::Acquire(address(email_key)),
            ],
            Self::UserLoggedIn { .. }
            | Self::UserUpdated { .. }
            | Self::VerificationRequested { .. }
            | Self::EmailVerified { .. }
            | Self::PhoneVerified { .. }
            | Self::PasswordResetRequested { .. }
            | Self::PasswordReset { .. }
            | Self::PasswordChanged { .. }
            | Self::LoggedOut { .. }
            | Self::LoggedOutEverywhere { .. }
            | Self::RefreshTokenReused { .. } => Vec::new(),
        }
    }
}

fn address(email_key: &str) -> Claim {
    Claim::Unique {
        scope: EMAIL_SCOPE,
        key: email_key.to_owned(),
    }
}

fn seat(user_id: &str) -> Claim {
    Claim::Unique {
        scope: ADMIN_SCOPE,
        key: user_id.to_owned(),
    }
}

fn joins(user_id: &str, role: Role) -> Vec<ClaimChange> {
    match role {
        Role::Admin => vec![ClaimChange::Acquire(seat(user_id))],
        Role::Trainer | Role::Parent => Vec::new(),
    }
}

fn leaves(user_id: &str, departure: Option<u64>) -> Vec<ClaimChange> {
    departure.map_or_else(Vec::new, |number| {
        let taken = Claim::Unique {
            scope: DEPARTURE_SCOPE,
            key: number.to_string(),
        };
        vec![
            ClaimChange::Release(seat(user_id)),
            ClaimChange::Acquire(taken),
        ]
    })
}
