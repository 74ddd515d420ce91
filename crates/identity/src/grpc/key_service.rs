use contracts::identity::v1::{
    ListSigningKeysRequest, ListSigningKeysResponse, SigningKey, key_service_server::KeyService,
};
use service::auth::KeyPair;
use tonic::{Request, Response, Status};

/// Public keys.
pub struct KeyRpcs {
    keys: Vec<SigningKey>,
}

impl KeyRpcs {
    pub(super) fn new(key: &KeyPair) -> Self {
        Self {
            keys: vec![SigningKey {
                key_id: key.id().to_owned(),
                algorithm: "EdDSA".to_owned(),
                public_key: key.public_key().to_vec(),
            }],
        }
    }
}

#[tonic::async_trait]
impl KeyService for KeyRpcs {
    async fn list_signing_keys(
        &self,
        _request: Request<ListSigningKeysRequest>,
    ) -> Result<Response<ListSigningKeysResponse>, Status> {
        Ok(Response::new(ListSigningKeysResponse {
            keys: self.keys.clone(),
        }))
    }
}
