//! What a certificate must prove.

use std::collections::BTreeSet;

use contracts::identity::v1::{
    ErasureCertificate, ListSigningKeysRequest, key_service_client::KeyServiceClient,
};
use prost::Message as _;
use ring::signature::{ED25519, UnparsedPublicKey};

use e2e::{people::Parent, system::System};

/// It is signed by one of the published keys and names the parent, their children and their keys.
pub async fn check(system: &System, certificate: &ErasureCertificate, parent: &Parent) {
    assert_eq!(certificate.subject_id, parent.user.id);
    let set = |ids: &[String]| ids.iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(set(&certificate.child_ids), set(&parent.children));
    let destroyed: BTreeSet<_> = certificate.keys.iter().map(|key| &key.subject_id).collect();
    for subject in parent.children.iter().chain([&parent.user.id]) {
        assert!(
            destroyed.contains(subject),
            "the key of {subject} is not among the destroyed"
        );
    }
    assert!(
        certificate
            .keys
            .iter()
            .all(|key| key.destroyed_at.is_some())
    );
    assert_eq!(certificate.head_hash.len(), 64);
    is_signed(system, certificate).await;
}

async fn is_signed(system: &System, certificate: &ErasureCertificate) {
    let mut keys = KeyServiceClient::new(system.channel("identity"));
    let keys = keys
        .list_signing_keys(ListSigningKeysRequest {
            include_retired: true,
        })
        .await;
    let keys = keys.expect("the keys").into_inner().keys;
    let signer = keys.iter().find(|key| key.key_id == certificate.key_id);
    let signer = UnparsedPublicKey::new(&ED25519, &signer.expect("its key").public_key);
    let unsigned = |certificate: &ErasureCertificate| {
        ErasureCertificate {
            signature: Vec::new(),
            ..certificate.clone()
        }
        .encode_to_vec()
    };
    signer
        .verify(&unsigned(certificate), &certificate.signature)
        .expect("the signature");
    let forged = ErasureCertificate {
        child_ids: Vec::new(),
        ..certificate.clone()
    };
    let forged = signer.verify(&unsigned(&forged), &certificate.signature);
    assert!(forged.is_err(), "the signature covers anything");
}
