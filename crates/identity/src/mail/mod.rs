//! Mail and text messages: queued with the event they are about, sent by a worker.
//!
//! ```text
//! auth, mail_notices -> Outbox::queue -> emails -> Sender -> SMTP, or a file
//! ```

mod leases;
mod outbox;
mod sender;
mod template;
#[cfg(test)]
mod template_tests;
mod transport;

pub use outbox::{MailError, NewMail, NewText, Outbox, Resent};
pub use sender::{Patience, Sender};
pub use template::{Content, Template, Templates, TemplatesError};
pub use transport::Transport;
