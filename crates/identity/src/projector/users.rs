use chrono::{DateTime, Utc};
use eventsourcing::{DecodeError, Delivered, FoldError, Keys, Projection, RecordedEvent};
use serde::{Deserialize, Serialize};

use crate::domain::IdentityLogEvent;
use crate::domain::user::{PhoneChange, UserEvent};
use crate::domain::values::{EmailAddress, PhoneNumber, Role, UserId};
use crate::personal::Column;

/// A row of `users`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "columns of the table")]
pub struct UserRow {
    pub id: UserId,
    /// The login address as it was written.
    pub email: Column<EmailAddress>,
    /// The keyed fingerprint of the folded address; empty when the user was erased.
    pub email_key: String,
    pub first_name: Column<String>,
    pub last_name: Column<String>,
    pub phone_number: Option<Column<PhoneNumber>>,
    pub role: Role,
    /// Whether the account is open.
    pub active: bool,
    /// Whether nothing personal is left.
    pub erased: bool,
    /// Whether the user has proved that the address is theirs.
    pub email_verified: bool,
    /// Whether the user has proved that the number is theirs.
    pub phone_verified: bool,
    pub created_at: DateTime<Utc>,
    /// The last change of the account; a login is no change.
    pub updated_at: DateTime<Utc>,
    pub last_login_at: Option<DateTime<Utc>>,
}

impl UserRow {
    /// Blanks everything personal.
    fn blank(&mut self, erased_at: DateTime<Utc>) {
        self.email = Column::blank();
        self.email_key.clear();
        self.first_name = Column::blank();
        self.last_name = Column::blank();
        self.phone_number = None;
        self.active = false;
        self.erased = true;
        self.updated_at = erased_at;
    }
}

eventsourcing::rows! {
    UserRow in "users" by (id: UserId),
}

eventsourcing::tables! {
    /// The read tables of [`Users`].
    pub struct Tables {
        users: UserRow,
    }
}

impl Tables {
    fn user(&mut self, user_id: UserId) -> Result<&mut UserRow, FoldError> {
        let row = self.users.get_mut(&user_id);
        row.ok_or_else(|| FoldError::missing("user", &user_id))
    }
}

pub struct Users;

impl Users {
    /// Reads an event that the projection folds.
    pub fn decode(event: &RecordedEvent) -> Result<Option<UserEvent>, DecodeError> {
        Ok(
            IdentityLogEvent::decode(event)?.and_then(|event| match event {
                IdentityLogEvent::User(event) => Some(event),
                IdentityLogEvent::Trainer(_) | IdentityLogEvent::Child(_) => None,
            }),
        )
    }
}

impl Projection for Users {
    const NAME: &'static str = "users";
    const FOLD_VERSION: i32 = 2;
    type Event = UserEvent;
    type Tables = Tables;

    fn keys(&self, event: &Delivered<UserEvent>) -> Keys {
        Keys::one(&event.aggregate_id)
    }

    fn fold(&self, event: &Delivered<UserEvent>, tables: &mut Tables) -> Result<(), FoldError> {
        match event.event.clone() {
            UserEvent::UserRegistered {
                user_id,
                role,
                email,
                email_key,
                first_name,
                last_name,
                phone_number,
                registered_at,
            } => tables.users.insert(UserRow {
                id: user_id,
                email: email.into(),
                email_key,
                first_name: first_name.into(),
                last_name: last_name.into(),
                phone_number: phone_number.map(Column::from),
                role,
                active: true,
                erased: false,
                email_verified: false,
                phone_verified: false,
                created_at: registered_at,
                updated_at: registered_at,
                last_login_at: None,
            }),
            UserEvent::UserLoggedIn {
                user_id,
                logged_in_at,
            } => {
                let user = tables.user(user_id)?;
                user.last_login_at = user.last_login_at.max(Some(logged_in_at));
            }
            UserEvent::UserUpdated {
                user_id,
                first_name,
                last_name,
                phone_number,
                updated_at,
            } => {
                let user = tables.user(user_id)?;
                user.updated_at = updated_at;
                if let Some(first_name) = first_name {
                    user.first_name = first_name.into();
                }
                if let Some(last_name) = last_name {
                    user.last_name = last_name.into();
                }
                if let Some(change) = phone_number {
                    user.phone_number = match change {
                        PhoneChange::Changed(number) => Some(number.into()),
                        PhoneChange::Cleared => None,
                    };
                    user.phone_verified = false;
                }
            }
            UserEvent::UserRoleChanged {
                user_id,
                role,
                changed_at,
                ..
            } => {
                let user = tables.user(user_id)?;
                user.role = role;
                user.updated_at = changed_at;
            }
            UserEvent::UserDeactivated {
                user_id,
                deactivated_at,
                ..
            } => {
                let user = tables.user(user_id)?;
                user.active = false;
                user.updated_at = deactivated_at;
            }
            UserEvent::UserReactivated {
                user_id,
                reactivated_at,
                ..
            } => {
                let user = tables.user(user_id)?;
                user.active = true;
                user.updated_at = reactivated_at;
            }
            UserEvent::UserErased {
                user_id, erased_at, ..
            } => tables.user(user_id)?.blank(erased_at),
            UserEvent::EmailVerified {
                user_id,
                verified_at,
            } => {
                let user = tables.user(user_id)?;
                user.email_verified = true;
                user.updated_at = verified_at;
            }
            UserEvent::PhoneVerified {
                user_id,
                verified_at,
            } => {
                let user = tables.user(user_id)?;
                user.phone_verified = true;
                user.updated_at = verified_at;
            }
            UserEvent::EmailChanged {
                user_id,
                email,
                email_key,
                changed_at,
                former_email_key: _,
            } => {
                let user = tables.user(user_id)?;
                user.email = email.into();
                user.email_key = email_key;
                user.email_verified = true;
                user.updated_at = changed_at;
            }
            UserEvent::VerificationRequested { .. }
            | UserEvent::PasswordResetRequested { .. }
            | UserEvent::PasswordReset { .. }
            | UserEvent::PasswordChanged { .. }
            | UserEvent::LoggedOut { .. }
            | UserEvent::LoggedOutEverywhere { .. }
            | UserEvent::RefreshTokenReused { .. } => {}
        }
        Ok(())
    }
}
