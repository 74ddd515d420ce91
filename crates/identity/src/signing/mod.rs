//! What identity signs: the keys, and the access tokens that every service checks.

mod access_tokens;
mod keys;

pub use access_tokens::{AccessToken, AccessTokens};
pub use keys::{SigningKeyError, SigningKeys, StoredKey};
