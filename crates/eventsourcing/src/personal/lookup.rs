//! Finding sealed values again without opening them.

use ring::hmac::{HMAC_SHA256, Key, sign, verify};

use crate::hex;

/// Makes keyed fingerprints of values, for claims, indexes, codes and tokens. Without the key
/// they tell nothing, not even to somebody who guesses the value. Cheap to clone.
#[derive(Clone)]
pub struct LookupKey(Key);

impl LookupKey {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(Key::new(HMAC_SHA256, bytes))
    }

    /// 64 hexadecimal digits; the same for the same purpose and value.
    pub fn fingerprint(&self, purpose: &str, value: &str) -> String {
        hex(&self.tag(purpose, value.as_bytes()))
    }

    /// The same as a number, for indexes that need not tell every two values apart.
    pub fn token(&self, purpose: &str, value: &str) -> i64 {
        let tag = self.tag(purpose, value.as_bytes());
        tag.iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | i64::from(*byte))
    }

    /// The bytes, for secrets that are stored as a hash.
    pub fn tag(&self, purpose: &str, value: &[u8]) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(sign(&self.0, &message(purpose, value)).as_ref());
        bytes
    }

    /// Whether this is the tag of the value, in constant time.
    pub fn matches(&self, purpose: &str, value: &[u8], tag: &[u8]) -> bool {
        verify(&self.0, &message(purpose, value), tag).is_ok()
    }
}

fn message(purpose: &str, value: &[u8]) -> Vec<u8> {
    [purpose.as_bytes(), b"\0", value].concat()
}
