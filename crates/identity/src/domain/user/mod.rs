//! An account: who a user is, which role they have, and what they have proved.

mod aggregate;
mod command;
mod error;
mod event;
mod lifecycle;
mod security;
#[cfg(test)]
mod tests;

pub use aggregate::User;
pub use command::{
    Acting, Admins, ChangeRole, Deactivate, Erase, LogIn, Reactivate, Registration, Update,
    UserCommand,
};
pub use error::UserError;
pub use event::{ADMIN_SCOPE, DEPARTURE_SCOPE, EMAIL_SCOPE, PhoneChange, UserEvent};
pub use security::{Channel, Purpose, SecurityCommand};
