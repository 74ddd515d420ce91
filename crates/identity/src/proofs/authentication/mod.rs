//! The steps by which users prove who they are, with passwords, tokens and codes beside the log.
//!
//! Every step can be interrupted: the secrets change first, in one transaction, then the event is
//! recorded, and a repeated request finds what was done and continues from there.

mod codes;
mod logins;
mod passwords;

use chrono::TimeDelta;
use eventsourcing::personal::{Keyring, LookupKey, Personal, PersonalError};
use eventsourcing::{
    Committed, Context, DecodeError, EventLog, ExecuteError, LogError, Repository,
};
use service::Recorded;
use sqlx::PgPool;
use uuid::Uuid;

pub use logins::{Entered, Entrant};

use crate::domain::user::{PhoneChange, SecurityCommand, User, UserCommand, UserError, UserEvent};
use crate::domain::values::{EmailAddress, PhoneNumber, UserId};
use crate::mail::{MailError, Outbox};
use crate::proofs::attempts::{AttemptError, Attempts, Sort};
use crate::proofs::codes::{CodeError, Codes};
use crate::proofs::logins::{LoginError, Logins};
use crate::proofs::{Credentials, HashingError, NoRandomness, Passwords};
use crate::resources::Resources;

/// Logs users in and out, and lets them prove addresses, numbers and passwords. Cheap to clone.
#[derive(Clone)]
pub struct Authentication {
    log: EventLog,
    pool: PgPool,
    users: Repository<User>,
    keyring: Keyring,
    lookup: LookupKey,
    credentials: Credentials,
    passwords: Passwords,
    logins: Logins,
    codes: Codes,
    outbox: Outbox,
    texts_available: bool,
    login_attempts: Attempts,
    password_attempts: Attempts,
    letters: Attempts,
}

