//! Opening accounts, whose password hashes lie beside the log.

use eventsourcing::{
    Committed, Context, ExecuteError, Repository,
    personal::{Keyring, LookupKey, PersonalError},
};
use service::Recorded;
use uuid::Uuid;

use crate::{
    domain::{
        user::{User, UserCommand, UserError},
        values::UserId,
    },
    personal::ClearRegistration,
    proofs::{Credentials, HashingError, Password, Passwords, logins::LoginError},
    resources::Resources,
};

#[derive(Clone)]
pub struct Accounts {
    users: Repository<User>,
    keyring: Keyring,
    lookup: LookupKey,
    credentials: Credentials,
    passwords: Passwords,
}

/// Why a command on an account failed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Command(#[from] ExecuteError<UserError>),
    #[error(transparent)]
    Personal(#[from] PersonalError),
    #[error("the credentials cannot be reached")]
    Credentials(#[from] sqlx::Error),
    /// The account is closed, but its logins were not ended yet.
    #[error(transparent)]
    Logins(#[from] LoginError),
    /// The log returned an answer that this program did not store.
    #[error("the stored answer of a registration or login is unreadable")]
    Answer,
}

impl Accounts {
    pub fn new(resources: &Resources, passwords: Passwords) -> Self {
        Self {
            users: Repository::new(&resources.log),
            keyring: resources.keyring.clone(),
            lookup: resources.lookup.clone(),
            credentials: Credentials::new(resources.pool.clone()),
            passwords,
        }
    }

    /// Opens an account. The hash is stored first, so that a user whose account is in the log can
    /// log in, wherever this was interrupted.
    ///
    /// The context's fingerprint must not cover the password: it is stored in the log. A
    /// repeated request proves itself by the password instead.
    pub async fn register(
        &self,
        context: Context,
        registration: ClearRegistration,
        password: Password,
    ) -> Result<Recorded<UserId>, AccountError> {
        let user_id = registration.user_id;
        let hash = self.passwords.hash(password.clone()).await?;
        let registration = registration.seal(&self.keyring, &self.lookup).await?;
        self.credentials.store(user_id, &hash).await?;
        let command = UserCommand::Register(registration);
        let reply = move |_: &User, _: &[_]| user_id.uuid().as_bytes().to_vec();
        let outcome = self
            .users
            .create(&user_id.to_string(), context, command, reply)
            .await;
        if was_not_logged(&outcome) {
            self.forget(user_id).await;
        }
        self.registered(outcome?, password).await
    }

    /// Deletes what lies beside the log of a registration that failed.
    async fn forget(&self, user_id: UserId) {
        if let Err(error) = self.credentials.discard(user_id).await {
            tracing::warn!(%error, "the hash of a registration that came to nothing stays behind");
        }
        if let Err(error) = self.keyring.forget(user_id.uuid()).await {
            tracing::warn!(%error, "the key of a registration that came to nothing stays behind");
        }
    }

    async fn registered(
        &self,
        committed: Committed,
        password: Password,
    ) -> Result<Recorded<UserId>, AccountError> {
        let user_id: UserId = Uuid::from_slice(&committed.reply)
            .map_err(|_| AccountError::Answer)?
            .into();
        if committed.replayed {
            let stored = self.credentials.hash_of(user_id).await?;
            if !self.passwords.verify(password, stored).await? {
                return Err(ExecuteError::RequestReused.into());
            }
        }
        Ok(Recorded {
            outcome: user_id,
            position: committed.position,
        })
    }
}

/// Whether the command is certainly not in the log and never will be.
fn was_not_logged(outcome: &Result<Committed, ExecuteError<UserError>>) -> bool {
    match outcome {
        Ok(committed) => committed.replayed,
        Err(
            ExecuteError::Refused(_)
            | ExecuteError::ClaimTaken { .. }
            | ExecuteError::RequestReused
            | ExecuteError::Contention,
        ) => true,
        Err(ExecuteError::Unavailable(_) | ExecuteError::Log(_)) => false,
    }
}
