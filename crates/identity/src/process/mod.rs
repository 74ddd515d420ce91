//! From events to commands.

mod child_keys;
mod erasure;
mod mail_notices;

pub use child_keys::ChildKeys;
pub use erasure::Erasure;
pub use mail_notices::MailNotices;
