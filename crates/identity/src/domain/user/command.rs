use chrono::{DateTime, Utc};
use eventsourcing::personal::Personal;

use super::{PhoneChange, SecurityCommand};
use crate::domain::values::{EmailAddress, PhoneNumber, Role, UserId};

/// What can be asked of an account.
#[derive(Clone, Debug)]
pub enum UserCommand {
    Register(Registration),
    /// Records that the user has proved who they are.
    LogIn(LogIn),
    Update(Update),
    ChangeRole(ChangeRole),
    Deactivate(Deactivate),
    Reactivate(Reactivate),
    Erase(Erase),
    /// Concerns the proofs of who the user is.
    Secure(SecurityCommand),
}

/// Opens an account. The hash of the password is no part of it: it lies beside the log.
#[derive(Clone, Debug)]
pub struct Registration {
    /// An id made for this registration.
    pub user_id: UserId,
    pub acting: Acting,
    pub role: Role,
    /// The login address as it was written.
    pub email: Personal<EmailAddress>,
    /// The keyed fingerprint of the folded address, unique over all users.
    pub email_key: String,
    pub first_name: Personal<String>,
    pub last_name: Personal<String>,
    pub phone_number: Option<Personal<PhoneNumber>>,
    pub now: DateTime<Utc>,
}

/// Who opens an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acting {
    /// Anybody on the internet.
    Anyone,
    /// Somebody with access to the machine.
    Operator,
}

/// The user's password is checked before this command is given.
#[derive(Clone, Debug)]
pub struct LogIn {
    pub now: DateTime<Utc>,
}

/// Changes what is known of a user; a field without a value stays.
#[derive(Clone, Debug)]
pub struct Update {
    pub first_name: Option<Personal<String>>,
    pub last_name: Option<Personal<String>>,
    pub phone_number: Option<PhoneChange>,
    pub now: DateTime<Utc>,
}

/// Gives a user another role. A user keeps the role while they hold what only that role may have.
#[derive(Clone, Debug)]
pub struct ChangeRole {
    pub role: Role,
    /// Whether the user answers for children that were not erased.
    pub has_children: bool,
    /// Whether the user has a trainer profile.
    pub has_profile: bool,
    pub admins: Admins,
    pub now: DateTime<Utc>,
}

/// Closes an account for the time being.
#[derive(Clone, Debug)]
pub struct Deactivate {
    pub admins: Admins,
    pub now: DateTime<Utc>,
}

/// Opens an account again.
#[derive(Clone, Debug)]
pub struct Reactivate {
    pub now: DateTime<Utc>,
}

/// Erases the holder of an account.
#[derive(Clone, Debug)]
pub struct Erase {
    /// Whether the user, or a child they answer for, has upcoming bookings that are paid.
    pub paid_ahead: bool,
    pub admins: Admins,
    pub now: DateTime<Utc>,
}

/// The active admins beside this user, as the log's claims showed them before the decision. If one
/// of them leaves meanwhile, the number of the departure is taken and the command is decided again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admins {
    /// Whether there is an active admin besides this user.
    pub others: bool,
    /// The number that the next departure takes.
    pub next_departure: u64,
}