/// Why somebody did not prove who they are.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    #[error("email and password do not belong together")]
    BadCredentials,
    /// The refresh token was not issued here, or its login has ended.
    #[error("the refresh token is not valid: log in again")]
    TokenInvalid,
    #[error("the refresh token was used before, so the login was ended: log in again")]
    TokenReused,
    /// The user has no such login.
    #[error("there is no login {0}")]
    NotFound(Uuid),
    #[error(transparent)]
    Attempt(#[from] AttemptError),
    #[error(transparent)]
    Code(#[from] CodeError),
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Command(#[from] ExecuteError<UserError>),
    #[error(transparent)]
    Personal(#[from] PersonalError),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Logins(#[from] LoginError),
    #[error("the credentials cannot be reached")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log holds something that this program did not store.
    #[error(transparent)]
    Unreadable(#[from] DecodeError),
    /// The log returned an answer that this program did not store.
    #[error("a stored answer is unreadable")]
    Answer,
    /// The task that sends a code ended early.
    #[error("a code could not be sent: {0}")]
    CutOff(#[from] tokio::task::JoinError),
}

impl From<NoRandomness> for AuthError {
    fn from(error: NoRandomness) -> Self {
        Self::Code(error.into())
    }
}

impl Authentication {
    pub fn new(resources: &Resources, passwords: Passwords) -> Self {
        let (pool, lookup) = (&resources.pool, &resources.lookup);
        let attempts = |sort| Attempts::new(pool.clone(), lookup.clone(), sort);
        Self {
            log: resources.log.clone(),
            pool: pool.clone(),
            users: Repository::new(&resources.log),
            keyring: resources.keyring.clone(),
            lookup: lookup.clone(),
            credentials: Credentials::new(pool.clone()),
            passwords,
            logins: logins_of(resources),
            codes: Codes::new(pool.clone(), lookup.clone()),
            outbox: resources.outbox.clone(),
            texts_available: resources.settings.mail.directory.is_some(),
            login_attempts: attempts(Sort::Login),
            password_attempts: attempts(Sort::Password),
            letters: attempts(Sort::Letter),
        }
    }

    async fn secure(
        &self,
        user_id: UserId,
        context: Context,
        command: SecurityCommand,
        reply: impl Fn(&User, &[UserEvent]) -> Vec<u8> + Sync,
    ) -> Result<Committed, AuthError> {
        let command = UserCommand::Secure(command);
        let id = user_id.to_string();
        Ok(self.users.execute(&id, context, command, reply).await?)
    }

    /// Records what was done, with no more to answer than that.
    async fn record(
        &self,
        user_id: UserId,
        context: Context,
        command: SecurityCommand,
    ) -> Result<Recorded<()>, AuthError> {
        let committed = self.secure(user_id, context, command, |_, _| Vec::new());
        committed.await.map(Into::into)
    }

    /// The account as the log has it now; refuses unless it is open.
    async fn active(&self, user_id: UserId) -> Result<User, AuthError> {
        let user = self.users.load(&user_id.to_string()).await?;
        let user = user.unwrap_or_default();
        match user.active_role() {
            Ok(_) => Ok(user),
            Err(refusal) => Err(ExecuteError::Refused(refusal).into()),
        }
    }

    /// Address and number as the log has them now.
    async fn contact(&self, user_id: UserId) -> Result<Contact, AuthError> {
        let id = user_id.to_string();
        let mut contact = Contact::default();
        let aggregate = <User as eventsourcing::Decide>::TYPE;
        for event in self.log.read_aggregate(aggregate, &id, 0).await? {
            contact.apply(event.decode()?);
        }
        Ok(contact)
    }
}

/// The logins, with the lifetime that the settings give them.
pub fn logins_of(resources: &Resources) -> Logins {
    let lifetime = TimeDelta::from_std(resources.settings.refresh_token_lifetime);
    let lifetime = lifetime.unwrap_or(TimeDelta::days(36_500));
    Logins::new(resources.pool.clone(), resources.lookup.clone(), lifetime)
}

/// Ends the logins and codes of a user whose account was closed.
async fn close(resources: &Resources, user_id: UserId) -> Result<(), AuthError> {
    logins_of(resources).end_all(user_id).await?;
    let codes = Codes::new(resources.pool.clone(), resources.lookup.clone());
    Ok(codes.withdraw(user_id, None).await?)
}

/// Deletes the logins, codes and attempts of a user who is being erased.
pub async fn forget(resources: &Resources, user_id: UserId) -> Result<(), AuthError> {
    close(resources, user_id).await?;
    let users: Repository<User> = Repository::new(&resources.log);
    let user = users.load(&user_id.to_string()).await?;
    let mut transaction = eventsourcing::begin(&resources.pool).await?;
    sqlx::query("delete from logins where user_id = $1")
        .bind(user_id.uuid())
        .execute(&mut *transaction)
        .await?;
    let id = user_id.to_string();
    let accounts = user
        .as_ref()
        .and_then(User::email_key)
        .into_iter()
        .chain([&*id]);
    for account in accounts {
        for sort in [Sort::Login, Sort::Password, Sort::Letter] {
            let attempts = Attempts::new(resources.pool.clone(), resources.lookup.clone(), sort);
            attempts.erase(&mut transaction, account).await?;
        }
    }
    Ok(transaction.commit().await?)
}

/// The addresses by which a user is reached.
#[derive(Default)]
struct Contact {
    email: Option<Personal<EmailAddress>>,
    phone_number: Option<Personal<PhoneNumber>>,
    first_name: Option<Personal<String>>,
}

impl Contact {
    fn apply(&mut self, event: UserEvent) {
        match event {
            UserEvent::UserRegistered {
                email,
                phone_number,
                first_name,
                ..
            } => {
                self.email = Some(email);
                self.phone_number = phone_number;
                self.first_name = Some(first_name);
            }
            UserEvent::EmailChanged { email, .. } => self.email = Some(email),
            UserEvent::UserUpdated {
                first_name,
                phone_number,
                ..
            } => {
                self.first_name = first_name.or(self.first_name.take());
                match phone_number {
                    Some(PhoneChange::Changed(number)) => self.phone_number = Some(number),
                    Some(PhoneChange::Cleared) => self.phone_number = None,
                    None => {}
                }
            }
            _ => {}
        }
    }
}
