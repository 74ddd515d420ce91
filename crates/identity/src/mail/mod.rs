//! Mail and text messages: queued with the event they are about, sent by a worker.
//!
//! ```text
//! auth, mail_notices -> Outbox::queue -> emails -> Sender -> SMTP, or a file
//! ```

mod outbox;
mod template;

pub use outbox::{MailError, NewMail, NewText, Outbox};
pub use template::Template;
