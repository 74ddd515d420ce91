//! Mail and text messages: handlers and the process `mail_notices` queue them, a worker sends them.
//!
//! ```text
//! auth, mail_notices -> Outbox::queue -> emails -> Sender -> SMTP, or a file
//! ```

mod leases;
mod list;
mod outbox;
mod sender;
mod template;
mod transport;

pub use leases::MailStatus;
pub use list::{EmailCursor, EmailFilter, EmailRow};
pub use outbox::{MailError, NewMail, NewText, Outbox, Resent};
pub use sender::{Patience, Sender};
pub use template::{Content, Template, Templates, TemplatesError};
pub use transport::Transport;
