use chrono::{DateTime, SecondsFormat, Utc};
use eventsourcing::personal::Personal;
use eventsourcing::{Committed, Context, ExecuteError};
use serde_json::json;
use service::Recorded;
use uuid::Uuid;

use super::{AuthError, Authentication, Contact};
use crate::domain::user::{Channel, EMAIL_SCOPE, Purpose, SecurityCommand, UserError};
use crate::domain::values::{EmailAddress, PhoneNumber, UserId};
use crate::mail::{MailError, NewMail, NewText, Template};
use crate::personal::email_key;
use crate::proofs::Password;
use crate::proofs::codes::{About, Codes, Fresh, Proven};

/// The address or number to which a code is sent.
enum Target {
    Mail(Template, Personal<EmailAddress>, Option<String>),
    Text(Personal<PhoneNumber>),
}

impl Authentication {
    /// Sends a code to the address or the number of the account, and returns when it expires.
    pub async fn request_verification(
        &self,
        context: Context,
        user_id: UserId,
        channel: Channel,
        now: DateTime<Utc>,
    ) -> Result<Recorded<DateTime<Utc>>, AuthError> {
        if channel == Channel::Phone && !self.texts_available {
            return Err(MailError::TextsUnavailable.into());
        }
        let tried = self.letters.by(&user_id.to_string());
        self.letters.count(&tried, now).await?;
        let contact = self.contact(user_id).await?;
        let target = match channel {
            Channel::Email => contact
                .email
                .clone()
                .map(|email| Target::Mail(Template::VerifyEmail, email, None)),
            Channel::Phone => contact.phone_number.clone().map(Target::Text),
        };
        let about = About {
            user_id,
            purpose: Purpose::Verification,
            channel,
        };
        self.send(context, about, contact, target, now).await
    }

    /// Sends a code to an address that is to become the login address of the account, and returns
    /// when it expires.
    pub async fn request_email_change(
        &self,
        context: Context,
        user_id: UserId,
        email: &EmailAddress,
        password: Password,
        now: DateTime<Utc>,
    ) -> Result<Recorded<DateTime<Utc>>, AuthError> {
        self.prove_password(user_id, password, now).await?;
        let tried = self.letters.by(&user_id.to_string());
        self.letters.count(&tried, now).await?;
        let key = email_key(&self.lookup, email);
        if self.log.claim_owner(EMAIL_SCOPE, &key).await?.is_some() {
            let scope = EMAIL_SCOPE.to_owned();
            return Err(ExecuteError::ClaimTaken { scope, key }.into());
        }
        let contact = self.contact(user_id).await?;
        let sealed = self.keyring.sealer(user_id.uuid()).await?.seal(email)?;
        let about = About {
            user_id,
            purpose: Purpose::EmailChange,
            channel: Channel::Email,
        };
        let target = Target::Mail(Template::ConfirmNewEmail, sealed, Some(key));
        self.send(context, about, contact, Some(target), now).await
    }

