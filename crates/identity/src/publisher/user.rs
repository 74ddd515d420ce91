//! What others learn about accounts.

use contracts::identity::events::v1::identity_event::Event;
use contracts::identity::events::v1::{
    UserDeactivated, UserErased, UserLoggedIn, UserReactivated, UserRegistered, UserRoleChanged,
};
use contracts::wire::timestamp;

use crate::domain::user::UserEvent;
use crate::wire;

/// Accounts are published by id and role; names, addresses and proofs are not.
pub fn user(event: &UserEvent) -> Option<Event> {
    match event {
        UserEvent::UserRegistered {
            user_id,
            role,
            registered_at,
            email: _,
            email_key: _,
            first_name: _,
            last_name: _,
            phone_number: _,
        } => Some(Event::UserRegistered(UserRegistered {
            user_id: user_id.to_string(),
            role: wire::role(*role).into(),
            registered_at: Some(timestamp(*registered_at)),
        })),
        UserEvent::UserLoggedIn {
            user_id,
            logged_in_at,
        } => Some(Event::UserLoggedIn(UserLoggedIn {
            user_id: user_id.to_string(),
            logged_in_at: Some(timestamp(*logged_in_at)),
        })),
        UserEvent::UserRoleChanged {
            user_id,
            role,
            changed_at,
            departure: _,
            active: _,
        } => Some(Event::UserRoleChanged(UserRoleChanged {
            user_id: user_id.to_string(),
            role: wire::role(*role).into(),
            changed_at: Some(timestamp(*changed_at)),
        })),
        UserEvent::UserDeactivated {
            user_id,
            role,
            deactivated_at,
            departure: _,
        } => Some(Event::UserDeactivated(UserDeactivated {
            user_id: user_id.to_string(),
            role: wire::role(*role).into(),
            deactivated_at: Some(timestamp(*deactivated_at)),
        })),
        UserEvent::UserReactivated {
            user_id,
            role,
            reactivated_at,
        } => Some(Event::UserReactivated(UserReactivated {
            user_id: user_id.to_string(),
            role: wire::role(*role).into(),
            reactivated_at: Some(timestamp(*reactivated_at)),
        })),
        UserEvent::UserErased {
            user_id,
            role,
            was_active,
            erased_at,
            email_key: _,
            departure: _,
        } => Some(Event::UserErased(UserErased {
            user_id: user_id.to_string(),
            role: wire::role(*role).into(),
            was_active: *was_active,
            erased_at: Some(timestamp(*erased_at)),
        })),
        UserEvent::UserUpdated { .. }
        | UserEvent::VerificationRequested { .. }
        | UserEvent::EmailVerified { .. }
        | UserEvent::PhoneVerified { .. }
        | UserEvent::PasswordResetRequested { .. }
        | UserEvent::PasswordReset { .. }
        | UserEvent::PasswordChanged { .. }
        | UserEvent::EmailChanged { .. }
        | UserEvent::LoggedOut { .. }
        | UserEvent::LoggedOutEverywhere { .. }
        | UserEvent::RefreshTokenReused { .. } => None,
    }
}
