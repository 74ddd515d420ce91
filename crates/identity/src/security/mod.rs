//! What proves who somebody is, beside the log: logins and their refresh tokens, one-time codes,
//! what was tried in vain, and the keys that sign access tokens.
//!
//! Only keyed hashes of tokens and codes are stored, and none of them is part of an event.

pub mod attempts;
pub mod codes;
pub mod logins;
pub mod signing_keys;
pub mod sweep;

use ring::rand::{SecureRandom, SystemRandom};

/// The system gave no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no randomness")]
pub struct NoRandomness;

fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| NoRandomness)?;
    Ok(bytes)
}
