use chrono::{DateTime, Utc};
use eventsourcing::personal::Personal;

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
    /// Login address as it was written.
    pub email: Personal<EmailAddress>,
    /// Keyed fingerprint of the folded address, unique over all users.
    pub email_key: String,
    /// First name.
    pub first_name: Personal<String>,
    /// Last name.
    pub last_name: Personal<String>,
    /// Telephone number, if one was given.
    pub phone_number: Option<Personal<PhoneNumber>>,
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
