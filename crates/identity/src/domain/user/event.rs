use chrono::{DateTime, Utc};

use eventsourcing::{Claim, ClaimChange, ClaimingEvent, DomainEvent, personal::Personal};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantNames};
use uuid::Uuid;

use super::{Channel, Purpose};
use crate::domain::values::{EmailAddress, PhoneNumber, Role, UserId};

/// The scope of the claim that makes an email address unique. Its keys are keyed fingerprints of
/// folded addresses.
pub const EMAIL_SCOPE: &str = "user.email";

/// The scope of the claims that say who the active admins are. Its keys are their ids.
pub const ADMIN_SCOPE: &str = "user.active-admin";

/// The scope of the claims that number the departures of admins, from 1. An admin who leaves takes
/// the next number, so that of two who leave at once one has to check again that another remains.
pub const DEPARTURE_SCOPE: &str = "user.admin-departure";

/// What has happened to an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, IntoStaticStr, VariantNames)]
pub enum UserEvent {
    /// The account was opened.
    UserRegistered {
        user_id: UserId,
        role: Role,
        /// The login address as it was written.
        email: Personal<EmailAddress>,
        /// The keyed fingerprint of the folded address.
        email_key: String,
        first_name: Personal<String>,
        last_name: Personal<String>,
        phone_number: Option<Personal<PhoneNumber>>,
        registered_at: DateTime<Utc>,
    },
    /// The user proved who they are.
    UserLoggedIn {
        user_id: UserId,
        logged_in_at: DateTime<Utc>,
    },
    /// Something that is known of the user changed; a field without a value stays.
    UserUpdated {
        user_id: UserId,
        first_name: Option<Personal<String>>,
        last_name: Option<Personal<String>>,
        phone_number: Option<PhoneChange>,
        updated_at: DateTime<Utc>,
    },
    /// The user has another role from now on.
    UserRoleChanged {
        user_id: UserId,
        role: Role,
        /// The number of the departure, when an active admin left.
        departure: Option<u64>,
        /// Whether the account was open.
        active: bool,
        changed_at: DateTime<Utc>,
    },
    /// The account was closed for the time being.
    UserDeactivated {
        user_id: UserId,
        role: Role,
        /// The number of the departure, when an active admin left.
        departure: Option<u64>,
        deactivated_at: DateTime<Utc>,
    },
    /// A closed account was opened again.
    UserReactivated {
        user_id: UserId,
        role: Role,
        reactivated_at: DateTime<Utc>,
    },
    /// The user was erased: nothing personal of them can be read any more.
    UserErased {
        user_id: UserId,
        role: Role,
        /// Whether the account was open until then.
        was_active: bool,
        /// The keyed fingerprint of the folded address, which is free from now on.
        email_key: String,
        /// The number of the departure, when an active admin left.
        departure: Option<u64>,
        erased_at: DateTime<Utc>,
    },
    /// A code was made and is being sent. It replaces the last one of its kind.
    VerificationRequested {
        user_id: UserId,
        verification_id: Uuid,
        purpose: Purpose,
        channel: Channel,
        expires_at: DateTime<Utc>,
        requested_at: DateTime<Utc>,
    },
    /// A code that was sent to the login address came back.
    EmailVerified {
        user_id: UserId,
        verified_at: DateTime<Utc>,
    },
    /// A code that was sent to the telephone number came back.
    PhoneVerified {
        user_id: UserId,
        verified_at: DateTime<Utc>,
    },
    /// A reset token was made and is being sent to the login address.
    PasswordResetRequested {
        user_id: UserId,
        verification_id: Uuid,
        expires_at: DateTime<Utc>,
        requested_at: DateTime<Utc>,
    },
    /// A reset token has set a new password. All logins have ended.
    PasswordReset {
        user_id: UserId,
        reset_at: DateTime<Utc>,
    },
    /// The old password has set a new one. All other logins have ended.
    PasswordChanged {
        user_id: UserId,
        changed_at: DateTime<Utc>,
    },
    /// A new login address replaced the old one; a code sent to the new one came back.
    EmailChanged {
        user_id: UserId,
        email: Personal<EmailAddress>,
        /// The keyed fingerprint of the folded address.
        email_key: String,
        /// The keyed fingerprint of the old address, which is free from now on.
        former_email_key: String,
        changed_at: DateTime<Utc>,
    },
    LoggedOut {
        user_id: UserId,
        login_id: Uuid,
        logged_out_at: DateTime<Utc>,
    },
    LoggedOutEverywhere {
        user_id: UserId,
        logged_out_at: DateTime<Utc>,
    },
    /// A refresh token came a second time, so two parties have it. Its login was ended.
    RefreshTokenReused {
        user_id: UserId,
        login_id: Uuid,
        detected_at: DateTime<Utc>,
    },
}

/// What became of a telephone number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PhoneChange {
    /// The user has another number, which nobody has verified.
    Changed(Personal<PhoneNumber>),
    /// The user has no number any more.
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
