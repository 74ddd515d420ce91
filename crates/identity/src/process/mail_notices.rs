//! The process `mail_notices` notifies users by mail of what has happened to their accounts.
//!
//! ```text
//! UserRegistered            -> QueueEmail(WELCOME); remembers the address, sealed
//! EmailChanged              -> QueueEmail(EMAIL_CHANGED) to the address before; remembers the new one
//! PasswordReset,
//! PasswordChanged           -> QueueEmail(PASSWORD_CHANGED)
//! RefreshTokenReused        -> QueueEmail(REFRESH_TOKEN_REUSED)
//! GuardianTransferRequested -> QueueEmail(GUARDIAN_TRANSFER_OFFERED) to the user who may accept
//! UserErased                -> done: nobody is left to notify
//! ```
//!
//! A mail that carries a code is no notice: it is queued where the code is made.

use chrono::{DateTime, Utc};
use contracts::identity::v1::{EmailTemplate, QueueEmailRequest};
use contracts::wire::timestamp;
use eventsourcing::{Delivered, Effect, Input, Process};
use serde::{Deserialize, Serialize};

use crate::domain::IdentityLogEvent;
use crate::domain::child::ChildEvent;
use crate::domain::user::UserEvent;
use crate::domain::values::{Role, UserId};
use crate::wire;

/// One instance for each user who is not erased.
pub struct MailNotices;

/// What is remembered of a user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The user's sealed address: after a change the notice goes to the address before.
    address: String,
}

impl Process for MailNotices {
    const NAME: &'static str = "mail_notices";
    type Event = IdentityLogEvent;
    type State = Known;

    fn key(&self, event: &Delivered<IdentityLogEvent>) -> Option<String> {
        concern(&event.event).map(|(user_id, _)| user_id.to_string())
    }

    fn react(&self, state: &mut Known, input: Input<'_, IdentityLogEvent>) -> Vec<Effect> {
        let Input::Event(event) = input else {
            return vec![];
        };
        let Some((user_id, concern)) = concern(&event.event) else {
            return vec![];
        };
        let notice = match concern {
            Concern::Erased => return vec![Effect::Done],
            Concern::Registered {
                address,
                is_welcomed,
                at,
            } => {
                address.clone_into(&mut state.address);
                let address = state.address.clone();
                let notice = Notice::now(EmailTemplate::Welcome, user_id, at);
                is_welcomed.then_some(Notice { address, ..notice })
            }
            Concern::EmailChanged { address, at } => {
                let address = std::mem::replace(&mut state.address, address.to_owned());
                let notice = Notice::now(EmailTemplate::EmailChanged, user_id, at);
                (!address.is_empty()).then_some(Notice { address, ..notice })
            }
            Concern::Notice { template, at } => Some(Notice::now(template, user_id, at)),
        };
        notice
            .map(|notice| notice.caused_by(event))
            .into_iter()
            .collect()
    }
}

/// What an event is to a user. Addresses are sealed.
enum Concern<'a> {
    Registered {
        address: &'a str,
        /// Admins are appointed, not welcomed.
        is_welcomed: bool,
        at: DateTime<Utc>,
    },
    EmailChanged {
        address: &'a str,
        at: DateTime<Utc>,
    },
    /// Something to tell them at the address that they have.
    Notice {
        template: EmailTemplate,
        at: DateTime<Utc>,
    },
    Erased,
}

/// The user whom an event is about, and what it is to them; `None` when nobody is notified of it
/// and nothing is remembered.
fn concern(event: &IdentityLogEvent) -> Option<(UserId, Concern<'_>)> {
    match event {
        IdentityLogEvent::User(event) => of_user(event),
        IdentityLogEvent::Child(event) => of_child(event),
        IdentityLogEvent::Trainer(_) => None,
    }
}

