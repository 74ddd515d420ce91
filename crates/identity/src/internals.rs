//! What the tests in `tests/service` drive by hand: commands given to an aggregate directly, senders,
//! keys and counters that are stepped through time. Nobody else needs it.

pub use crate::{
    domain::{
        child::{Acting, Action, Child, ChildCommand},
        user::{LogIn, User, UserCommand},
        values::{EmailAddress, PhoneNumber, medical_subject},
    },
    mail::{MailError, NewMail, NewText, Outbox, Patience, Resent, Sender, Template, Transport},
    proofs::attempts::{AttemptError, Attempts, Sort, Tried},
    signing::SigningKeys,
};
