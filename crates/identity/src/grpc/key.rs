use contracts::identity::v1::key_service_server::KeyService;
use contracts::identity::v1::{ListSigningKeysRequest, ListSigningKeysResponse, SigningKey};
use contracts::wire::timestamp;
use service::{internal, now};
use tonic::{Request, Response, Status};

use crate::resources::Resources;
use crate::signing::SigningKeys;

/// Lists the keys that tokens and certificates are checked with.
pub struct KeyRpcs {
    keys: SigningKeys,
}

impl KeyRpcs {
    pub fn on(resources: &Resources) -> Self {
        Self {
            keys: resources.keys.clone(),
        }
    }
}

#[tonic::async_trait]
impl KeyService for KeyRpcs {
    async fn list_signing_keys(
        &self,
        request: Request<ListSigningKeysRequest>,
    ) -> Result<Response<ListSigningKeysResponse>, Status> {
        let ListSigningKeysRequest { include_retired } = request.into_inner();
        let mut keys = self.keys.listed(now()).await.map_err(internal)?;
        if include_retired {
            keys.extend(self.keys.retired().await.map_err(internal)?);
        }
        let keys = keys.into_iter().map(|key| SigningKey {
            key_id: key.id,
            algorithm: "EdDSA".to_owned(),
            public_key: key.public_key,
            retired_at: key.retired_at.map(timestamp),
        });
        Ok(Response::new(ListSigningKeysResponse {
            keys: keys.collect(),
        }))
    }
}
