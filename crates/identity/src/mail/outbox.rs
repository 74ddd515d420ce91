//! The outbox: messages that wait to be sent.

use std::sync::Arc;

use eventsourcing::personal::{Keyring, Opened, Opener, Personal, PersonalError};
use serde_json::Value;

use sqlx::PgPool;
use tokio::sync::Notify;
use uuid::Uuid;

use super::leases::{Leased, TEXT};
use super::{Template, Templates, TemplatesError};
use crate::IdentitySettings;
use crate::domain::values::{EmailAddress, EmailId, PhoneNumber, UserId};

/// The namespace of the ids of messages.
const NAMESPACE: Uuid = Uuid::from_u128(0x51c4_4f0e_8a0d_4b7c_9b0e_7e3d_1f6a_c215);

/// Takes messages, each once for its cause, template and user. Cheap to clone; every clone wakes
/// the sender of the same process.
#[derive(Clone)]
pub struct Outbox {
    pub(super) pool: PgPool,
    keyring: Keyring,
    pub(super) templates: Arc<Templates>,
    platform: Arc<str>,
    takes_mail: bool,
    takes_texts: bool,
    queued: Arc<Notify>,
}

/// A mail that is to be sent.
#[derive(Clone, Debug)]
pub struct NewMail {
    /// The event or verification that causes the mail.
    pub cause: Uuid,
    pub template: Template,
    /// The user for whom the message is.
    pub user_id: UserId,
    /// The recipient, sealed under the user.
    pub to: Personal<EmailAddress>,
    /// The values that [`Template`] names, sealed under the user.
    pub values: Personal<Value>,
}

/// A text message that is to be sent. It counts as a message with a code.
#[derive(Clone, Debug)]
pub struct NewText {
    /// The verification that causes the message.
    pub cause: Uuid,
    /// The user for whom the message is.
    pub user_id: UserId,
    /// The recipient, sealed under the user.
    pub to: Personal<PhoneNumber>,
    /// The text, sealed under the user.
    pub text: Personal<String>,
}

