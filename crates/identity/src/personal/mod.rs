//! Personal data between its clear and its sealed form.
//!
//! Personal data is sealed before a command is made of it, and opened when an answer is made. In
//! between it stays sealed, and is found by keyed fingerprints and tokens.

mod account;
mod column;
pub mod search;

pub use account::{ClearPhoneChange, ClearRegistration, ClearUpdate, email_key};
pub use column::Column;
