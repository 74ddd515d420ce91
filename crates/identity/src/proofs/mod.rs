//! How users prove who they are, and what that is checked against.
//!
//! Passwords, refresh tokens and codes lie in tables beside the log, as hashes or keyed tags;
//! no event has any of them. `authentication` puts them together into logins, verifications and
//! resets.

pub mod attempts;
pub mod authentication;
pub mod codes;
mod credentials;
pub mod logins;
mod password;
mod random;
pub mod sweep;

pub use authentication::{AuthError, Authentication, Entered, Entrant};
pub use credentials::Credentials;
pub use password::{HashingError, Password, PasswordError, Passwords};
pub use random::NoRandomness;
