//! What the tests in `tests/service` drive by hand: commands given to an aggregate directly, senders,
//! keys and counters that are stepped through time. Nobody else needs it.

pub use crate::domain::child::{Acting, Action, Child, ChildCommand};
pub use crate::domain::user::{LogIn, User, UserCommand};
pub use crate::domain::values::{EmailAddress, PhoneNumber, medical_subject};
pub use crate::mail::{
    MailError, NewMail, NewText, Outbox, Patience, Resent, Sender, Template, Transport,
};
pub use crate::proofs::attempts::{AttemptError, Attempts, Sort, Tried};
pub use crate::signing::SigningKeys;
