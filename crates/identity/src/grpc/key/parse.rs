//! The requests of `KeyService`. Every field of a message is taken apart here, so that a new one
//! breaks the build.

use contracts::identity::v1 as pb;
use tonic::Status;

pub struct ListSigningKeys {
    pub include_retired: bool,
}

impl TryFrom<&pb::ListSigningKeysRequest> for ListSigningKeys {
    type Error = Status;

    fn try_from(request: &pb::ListSigningKeysRequest) -> Result<Self, Status> {
        let pb::ListSigningKeysRequest { include_retired } = *request;
        Ok(Self { include_retired })
    }
}
