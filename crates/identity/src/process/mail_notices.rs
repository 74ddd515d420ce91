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

use crate::{
    domain::{
        IdentityLogEvent,
        child::ChildEvent,
        user::UserEvent,
        values::{Role, UserId},
    },
    wire,
};

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
        let user_id = match &event.event {
            IdentityLogEvent::User(user) => match user {
                UserEvent::UserRegistered { user_id, .. }
                | UserEvent::EmailChanged { user_id, .. }
                | UserEvent::PasswordReset { user_id, .. }
                | UserEvent::PasswordChanged { user_id, .. }
                | UserEvent::RefreshTokenReused { user_id, .. }
                | UserEvent::UserErased { user_id, .. } => Some(*user_id),
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
                | UserEvent::LoggedOutEverywhere { .. } => None,
            },
            IdentityLogEvent::Child(child) => offered_to(child),
            IdentityLogEvent::Trainer(_) => None,
        };
        user_id.map(|user_id| user_id.to_string())
    }

    fn react(&self, state: &mut Known, input: Input<'_, IdentityLogEvent>) -> Vec<Effect> {
        let Input::Event(event) = input else {
            return vec![];
        };
        let notice = match &event.event {
            IdentityLogEvent::User(UserEvent::UserErased { .. }) => return vec![Effect::Done],
            IdentityLogEvent::User(user) => of_user(state, user),
            IdentityLogEvent::Child(ChildEvent::GuardianTransferRequested {
                to: Some(to),
                requested_at,
                ..
            }) => {
                let template = EmailTemplate::GuardianTransferOffered;
                Some(Notice::now(template, *to, *requested_at))
            }
            IdentityLogEvent::Trainer(_) | IdentityLogEvent::Child(_) => None,
        };
        notice
            .map(|notice| notice.caused_by(event))
            .into_iter()
            .collect()
    }
}

/// Whom a child is offered to by an event.
fn offered_to(event: &ChildEvent) -> Option<UserId> {
    match event {
        ChildEvent::GuardianTransferRequested { to, .. } => *to,
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

/// The notice of an event of the user's account. Remembers the user's address.
fn of_user(state: &mut Known, event: &UserEvent) -> Option<Notice> {
    match event {
        UserEvent::UserRegistered {
            user_id,
            role,
            email,
            registered_at,
            ..
        } => {
            email.as_sealed().clone_into(&mut state.address);
            let address = state.address.clone();
            let notice = Notice::now(EmailTemplate::Welcome, *user_id, *registered_at);
            // Admins are appointed, not welcomed.
            (*role != Role::Admin).then_some(Notice { address, ..notice })
        }
        UserEvent::EmailChanged {
            user_id,
            email,
            changed_at,
            ..
        } => {
            let address = std::mem::replace(&mut state.address, email.as_sealed().to_owned());
            let notice = Notice::now(EmailTemplate::EmailChanged, *user_id, *changed_at);
            (!address.is_empty()).then_some(Notice { address, ..notice })
        }
        UserEvent::PasswordReset {
            user_id,
            reset_at: at,
        }
        | UserEvent::PasswordChanged {
            user_id,
            changed_at: at,
        } => Some(Notice::now(EmailTemplate::PasswordChanged, *user_id, *at)),
        UserEvent::RefreshTokenReused {
            user_id,
            detected_at,
            ..
        } => {
            let template = EmailTemplate::RefreshTokenReused;
            Some(Notice::now(template, *user_id, *detected_at))
        }
        UserEvent::UserLoggedIn { .. }
        | UserEvent::UserUpdated { .. }
        | UserEvent::UserRoleChanged { .. }
        | UserEvent::UserDeactivated { .. }
        | UserEvent::UserReactivated { .. }
        | UserEvent::UserErased { .. }
        | UserEvent::VerificationRequested { .. }
        | UserEvent::EmailVerified { .. }
        | UserEvent::PhoneVerified { .. }
        | UserEvent::PasswordResetRequested { .. }
        | UserEvent::LoggedOut { .. }
        | UserEvent::LoggedOutEverywhere { .. } => None,
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
