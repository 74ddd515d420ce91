//! From events to commands.

mod mail_notices;
#[cfg(test)]
mod mail_notices_tests;

pub use mail_notices::MailNotices;
