use chrono::{DateTime, Utc};

use crate::domain::values::{EmailAddress, PhoneNumber, Role, UserId};

/// What can be asked of an account.
#[derive(Clone, Debug)]
pub enum UserCommand {
    /// Opens it.
    Register(Registration),
    /// Records that its holder has proved who she is.
    LogIn(LogIn),
}

/// Opens an account. The password is none of its business: its hash lies beside the log.
#[derive(Clone, Debug)]
pub struct Registration {
    /// An id made for this registration.
    pub user_id: UserId,
    /// Who opens the account.
    pub registrar: Registrar,
    /// What the user may do.
    pub role: Role,
    /// Login address, unique over all users regardless of case.
    pub email: EmailAddress,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Telephone number, if one was given.
    pub phone_number: Option<PhoneNumber>,
    /// When.
    pub now: DateTime<Utc>,
}

/// Who opens an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registrar {
    /// Anybody on the internet.
    Anyone,
    /// Somebody with access to the machine.
    Operator,
}

/// Records a login.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// When.
    pub now: DateTime<Utc>,
}
