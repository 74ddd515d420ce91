//! An account: who somebody is and what role she has.

mod aggregate;
mod command;
mod error;
mod event;
#[cfg(test)]
mod tests;

pub use aggregate::User;
pub use command::{LogIn, Registrar, Registration, UserCommand};
pub use error::UserError;
pub use event::{EMAIL_SCOPE, UserEvent};
