use chrono::{DateTime, Utc};
use eventsourcing::personal::Personal;

use super::{PhoneChange, SecurityCommand};
use crate::domain::values::{EmailAddress, PhoneNumber, Role, UserId};

/// What can be asked of an account.
#[derive(Clone, Debug)]
pub enum UserCommand {
    /// Opens it.
    Register(Registration),
    /// Records that its holder has proved who she is.
    LogIn(LogIn),
    /// Changes what is known of its holder.
    Update(Update),
    /// Lets its holder do something else.
    ChangeRole(ChangeRole),
    /// Closes it for the time being.
    Deactivate(Deactivate),
    /// Opens it again.
    Reactivate(Reactivate),
    /// Erases its holder.
    Erase(Erase),
    /// Deals with the proofs of who she is.
    Secure(SecurityCommand),
}

/// Opens an account. The password is none of its business: its hash lies beside the log.
#[derive(Clone, Debug)]
pub struct Registration {
    /// An id made for this registration.
    pub user_id: UserId,
    /// Who opens the account.
    pub acting: Acting,
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
pub enum Acting {
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

/// Changes what is known of a user. Without any field it is done already.
#[derive(Clone, Debug)]
pub struct Update {
    /// First name from now on.
    pub first_name: Option<Personal<String>>,
    /// Last name from now on.
    pub last_name: Option<Personal<String>>,
    /// Another telephone number, or none.
    pub phone_number: Option<PhoneChange>,
    /// When.
    pub now: DateTime<Utc>,
}

/// Lets a user do something else. Whoever holds what only one role may have keeps that role.
#[derive(Clone, Debug)]
pub struct ChangeRole {
    /// What the user may do from now on.
    pub role: Role,
    /// She answers for children who were not erased.
    pub has_children: bool,
    /// She has a trainer profile.
    pub has_profile: bool,
    /// Who else is an active admin.
    pub admins: Admins,
    /// When.
    pub now: DateTime<Utc>,
}

/// Closes an account for the time being.
#[derive(Clone, Debug)]
pub struct Deactivate {
    /// Who else is an active admin.
    pub admins: Admins,
    /// When.
    pub now: DateTime<Utc>,
}

/// Opens an account again.
#[derive(Clone, Debug)]
pub struct Reactivate {
    /// When.
    pub now: DateTime<Utc>,
}

/// Erases the holder of an account.
#[derive(Clone, Debug)]
pub struct Erase {
    /// Who else is an active admin.
    pub admins: Admins,
    /// When.
    pub now: DateTime<Utc>,
}

/// The active admins as the log's claims showed them before the decision. That they have not
/// left meanwhile is proved by the number of the departure: it is taken if somebody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admins {
    /// There are others than this user.
    pub others: bool,
    /// The number that the next departure gets.
    pub next_departure: u64,
}
