//! The worker that sends the messages of the outbox.

use std::time::Duration;

use chrono::Utc;
use eventsourcing::personal::PersonalError;
use futures::future::join_all;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use serde_json::Value;
use service::Metrics;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::leases::{self, Keep, Leased, TEXT};
use super::template::instant;
use super::transport::{Envelope, Outcome};
use super::{MailError, Outbox, Template, Transport};

/// This many messages are sent at the same time.
const AT_ONCE: i64 = 8;
/// The pause between two looks for what other processes have queued, and for further attempts.
const LOOK: Duration = Duration::from_secs(1);
/// The pause after a failure of the database.
const PAUSE: Duration = Duration::from_secs(5);
/// The pauses before it is tried again to record that a message was sent.
const RECORD_AGAIN: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
];
/// What is under way when the process stops may take this long.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// When a message is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The pause after the first failure; it doubles after each further one.
    pub first: Duration,
    /// The longest pause between two attempts.
    pub longest: Duration,
    /// A message that would be tried again later than this after it was queued has failed.
    pub limit: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(10),
            longest: Duration::from_mins(30),
            limit: Duration::from_hours(24),
        }
    }
}

impl Patience {
    /// The pause, with up to a quarter more at random, so that what failed together is not tried
    /// together.
    fn pause(&self, attempts: i32) -> Duration {
        let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(20);
        let pause = self.first.saturating_mul(1 << doublings).min(self.longest);
        let chance = u32::from(Uuid::new_v4().as_bytes()[0]);
        pause + pause * chance / 1024
    }
}

/// The figures of mail and text messages for `/metrics`.
#[derive(Clone, Default)]
struct Figures {
    sent: Counter,
    failed: Counter,
    waiting: Gauge,
}

/// Sends the messages of an outbox. Any number of senders may work on one outbox, in any number of
/// processes, and each may be killed at any moment: another one sends what it was sending when the
/// lease has ended, as the same message with the same id.
pub struct Sender {
    outbox: Outbox,
    transport: Transport,
    patience: Patience,
    figures: Figures,
}

impl Sender {
    pub fn new(outbox: Outbox, transport: Transport, patience: Patience) -> Self {
        Self {
            outbox,
            transport,
            patience,
            figures: Figures::default(),
        }
    }

    /// Registers the figures; this must be done once for each `Metrics`.
    #[must_use]
    pub fn measured(self, metrics: &Metrics) -> Self {
        let Figures {
            sent,
            failed,
            waiting,
        } = self.figures.clone();
        metrics.register("mails_sent", "Mail and text messages that were sent", sent);
        metrics.register(
            "mails_failed",
            "Mail and text messages that were given up",
            failed,
        );
        metrics.register(
            "mails_waiting",
            "Mail and text messages that are not sent yet",
            waiting,
        );
        self
    }

    /// Sends until the process stops.
    pub async fn run(self, stop: CancellationToken) {
        if !self.transport.takes_mail() {
            tracing::warn!(
                "neither DIVINETIME_SMTP_URL nor DIVINETIME_MAIL_DIRECTORY is set: mail waits in the outbox"
            );
        }
        let deadline = async {
            stop.cancelled().await;
            tokio::time::sleep(LAST_WORDS).await;
        };
        tokio::select! {
            () = self.work(&stop) => {}
            () = deadline => {}
        }
    }

