//! An account: who somebody is and what role she has.

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
