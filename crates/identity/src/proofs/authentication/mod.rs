//! How users prove who they are: what needs passwords, tokens and codes beside the log.
//!
//! Every step survives being cut off: what is secret changes first, in one transaction, then the
//! log is told, and a repeated request finds what was done and goes on from there.

mod codes;
mod logins;
mod passwords;

use chrono::TimeDelta;
use eventsourcing::{
    Committed, Context, DecodeError, EventLog, ExecuteError, LogError, Repository,
    personal::{Keyring, LookupKey, Personal, PersonalError},
};
use sqlx::PgPool;
use uuid::Uuid;

pub use logins::{Entered, Entrant};

use crate::{
    domain::{
        user::{PhoneChange, SecurityCommand, User, UserCommand, UserError, UserEvent},
        values::{EmailAddress, PhoneNumber, UserId},
    },
    mail::{MailError, Outbox},
    proofs::{
        Credentials, HashingError, NoRandomness, Passwords,
        attempts::{AttemptError, Attempts, Sort},
        codes::{CodeError, Codes},
        logins::{LoginError, Logins},
    },
    resources::Resources,
};

/// Logins, codes and passwords. Cheap to clone.
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

/// Why somebody did not prove who she is.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Address and password do not belong together.
    #[error("email and password do not belong together")]
    BadCredentials,
    /// Never a refresh token of ours, or its login has ended.
    #[error("the refresh token is not valid: log in again")]
    TokenInvalid,
    /// The refresh token was exchanged before.
    #[error("the refresh token was used before, so the login was ended: log in again")]
    TokenReused,
    /// The user has no such login.
    #[error("there is no login {0}")]
    UnknownLogin(Uuid),
    /// Too many attempts.
    #[error(transparent)]
    Attempt(#[from] AttemptError),
    /// The code was not accepted.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// A password could not be hashed or compared.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The command was not accepted.
    #[error(transparent)]
    Command(#[from] ExecuteError<UserError>),
    /// What is personal could not be sealed or opened.
    #[error(transparent)]
    Personal(#[from] PersonalError),
    /// The code could not be sent.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// The logins failed.
    #[error(transparent)]
    Logins(#[from] LoginError),
    /// A table beside the log failed.
    #[error("the credentials cannot be reached")]
    Database(#[from] sqlx::Error),
    /// The log cannot be asked.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log holds something that this program did not store.
    #[error(transparent)]
    Unreadable(#[from] DecodeError),
    /// The log answered with something that this program did not store.
    #[error("a stored answer is unreadable")]
    Answer,
    /// Sending was cut off.
    #[error("a code could not be sent: {0}")]
    CutOff(#[from] tokio::task::JoinError),
}

impl From<NoRandomness> for AuthError {
    fn from(error: NoRandomness) -> Self {
        Self::Code(error.into())
    }
}

impl Authentication {
    /// On these parts, with these threads for passwords.
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
        reply: impl Fn(&User, &[UserEvent]) -> Vec<u8>,
    ) -> Result<Committed, AuthError> {
        let command = UserCommand::Secure(command);
        let id = user_id.to_string();
        Ok(self.users.execute(&id, context, command, reply).await?)
    }

    /// The account as the log has it now, if it may be used.
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
        let aggregate = <User as cqrs_es::Aggregate>::TYPE;
        for event in self.log.read_aggregate(aggregate, &id, 0).await? {
            contact.apply(event.decode()?);
        }
        Ok(contact)
    }
}

/// The logins that these parts hold.
pub fn logins_of(resources: &Resources) -> Logins {
    let lifetime = TimeDelta::from_std(resources.settings.refresh_token_lifetime);
    let lifetime = lifetime.unwrap_or(TimeDelta::days(36_500));
    Logins::new(resources.pool.clone(), resources.lookup.clone(), lifetime)
}

/// Ends what the holder of a closed account could still prove herself by: her logins and codes.
async fn close(resources: &Resources, user_id: UserId) -> Result<(), AuthError> {
    logins_of(resources).end_all(user_id).await?;
    let codes = Codes::new(resources.pool.clone(), resources.lookup.clone());
    Ok(codes.withdraw(user_id, None).await?)
}

/// Forgets all that lies beside the log about how a user who is being erased proved who she was.
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

/// How a user is reached.
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
