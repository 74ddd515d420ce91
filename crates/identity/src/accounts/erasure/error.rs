use eventsourcing::{DecodeError, ExecuteError, LogError, personal::PersonalError};
use service::ReadError;
use uuid::Uuid;

use super::certificate::CertificateError;
use crate::{
    accounts::ChildRecordError,
    domain::{trainer::TrainerError, user::UserError},
    mail::MailError,
    proofs::AuthError,
};

/// Why a subject was not erased, or why the erasure was not finished.
#[derive(Debug, thiserror::Error)]
pub enum ErasureError {
    /// Nothing has decided that the subject is erased.
    #[error("{0} was not erased")]
    NotErased(Uuid),
    #[error(transparent)]
    User(#[from] ExecuteError<UserError>),
    #[error(transparent)]
    Trainer(#[from] ExecuteError<TrainerError>),
    #[error(transparent)]
    Child(#[from] ChildRecordError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Personal(#[from] PersonalError),
    /// The last mail could not be queued, or the mail of the user could not be blanked.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// Logins, codes and attempts could not be deleted.
    #[error(transparent)]
    Proofs(#[from] AuthError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("what lies beside the log cannot be reached")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log holds something that this program did not store.
    #[error(transparent)]
    Unreadable(#[from] DecodeError),
}