/// Why a message was not queued.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("the recipient was erased")]
    Erased,
    #[error("recipient and values of a message must be sealed under its user")]
    OtherSubject,
    #[error("the template {template} needs {}", .missing.join(", "))]
    Values {
        template: &'static str,
        missing: Vec<&'static str>,
    },
    #[error("the template cannot be rendered")]
    Template(#[from] minijinja::Error),
    #[error("this deployment cannot send text messages")]
    TextsUnavailable,
    #[error(transparent)]
    Personal(PersonalError),
    #[error("the outbox cannot be reached")]
    Database(#[from] sqlx::Error),
}

impl From<PersonalError> for MailError {
    fn from(error: PersonalError) -> Self {
        match error {
            PersonalError::Erased(_) => Self::Erased,
            error => Self::Personal(error),
        }
    }
}

impl Outbox {
    pub fn new(
        pool: PgPool,
        keyring: Keyring,
        settings: &IdentitySettings,
    ) -> Result<Self, TemplatesError> {
        Ok(Self {
            pool,
            keyring,
            templates: Arc::new(Templates::new(settings)?),
            platform: settings.mail.platform.as_str().into(),
            takes_mail: settings.mail.smtp_url.is_some() || settings.mail.directory.is_some(),
            takes_texts: settings.mail.directory.is_some(),
            queued: Arc::default(),
        })
    }

    /// Queues a mail, and returns whether it was queued. A mail of the same cause, template and
    /// user stays as it is. A mail that announces an erasure is not queued where nothing can be
    /// sent, because it would keep what was to be erased. The mail is durable when this returns.
    pub async fn queue(&self, mail: NewMail) -> Result<bool, MailError> {
        let NewMail {
            cause,
            template,
            user_id,
            to,
            values,
        } = mail;
        if template == Template::AccountErased && !self.takes_mail {
            return Ok(false);
        }
        let subject = user_id.uuid();
        if to.subject() != subject || values.subject() != subject {
            return Err(MailError::OtherSubject);
        }
        let opener = self.keyring.opener([subject]).await?;
        let (Opened::Known(address), Opened::Known(known)) =
            (opener.open(&to)?, opener.open(&values)?)
        else {
            return Err(MailError::Erased);
        };
        let missing = template.missing(&known);
        if !missing.is_empty() {
            let template = template.name();
            return Err(MailError::Values { template, missing });
        }
        let id = message_id(cause, template.name(), user_id);
        let content = self.templates.render(template, &known)?;
        let (to, values, sealer) = if template == Template::AccountErased {
            // The user's key will be gone when it is sent.
            let sealer = match self.keyring.sealer(id.uuid()).await {
                Err(PersonalError::Erased(_)) => return Ok(false),
                sealer => sealer?,
            };
            (sealer.seal(&address)?, sealer.seal(&known)?, sealer)
        } else {
            (to, values, self.keyring.sealer(subject).await?)
        };
        let subject = sealer.seal(&content.subject)?;
        let body = if template.carries_code() {
            None
        } else {
            Some(sealer.seal(&content.text)?)
        };
        let row = NewRow {
            id,
            user_id,
            cause,
            template: template.name(),
            recipient: to.as_sealed(),
            subject: subject.as_sealed(),
            body: body.as_ref().map_or("", Personal::as_sealed),
            parameters: values.as_sealed(),
        };
        self.insert(row).await
    }

    /// Queues a text message, and returns whether it was queued, as [`Outbox::queue`] does. Text
    /// messages are written as files, so they need a directory.
    pub async fn queue_text(&self, text: NewText) -> Result<bool, MailError> {
        if !self.takes_texts {
            return Err(MailError::TextsUnavailable);
        }
        let NewText {
            cause,
            user_id,
            to,
            text,
        } = text;
        let subject = user_id.uuid();
        if to.subject() != subject || text.subject() != subject {
            return Err(MailError::OtherSubject);
        }
        let sealer = self.keyring.sealer(subject).await?;
        let subject = sealer.seal(&format!("Text message of {}", self.platform))?;
        let row = NewRow {
            id: message_id(cause, TEXT, user_id),
            user_id,
            cause,
            template: TEXT,
            recipient: to.as_sealed(),
            subject: subject.as_sealed(),
            body: "",
            parameters: text.as_sealed(),
        };
        self.insert(row).await
    }

    /// Blanks the messages of a user who is being erased. Messages that wait are not sent any more,
    /// except the one that announces the erasure: it is sealed under a key of its own, which is
    /// destroyed as soon as that mail was sent or given up.
    pub async fn blank(&self, user_id: UserId) -> Result<(), MailError> {
        sqlx::query(
            "update emails set recipient = '', subject = '', body = '', parameters = '', lease = null, \
                    status = case when status in ('SENT', 'FAILED') then status else 'ERASED' end \
             where user_id = $1 and template <> $2",
        )
        .bind(user_id.uuid())
        .bind(Template::AccountErased.name())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Queues a message again that was sent or given up, unless it carried a code. A repeated
    /// request changes nothing.
    pub async fn resend(
        &self,
        request_id: Uuid,
        email_id: EmailId,
        requested_by: UserId,
    ) -> Result<Resent, MailError> {
        let mut transaction = eventsourcing::begin(&self.pool).await?;
        let is_new = sqlx::query(
            "insert into email_resends (request_id, email_id, requested_by) values ($1, $2, $3) \
             on conflict do nothing",
        )
        .bind(request_id)
        .bind(email_id.uuid())
        .bind(requested_by.uuid())
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if is_new == 0 {
            let same: bool = sqlx::query_scalar(
                "select email_id = $2 and requested_by = $3 from email_resends where request_id = $1",
            )
            .bind(request_id)
            .bind(email_id.uuid())
            .bind(requested_by.uuid())
            .fetch_one(&mut *transaction)
            .await?;
            return Ok(if same {
                Resent::Queued
            } else {
                Resent::RequestReused
            });
        }
        let queued = sqlx::query(
            "update emails \
             set status = 'QUEUED', attempts = 0, resends = resends + 1, last_error = '', \
                 queued_at = clock_timestamp(), next_attempt_at = clock_timestamp() \
             where id = $1 and status in ('SENT', 'FAILED') and parameters <> ''",
        )
        .bind(email_id.uuid())
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if queued == 0 {
            return Ok(Resent::NotPossible);
        }
        transaction.commit().await?;
        self.queued.notify_one();
        Ok(Resent::Queued)
    }

    /// Returns when something was queued in this process.
    pub(super) async fn queued(&self) {
        self.queued.notified().await;
    }

    /// The opener for what a message has sealed.
    pub(super) async fn opener(&self, leased: &Leased) -> Result<Opener, MailError> {
        let sealed = [&leased.recipient, &leased.parameters];
        let subjects = sealed.map(|column| column.personal().map(Personal::subject));
        Ok(self.keyring.opener(subjects.into_iter().flatten()).await?)
    }

    /// Seals the text of a mail; the result is empty when the user was erased meanwhile.
    pub(super) async fn seal_body(
        &self,
        user_id: UserId,
        body: Option<String>,
    ) -> Result<String, MailError> {
        let Some(body) = body else {
            return Ok(String::new());
        };
        match self.keyring.sealer(user_id.uuid()).await {
            Ok(sealer) => Ok(sealer.seal(&body)?.as_sealed().to_owned()),
            Err(PersonalError::Erased(_)) => Ok(String::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Destroys the key of a message that has its own.
    pub(super) async fn forget(&self, id: EmailId) -> Result<(), MailError> {
        self.keyring.destroy(id.uuid()).await?;
        Ok(())
    }

    async fn insert(&self, row: NewRow<'_>) -> Result<bool, MailError> {
        let inserted = sqlx::query(
            "insert into emails (id, user_id, cause, template, recipient, subject, body, parameters) \
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
        )
        .bind(row.id.uuid())
        .bind(row.user_id.uuid())
        .bind(row.cause)
        .bind(row.template)
        .bind(row.recipient)
        .bind(row.subject)
        .bind(row.body)
        .bind(row.parameters)
        .execute(&self.pool)
        .await?;
        self.queued.notify_one();
        Ok(inserted.rows_affected() == 1)
    }
}

/// The result of a request to send a message again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resent {
    /// The message is queued again, by this request or when it came before.
    Queued,
    /// The message waits to be sent, carried a code, or is blank.
    NotPossible,
    /// The request id belongs to another message or admin.
    RequestReused,
}

struct NewRow<'a> {
    id: EmailId,
    user_id: UserId,
    cause: Uuid,
    template: &'a str,
    recipient: &'a str,
    subject: &'a str,
    body: &'a str,
    parameters: &'a str,
}

/// The id of a message, which is the same for the same cause, template and user.
fn message_id(cause: Uuid, template: &str, user_id: UserId) -> EmailId {
    let name = format!("{cause}/{template}/{user_id}");
    Uuid::new_v5(&NAMESPACE, name.as_bytes()).into()
}