    async fn work(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            let pause = match self.step().await {
                Ok(0) => LOOK,
                Ok(_) => continue,
                Err(error) => {
                    tracing::error!(%error, "the outbox cannot be worked on");
                    PAUSE
                }
            };
            tokio::select! {
                () = self.outbox.queued() => {}
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Sends the messages whose time has come, a handful at most. Returns how many it tried.
    pub async fn step(&self) -> Result<usize, MailError> {
        let (mail, texts) = (self.transport.takes_mail(), self.transport.takes_texts());
        let taken = leases::take(&self.outbox.pool, AT_ONCE, mail, texts).await?;
        let outcomes = join_all(taken.iter().map(|leased| self.attempt(leased))).await;
        let waiting = leases::waiting(&self.outbox.pool).await?;
        self.figures.waiting.set(waiting);
        outcomes.into_iter().collect::<Result<(), _>>()?;
        Ok(taken.len())
    }

    async fn attempt(&self, leased: &Leased) -> Result<(), MailError> {
        let (outcome, body) = match self.send(leased).await {
            Ok(attempted) => attempted,
            // This is no fault of the message: a key or the database is not available now.
            Err(MailError::Database(error)) => return Err(error.into()),
            Err(MailError::Erased) => (refused("the recipient was erased"), None),
            Err(MailError::Personal(PersonalError::Damaged(_))) => {
                (refused("the message is damaged"), None)
            }
            Err(error) => {
                tracing::error!(%error, email.id = %leased.id, "a message cannot be opened");
                let reason = "the message cannot be opened".to_owned();
                (Outcome::Later(reason), None)
            }
        };
        self.settle(leased, outcome, body).await
    }

    /// Records that a mail was sent. An unrecorded mail would be sent twice, so a database that
    /// fails for a moment is asked again.
    async fn record_sent(&self, leased: &Leased, body: Option<String>) -> Result<(), MailError> {
        let body = self.outbox.seal_body(leased.user_id, body).await?;
        let message_id = self.transport.message_id(leased.id, leased.resends);
        let keep = keep(&leased.template);
        for pause in RECORD_AGAIN {
            let recorded = leases::sent(&self.outbox.pool, leased, keep, &message_id, &body).await;
            match recorded {
                Err(error) => {
                    tracing::warn!(%error, email.id = %leased.id, "a sent message is not recorded yet");
                }
                Ok(()) => return Ok(()),
            }
            tokio::time::sleep(pause).await;
        }
        Ok(leases::sent(&self.outbox.pool, leased, keep, &message_id, &body).await?)
    }

    /// Sends a message. Returns its text as well, unless it carried a code.
    async fn send(&self, leased: &Leased) -> Result<(Outcome, Option<String>), MailError> {
        let opener = self.outbox.opener(leased).await?;
        let (Some(to), Some(values)) = (
            leased.recipient.open(&opener)?,
            leased.parameters.open(&opener)?,
        ) else {
            return Err(MailError::Erased);
        };
        let about = leased.template.to_lowercase().replace('_', "-");
        let envelope = Envelope {
            id: leased.id,
            resends: leased.resends,
            about: &about,
            to: to.as_str().unwrap_or_default(),
            queued_at: leased.queued_at,
        };
        if leased.template == TEXT {
            let text = values.as_str().unwrap_or_default();
            return Ok((self.transport.text(&envelope, text).await, None));
        }
        let Ok(template) = leased.template.parse::<Template>() else {
            return Ok((refused("the template is unknown"), None));
        };
        if has_expired(template, &values) {
            return Ok((refused("the code has expired"), None));
        }
        let Ok(content) = self.outbox.templates.render(template, &values) else {
            return Ok((refused("the template cannot be rendered"), None));
        };
        let outcome = self.transport.mail(&envelope, &content).await;
        let kept = keep(&leased.template) == Keep::All;
        Ok((outcome, kept.then_some(content.text)))
    }

    async fn settle(
        &self,
        leased: &Leased,
        outcome: Outcome,
        body: Option<String>,
    ) -> Result<(), MailError> {
        let pool = &self.outbox.pool;
        let keep = keep(&leased.template);
        let pause = self.patience.pause(leased.attempts);
        let outcome = match outcome {
            Outcome::Later(reason) if leased.age + pause > self.patience.limit => {
                Outcome::Refused(format!("given up: {reason}"))
            }
            outcome => outcome,
        };
        let (id, template, attempts) = (leased.id, &leased.template, leased.attempts);
        match outcome {
            Outcome::Sent => {
                tracing::info!(email.id = %id, email.template = %template, email.attempts = attempts, "message sent");
                self.figures.sent.inc();
                self.record_sent(leased, body).await?;
            }
            Outcome::Refused(reason) => {
                tracing::error!(email.id = %id, email.template = %template, email.attempts = attempts, reason, "message cannot be sent");
                self.figures.failed.inc();
                leases::failed(pool, leased, keep, &reason).await?;
            }
            Outcome::Later(reason) => {
                tracing::warn!(email.id = %id, email.template = %template, email.attempts = attempts, reason, "message will be tried again");
                return Ok(leases::later(pool, leased, pause, &reason).await?);
            }
        }
        if keep == Keep::Nothing {
            self.outbox.forget(id).await?;
        }
        Ok(())
    }
}

fn refused(reason: &str) -> Outcome {
    Outcome::Refused(reason.to_owned())
}

/// Whether the code in the mail has expired.
fn has_expired(template: Template, values: &Value) -> bool {
    let expires_at = values.get("expires_at").and_then(Value::as_str);
    template.carries_code()
        && expires_at
            .and_then(instant)
            .is_some_and(|expires_at| expires_at <= Utc::now())
}

/// What is kept of a message with this template.
fn keep(template: &str) -> Keep {
    match template.parse::<Template>() {
        Ok(Template::AccountErased) => Keep::Nothing,
        Ok(template) if !template.carries_code() => Keep::All,
        _ => Keep::Envelope,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_vary_by_a_quarter() {
        let patience = Patience::default();
        for (attempts, seconds) in [(1, 10), (2, 20), (5, 160), (9, 1_800), (1_000, 1_800)] {
            let shortest = Duration::from_secs(seconds);
            for _ in 0..50 {
                let pause = patience.pause(attempts);
                assert!(
                    (shortest..=shortest * 5 / 4).contains(&pause),
                    "{attempts}: {pause:?}"
                );
            }
        }
    }

    #[test]
    fn of_what_carries_a_code_the_envelope_alone_is_kept() {
        for template in [
            "VERIFY_EMAIL",
            "RESET_PASSWORD",
            "CONFIRM_NEW_EMAIL",
            TEXT,
            "UNKNOWN",
        ] {
            assert_eq!(keep(template), Keep::Envelope, "{template}");
        }
        assert_eq!(keep("WELCOME"), Keep::All);
        assert_eq!(keep("ACCOUNT_ERASED"), Keep::Nothing);
    }
}