    /// Accepts a code that proves whose address or number it is.
    pub async fn verify(
        &self,
        context: Context,
        user_id: UserId,
        channel: Channel,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Recorded<()>, AuthError> {
        let purpose = Purpose::Verification;
        let proven = self
            .prove_code(&context, user_id, purpose, channel, code, now)
            .await?;
        let command = SecurityCommand::Verify {
            verification_id: proven.id,
            channel,
            now,
        };
        self.record(user_id, context, command).await
    }

    /// Accepts a code that lets another address replace the login address.
    pub async fn change_email(
        &self,
        context: Context,
        user_id: UserId,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Recorded<()>, AuthError> {
        let purpose = Purpose::EmailChange;
        let proven = self
            .prove_code(&context, user_id, purpose, Channel::Email, code, now)
            .await?;
        let command = SecurityCommand::ChangeEmail {
            verification_id: proven.id,
            email: Personal::from_sealed(&proven.target)?,
            email_key: proven.target_key.ok_or(AuthError::Answer)?,
            now,
        };
        let committed = self.record(user_id, context, command).await?;
        // The row of this code stays, so that the request can be repeated.
        self.codes.withdraw(user_id, Some(purpose)).await?;
        Ok(committed)
    }

    async fn prove_code(
        &self,
        context: &Context,
        user_id: UserId,
        purpose: Purpose,
        channel: Channel,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Proven, AuthError> {
        let about = About {
            user_id,
            purpose,
            channel,
        };
        let request_id = context.request.ok_or(AuthError::Answer)?.id;
        Ok(self.codes.prove(about, code, request_id, now).await?)
    }

    /// Records a code, then sends it. A repeated request finds the code of the first request, and
    /// sends a new one in its place only if none was sent.
    async fn send(
        &self,
        context: Context,
        about: About,
        contact: Contact,
        target: Option<Target>,
        now: DateTime<Utc>,
    ) -> Result<Recorded<DateTime<Utc>>, AuthError> {
        let fresh = Codes::make(about.purpose, now)?;
        let command = SecurityCommand::RequestVerification {
            verification_id: fresh.id,
            purpose: about.purpose,
            channel: about.channel,
            expires_at: fresh.expires_at,
            now,
        };
        let answer = answer(&fresh);
        let committed = self
            .secure(about.user_id, context, command, |_, _| answer.clone())
            .await?;
        let sent = read_answer(&committed)?;
        let expires_at = sent.expires_at;
        let letter = Fresh {
            text: fresh.text,
            ..sent
        };
        // The aggregate has refused already where there is nothing to send to.
        let target = target.ok_or(ExecuteError::Refused(UserError::NoPhoneNumber))?;
        self.deliver(about, contact, letter, target, now).await?;
        Ok(Recorded {
            outcome: expires_at,
            position: committed.position,
        })
    }

    /// Queues a letter and stores the code in it, even if the caller goes away meanwhile.
    async fn deliver(
        &self,
        about: About,
        contact: Contact,
        letter: Fresh,
        target: Target,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        let this = self.clone();
        tokio::spawn(async move {
            match target {
                Target::Mail(template, to, key) => {
                    let mail = this.mail(about, contact, &letter, template, &to).await?;
                    if this.outbox.queue(mail).await? {
                        this.codes
                            .store(about, &letter, &to, key.as_deref(), now)
                            .await?;
                    }
                }
                Target::Text(to) => {
                    let text = this.text(about.user_id, &letter, &to).await?;
                    if this.outbox.queue_text(text).await? {
                        this.codes.store(about, &letter, &to, None, now).await?;
                    }
                }
            }
            Ok(())
        })
        .await?
    }

    async fn mail(
        &self,
        about: About,
        contact: Contact,
        letter: &Fresh,
        template: Template,
        to: &Personal<EmailAddress>,
    ) -> Result<NewMail, AuthError> {
        let user_id = about.user_id;
        let opener = self.keyring.opener([user_id.uuid()]).await?;
        let first_name = contact
            .first_name
            .map(|name| opener.open(&name))
            .transpose()?;
        let expires_at = letter.expires_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let mut values = json!({"code": letter.text, "expires_at": expires_at});
        if let Some(first_name) = first_name.and_then(eventsourcing::personal::Opened::known) {
            values["first_name"] = first_name.into();
        }
        Ok(NewMail {
            cause: letter.id,
            template,
            user_id,
            to: to.clone(),
            values: self.keyring.sealer(user_id.uuid()).await?.seal(&values)?,
        })
    }

    async fn text(
        &self,
        user_id: UserId,
        letter: &Fresh,
        to: &Personal<PhoneNumber>,
    ) -> Result<NewText, AuthError> {
        let text = format!("Your code is {}. It is good for ten minutes.", letter.text);
        Ok(NewText {
            cause: letter.id,
            user_id,
            to: to.clone(),
            text: self.keyring.sealer(user_id.uuid()).await?.seal(&text)?,
        })
    }

    /// Records and sends a reset token to the holder of an address, if there is one.
    pub(super) async fn send_reset(
        &self,
        context: Context,
        key: &str,
        now: DateTime<Utc>,
    ) -> Result<(), AuthError> {
        let holder = self.log.claim_owner(EMAIL_SCOPE, key).await?;
        let Some(user_id) = holder.and_then(|id| id.parse::<Uuid>().ok()) else {
            return Ok(());
        };
        let user_id = UserId::from(user_id);
        let about = About {
            user_id,
            purpose: Purpose::PasswordReset,
            channel: Channel::Email,
        };
        let letter = Codes::make(about.purpose, now)?;
        let command = SecurityCommand::RequestPasswordReset {
            verification_id: letter.id,
            expires_at: letter.expires_at,
            now,
        };
        self.record(user_id, context, command).await?;
        let contact = self.contact(user_id).await?;
        let email = contact.email.clone().ok_or(AuthError::Answer)?;
        let target = Target::Mail(Template::ResetPassword, email, None);
        self.deliver(about, contact, letter, target, now).await
    }
}

/// The answer that is stored with the request: which code, and when it expires.
fn answer(fresh: &Fresh) -> Vec<u8> {
    let until = fresh.expires_at.timestamp_micros().to_be_bytes();
    [&fresh.id.as_bytes()[..], &until].concat()
}

fn read_answer(committed: &Committed) -> Result<Fresh, AuthError> {
    let (id, until) = committed
        .reply
        .split_first_chunk::<16>()
        .ok_or(AuthError::Answer)?;
    let until = until.try_into().map_err(|_| AuthError::Answer)?;
    let expires_at = DateTime::from_timestamp_micros(i64::from_be_bytes(until));
    Ok(Fresh {
        id: Uuid::from_bytes(*id),
        text: String::new(),
        expires_at: expires_at.ok_or(AuthError::Answer)?,
    })
}