fn of_user(event: &UserEvent) -> Option<(UserId, Concern<'_>)> {
    let notice = |template, at: &DateTime<Utc>| Concern::Notice { template, at: *at };
    let (user_id, concern) = match event {
        UserEvent::UserRegistered {
            user_id,
            role,
            email,
            registered_at,
            ..
        } => {
            let registered = Concern::Registered {
                address: email.as_sealed(),
                is_welcomed: *role != Role::Admin,
                at: *registered_at,
            };
            (user_id, registered)
        }
        UserEvent::EmailChanged {
            user_id,
            email,
            changed_at,
            ..
        } => {
            let changed = Concern::EmailChanged {
                address: email.as_sealed(),
                at: *changed_at,
            };
            (user_id, changed)
        }
        UserEvent::PasswordReset {
            user_id,
            reset_at: at,
        }
        | UserEvent::PasswordChanged {
            user_id,
            changed_at: at,
        } => (user_id, notice(EmailTemplate::PasswordChanged, at)),
        UserEvent::RefreshTokenReused {
            user_id,
            detected_at,
            ..
        } => (
            user_id,
            notice(EmailTemplate::RefreshTokenReused, detected_at),
        ),
        UserEvent::UserErased { user_id, .. } => (user_id, Concern::Erased),
        UserEvent::UserLoggedIn { .. }
        | UserEvent::UserUpdated { .. }
        | UserEvent::UserRoleChanged { .. }
        | UserEvent::UserDeactivated { .. }
        | UserEvent::UserReactivated { .. }
        | UserEvent::VerificationRequested { .. }
        | UserEvent::EmailVerified { .. }
        | UserEvent::PhoneVerified { .. }
        | UserEvent::PasswordResetRequested { .. }
        | UserEvent::LoggedOut { .. }
        | UserEvent::LoggedOutEverywhere { .. } => return None,
    };
    Some((*user_id, concern))
}

fn of_child(event: &ChildEvent) -> Option<(UserId, Concern<'_>)> {
    match event {
        ChildEvent::GuardianTransferRequested {
            to, requested_at, ..
        } => {
            let offered = Concern::Notice {
                template: EmailTemplate::GuardianTransferOffered,
                at: *requested_at,
            };
            to.map(|to| (to, offered))
        }
        ChildEvent::ConsentGiven { .. }
        | ChildEvent::ConsentWithdrawn { .. }
        | ChildEvent::ChildAdded { .. }
        | ChildEvent::ChildUpdated { .. }
        | ChildEvent::ChildArchived { .. }
        | ChildEvent::ChildErased { .. }
        | ChildEvent::MedicalUpdated { .. }
        | ChildEvent::CustomAllergenAdded { .. }
        | ChildEvent::CustomAllergenRemoved { .. }
        | ChildEvent::MedicalRead { .. }
        | ChildEvent::GuardianTransferCanceled { .. }
        | ChildEvent::GuardianTransferred { .. } => None,
    }
}

/// A mail that notifies a user.
struct Notice {
    template: EmailTemplate,
    user_id: UserId,
    /// Sealed; empty for the address that the user has when the mail is queued.
    address: String,
    occurred_at: DateTime<Utc>,
}

impl Notice {
    fn now(template: EmailTemplate, user_id: UserId, occurred_at: DateTime<Utc>) -> Self {
        Self {
            template,
            user_id,
            address: String::new(),
            occurred_at,
        }
    }

    /// The command that this event causes.
    fn caused_by(self, event: &Delivered<IdentityLogEvent>) -> Effect {
        let Self {
            template,
            user_id,
            address,
            occurred_at,
        } = self;
        let (cause, position) = (event.event_id, event.position);
        Effect::send(move |request_id| QueueEmailRequest {
            request_id,
            cause_event_id: cause.to_string(),
            template: template.into(),
            user_id: user_id.to_string(),
            sealed_recipient: address,
            occurred_at: Some(timestamp(occurred_at)),
            min_position: Some(wire::position(position)),
        })
    }
}

#[cfg(test)]
mod tests;
