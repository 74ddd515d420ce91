mod parse;
mod reply;

use contracts::identity::v1::key_service_server::KeyService;
use contracts::identity::v1::{ListSigningKeysRequest, ListSigningKeysResponse};
use service::{internal, now};
use tonic::{Request, Response, Status};

use self::parse::ListSigningKeys;
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
        let ListSigningKeys { include_retired } = ListSigningKeys::try_from(request.get_ref())?;
        let mut keys = self.keys.listed(now()).await.map_err(internal)?;
        if include_retired {
            keys.extend(self.keys.retired().await.map_err(internal)?);
        }
        Ok(Response::new(ListSigningKeysResponse {
            keys: keys.into_iter().map(Into::into).collect(),
        }))
    }
}
