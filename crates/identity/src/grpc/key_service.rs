use chrono::Utc;
use contracts::identity::v1::{
    ListSigningKeysRequest, ListSigningKeysResponse, SigningKey, key_service_server::KeyService,
};
use contracts::wire;
use service::internal;
use tonic::{Request, Response, Status};

use crate::signing::SigningKeys;

pub struct KeyRpcs {
    pub(super) keys: SigningKeys,
}

#[tonic::async_trait]
impl KeyService for KeyRpcs {
    async fn list_signing_keys(
        &self,
        request: Request<ListSigningKeysRequest>,
    ) -> Result<Response<ListSigningKeysResponse>, Status> {
        let mut keys = self.keys.listed(Utc::now()).await.map_err(internal)?;
        if request.into_inner().include_retired {
            keys.extend(self.keys.retired().await.map_err(internal)?);
        }
        let keys = keys.into_iter().map(|key| SigningKey {
            key_id: key.id,
            algorithm: "EdDSA".to_owned(),
            public_key: key.public_key,
            retired_at: key.retired_at.map(wire::timestamp),
        });
        Ok(Response::new(ListSigningKeysResponse {
            keys: keys.collect(),
        }))
    }
}
