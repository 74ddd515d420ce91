//! The signed certificate that proves an erasure.

use chrono::{DateTime, Utc};
use contracts::identity::v1::{DestroyedKey as PublicKey, ErasureCertificate};
use contracts::wire::timestamp;
use eventsourcing::{EventLog, LogError, hex, personal::DestroyedKey};
use prost::Message;
use service::Recorded;
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    resources::Resources,
    signing::{SigningKeyError, SigningKeys},
    wire,
};

/// Signs certificates and keeps them. Cheap to clone.
#[derive(Clone)]
pub(super) struct Certificates {
    log: EventLog,
    pool: PgPool,
    keys: SigningKeys,
}

/// What a certificate says.
pub(super) struct Erased {
    /// The children who were erased with their guardian.
    pub child_ids: Vec<Uuid>,
    /// The keys that were destroyed.
    pub keys: Vec<DestroyedKey>,
    /// The last event of the erasure.
    pub position: i64,
    pub decided_at: DateTime<Utc>,
}

impl Certificates {
    pub(super) fn new(resources: &Resources) -> Self {
        Self {
            log: resources.log.clone(),
            pool: resources.pool.clone(),
            keys: resources.keys.clone(),
        }
    }

    /// The certificate of a subject whose erasure is finished.
    pub(super) async fn of(
        &self,
        subject: Uuid,
    ) -> Result<Option<ErasureCertificate>, CertificateError> {
        let stored: Option<Vec<u8>> =
            sqlx::query_scalar("select certificate from erasures where subject_id = $1")
                .bind(subject)
                .fetch_optional(&self.pool)
                .await?;
        let stored = stored.map(|bytes| ErasureCertificate::decode(bytes.as_slice()));
        Ok(stored.transpose()?)
    }

    /// Signs and stores a certificate; when another one was stored at the same time, returns that
    /// one.
    pub(super) async fn issue(
        &self,
        subject: Uuid,
        erased: Erased,
    ) -> Result<ErasureCertificate, CertificateError> {
        let (head, hash) = self.log.head_hash().await?;
        let key = self.keys.current(Utc::now()).await?;
        let mut certificate = ErasureCertificate {
            subject_id: subject.to_string(),
            child_ids: erased.child_ids.iter().map(Uuid::to_string).collect(),
            keys: erased.keys.iter().map(public_key).collect(),
            position: Some(wire::position(erased.position)),
            head_position: Some(wire::position(head)),
            head_hash: hex(&hash),
            erased_at: Some(timestamp(erased.decided_at)),
            key_id: key.id().to_owned(),
            signature: Vec::new(),
        };
        certificate.signature = key.sign_bytes(&certificate.encode_to_vec());
        sqlx::query(
            "insert into erasures (subject_id, certificate) values ($1, $2) on conflict do nothing",
        )
        .bind(subject)
        .bind(certificate.encode_to_vec())
        .execute(&self.pool)
        .await?;
        self.of(subject).await?.ok_or(CertificateError::Lost)
    }
}

/// A certificate at the position that it names.
pub(super) fn recorded(certificate: ErasureCertificate) -> Recorded<ErasureCertificate> {
    let position = certificate.position.as_ref();
    Recorded {
        position: position.map_or(0, |position| position.position),
        outcome: certificate,
    }
}

fn public_key(key: &DestroyedKey) -> PublicKey {
    PublicKey {
        subject_id: key.subject.to_string(),
        fingerprint: key.fingerprint.map(|bytes| hex(&bytes)).unwrap_or_default(),
        destroyed_at: Some(timestamp(key.destroyed_at)),
    }
}

/// Why a certificate was not made or found.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the certificates cannot be reached")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Key(#[from] SigningKeyError),
    #[error("a stored certificate is unreadable")]
    Unreadable(#[from] prost::DecodeError),
    /// The certificate was stored and cannot be found.
    #[error("a certificate is gone")]
    Lost,
}
