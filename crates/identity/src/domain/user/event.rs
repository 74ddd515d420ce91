use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use eventsourcing::{Claim, ClaimChange, ClaimingEvent, personal::Personal};
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::domain::values::{EmailAddress, PhoneNumber, Role, UserId};

/// Scope of the claim that makes an email address unique. Its keys are keyed fingerprints of
/// folded addresses.
pub const EMAIL_SCOPE: &str = "user.email";

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
    fn claims(&self, _aggregate_id: &str) -> Vec<ClaimChange> {
        match self {
            Self::UserRegistered { email_key, .. } => {
                vec![ClaimChange::Acquire(Claim::Unique {
                    scope: EMAIL_SCOPE,
                    key: email_key.clone(),
                })]
            }
            Self::UserLoggedIn { .. } => Vec::new(),
        }
    }
}
