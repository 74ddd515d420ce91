//! An operator with access to the machine appoints administrators.

use eventsourcing::{Context, ExecuteError};
use uuid::Uuid;
use values::text;

use super::{AccountError, Accounts};
use crate::{
    domain::{
        user::Acting,
        values::{EmailAddress, EmailError, Role},
    },
    personal::ClearRegistration,
    proofs::{HashingError, Password, PasswordError, Passwords},
    resources::Resources,
};

const MAX_NAME_LENGTH: usize = 100;

/// An administrator who is to be appointed.
pub struct NewAdmin {
    pub email: String,
    /// 12 to 128 characters.
    pub password: String,
    /// 1 to 100 characters.
    pub first_name: String,
    /// 1 to 100 characters.
    pub last_name: String,
}

/// An administrator who was appointed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreatedAdmin {
    pub user_id: Uuid,
    /// The position of the registration in identity's log.
    pub position: i64,
}

/// Why an administrator was not appointed.
#[derive(Debug, thiserror::Error)]
pub enum CreateAdminError {
    #[error("the email address {0}")]
    Email(#[from] EmailError),
    #[error("the password {0}")]
    Password(#[from] PasswordError),
    #[error("first and last name must have 1 to 100 characters")]
    Name,
    #[error("a user with this email address exists")]
    EmailTaken,
    #[error(transparent)]
    Account(AccountError),
}

/// Opens an account of role ADMIN in identity's log, with its password hash beside it.
pub async fn create_admin(
    resources: &Resources,
    admin: NewAdmin,
) -> Result<CreatedAdmin, CreateAdminError> {
    let NewAdmin {
        email,
        password,
        first_name,
        last_name,
    } = admin;
    let registration = ClearRegistration {
        user_id: Uuid::now_v7().into(),
        acting: Acting::Operator,
        role: Role::Admin,
        email: EmailAddress::parse(&email)?,
        first_name: name(&first_name)?,
        last_name: name(&last_name)?,
        phone_number: None,
        now: service::now(),
    };
    let password = Password::chosen(&password)?;
    let accounts = Accounts::new(resources, Passwords::new()?);
    let registered = accounts
        .register(Context::system(), registration, password)
        .await?;
    Ok(CreatedAdmin {
        user_id: registered.outcome.uuid(),
        position: registered.position,
    })
}

fn name(typed: &str) -> Result<String, CreateAdminError> {
    let name = text::line(typed).map_err(|_| CreateAdminError::Name)?;
    if (1..=MAX_NAME_LENGTH).contains(&name.chars().count()) {
        Ok(name)
    } else {
        Err(CreateAdminError::Name)
    }
}

impl From<AccountError> for CreateAdminError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Command(ExecuteError::ClaimTaken { .. }) => Self::EmailTaken,
            other => Self::Account(other),
        }
    }
}

impl From<HashingError> for CreateAdminError {
    fn from(error: HashingError) -> Self {
        Self::Account(error.into())
    }
}
