//! From events to commands.

pub mod erasure;
mod mail_notices;
#[cfg(test)]
mod mail_notices_tests;

pub use mail_notices::MailNotices;
