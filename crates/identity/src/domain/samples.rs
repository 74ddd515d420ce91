//! One event of each type, for tests.

use chrono::{DateTime, Utc};
use testing::sealed;
use uuid::Uuid;

pub use super::child::samples::child_events;
use super::{
    trainer::{Profile, ProfileChanges, Searchable, Terms, TrainerEvent},
    user::{Channel, PhoneChange, Purpose, UserEvent},
    values::{ChildId, Price, Role, UserId},
};

/// What is personal in the samples, in lower case.
pub const PERSONAL: [&str; 8] = [
    "anna",
    "berg",
    "example.com",
    "12025550123",
    "tara",
    "quinn",
    "cleo",
    "harbour",
];

pub fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + chrono::Duration::days(20_000)
}

pub fn user_id() -> UserId {
    Uuid::from_u128(1).into()
}

pub fn trainer_id() -> UserId {
    Uuid::from_u128(2).into()
}

pub fn child_id() -> ChildId {
    Uuid::from_u128(3).into()
}

/// A keyed fingerprint of some address.
pub fn email_key() -> String {
    "5e".repeat(32)
}

pub fn user_events() -> Vec<UserEvent> {
    let mut events = vec![
        UserEvent::UserRegistered {
            user_id: user_id(),
            role: Role::Parent,
            email: sealed(user_id().uuid(), "email"),
            email_key: email_key(),
            first_name: sealed(user_id().uuid(), "first name"),
            last_name: sealed(user_id().uuid(), "last name"),
            phone_number: Some(sealed(user_id().uuid(), "phone number")),
            registered_at: now(),
        },
        UserEvent::UserLoggedIn {
            user_id: user_id(),
            logged_in_at: now(),
        },
        UserEvent::UserUpdated {
            user_id: user_id(),
            first_name: Some(sealed(user_id().uuid(), "other first name")),
            last_name: None,
            phone_number: Some(PhoneChange::Cleared),
            updated_at: now(),
        },
        UserEvent::UserRoleChanged {
            user_id: user_id(),
            role: Role::Trainer,
            departure: None,
            active: true,
            changed_at: now(),
        },
        UserEvent::UserDeactivated {
            user_id: user_id(),
            role: Role::Parent,
            departure: None,
            deactivated_at: now(),
        },
        UserEvent::UserReactivated {
            user_id: user_id(),
            role: Role::Parent,
            reactivated_at: now(),
        },
        UserEvent::UserErased {
            user_id: user_id(),
            role: Role::Parent,
            was_active: true,
            email_key: email_key(),
            departure: None,
            erased_at: now(),
        },
    ];
    events.extend(security_events());
    events
}

pub fn login_id() -> Uuid {
    Uuid::from_u128(21)
}

pub fn verification_id() -> Uuid {
    Uuid::from_u128(22)
}

/// What happens to the proofs of who somebody is.
pub fn security_events() -> Vec<UserEvent> {
    let (user_id, verification_id, login_id) = (user_id(), verification_id(), login_id());
    let expires_at = now() + chrono::Duration::minutes(10);
    vec![
        UserEvent::VerificationRequested {
            user_id,
            verification_id,
            purpose: Purpose::Verification,
            channel: Channel::Email,
            expires_at,
            requested_at: now(),
        },
        UserEvent::EmailVerified {
            user_id,
            verified_at: now(),
        },
        UserEvent::PhoneVerified {
            user_id,
            verified_at: now(),
        },
        UserEvent::PasswordResetRequested {
            user_id,
            verification_id,
            expires_at,
            requested_at: now(),
        },
        UserEvent::PasswordReset {
            user_id,
            reset_at: now(),
        },
        UserEvent::PasswordChanged {
            user_id,
            changed_at: now(),
        },
        UserEvent::EmailChanged {
            user_id,
            email: sealed(user_id.uuid(), "other email"),
            email_key: "6f".repeat(32),
            former_email_key: email_key(),
            changed_at: now(),
        },
        UserEvent::LoggedOut {
            user_id,
            login_id,
            logged_out_at: now(),
        },
        UserEvent::LoggedOutEverywhere {
            user_id,
            logged_out_at: now(),
        },
        UserEvent::RefreshTokenReused {
            user_id,
            login_id,
            detected_at: now(),
        },
    ]
}

fn searchable(label: &str, search: &[i64]) -> Searchable {
    Searchable {
        text: sealed(trainer_id().uuid(), label),
        search: search.to_vec(),
    }
}

pub fn profile() -> Profile {
    let trainer = trainer_id().uuid();
    Profile {
        first_name: searchable("Tara", &[-17, 4]),
        last_name: searchable("Quinn", &[9]),
        bio: searchable("Left back.", &[1, 5]),
        experience: searchable("Ten years.", &[]),
        photos: sealed(trainer, "https://example.com/tara.jpg"),
        contacts: sealed(trainer, "tara@example.com"),
        additional_sources: sealed(trainer, "https://club.example.com/tara"),
    }
}

pub fn terms() -> Terms {
    Terms {
        price_per_hour: Price::parse("USD", 8_000).unwrap(),
        session_duration_minutes: 60,
        external: false,
        accepting_bookings: true,
    }
}

pub fn bio() -> ProfileChanges {
    ProfileChanges {
        bio: Some(searchable("Right back.", &[3])),
        ..ProfileChanges::default()
    }
}

pub fn trainer_events() -> Vec<TrainerEvent> {
    let trainer_id = trainer_id();
    vec![
        TrainerEvent::TrainerCreated {
            trainer_id,
            profile: profile(),
            terms: terms(),
            created_at: now(),
        },
        TrainerEvent::TrainerUpdated {
            trainer_id,
            profile: bio(),
            terms: terms(),
            updated_at: now(),
        },
        TrainerEvent::TrainerErased {
            trainer_id,
            erased_at: now(),
        },
    ]
}
