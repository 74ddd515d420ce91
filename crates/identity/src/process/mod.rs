//! From events to commands.

mod child_keys;
pub mod erasure;
mod mail_notices;
#[cfg(test)]
mod mail_notices_tests;

pub use child_keys::ChildKeys;
pub use mail_notices::MailNotices;
