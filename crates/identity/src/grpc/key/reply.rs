//! The answers of `KeyService`.

use contracts::identity::v1 as pb;
use contracts::wire::timestamp;

use crate::signing::StoredKey;

impl From<StoredKey> for pb::SigningKey {
    fn from(key: StoredKey) -> Self {
        Self {
            key_id: key.id,
            algorithm: "EdDSA".to_owned(),
            public_key: key.public_key,
            retired_at: key.retired_at.map(timestamp),
        }
    }
}
