//! Erasing users and children.
//!
//! The event comes first and is the decision. The steps that follow can be repeated any number of
//! times: children and profile are erased, the last mail is queued, the keys are destroyed, what
//! lies beside the log is deleted, the read tables are waited for, and the certificate is signed.
//! When they are interrupted, `FinishErasure` resumes them; the process `erasure` calls it for
//! every event.

mod certificate;
mod error;

use chrono::{DateTime, Utc};
use contracts::identity::v1::ErasureCertificate;
use eventsourcing::{
    Context, EventLog, RecordedEvent, Repository,
    personal::{Keyring, PersonalError},
};
use serde_json::json;
use service::{Call, Recorded};
use uuid::Uuid;

pub use error::ErasureError;

use super::{AccountChanges, ChildRecords};
use crate::{
    domain::{
        child::{Acting, Action, ChildCommand, ChildEvent},
        trainer::{Trainer, TrainerCommand},
        user::UserEvent,
        values::{ChildId, UserId},
    },
    mail::{MailError, NewMail, Outbox, Template},
    proofs::{Credentials, authentication},
    query,
    reference::OwnTables,
    resources::Resources,
};
use certificate::{Certificates, Erased, recorded};

/// The subject of an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A user, with the children they answer for.
    User(UserId),
    /// One child alone.
    Child(ChildId),
}

/// Erases users and children. Cheap to clone.
#[derive(Clone)]
pub struct Erasures {
    log: EventLog,
    trainers: Repository<Trainer>,
    changes: AccountChanges,
    records: ChildRecords,
    keyring: Keyring,
    beside: Beside,
    tables: OwnTables,
    certificates: Certificates,
}

/// What is held of a user beside the log.
#[derive(Clone)]
struct Beside {
    credentials: Credentials,
    outbox: Outbox,
    resources: Resources,
}

/// The event that decided an erasure.
struct Decision {
    event_id: Uuid,
    position: i64,
    erased_at: DateTime<Utc>,
}

impl Erasures {
    pub fn new(resources: &Resources, changes: &AccountChanges) -> Self {
        Self {
            log: resources.log.clone(),
            trainers: Repository::new(&resources.log),
            changes: changes.clone(),
            records: ChildRecords::new(resources),
            keyring: resources.keyring.clone(),
            beside: Beside {
                credentials: Credentials::new(resources.pool.clone()),
                outbox: resources.outbox.clone(),
                resources: resources.clone(),
            },
            tables: OwnTables::new(resources),
            certificates: Certificates::new(resources),
        }
    }

    /// Erases a subject for somebody, unless something `paid_ahead` holds it back, and returns when
    /// that is finished.
    pub async fn erase(
        &self,
        call: &Call,
        context: Context,
        subject: Subject,
        acting: Acting,
        paid_ahead: bool,
        now: DateTime<Utc>,
    ) -> Result<Recorded<ErasureCertificate>, ErasureError> {
        match subject {
            Subject::User(user_id) => {
                let changes = &self.changes;
                changes.erase(context, user_id, paid_ahead, now).await?;
            }
            Subject::Child(child_id) => {
                let command = ChildCommand {
                    child_id,
                    acting,
                    now,
                    action: Action::Erase { paid_ahead },
                };
                self.records.record(context, command).await?;
            }
        }
        Ok(recorded(self.finish(call, subject).await?))
    }

    /// Finishes an erasure that was decided.
    pub async fn finish(
        &self,
        call: &Call,
        subject: Subject,
    ) -> Result<ErasureCertificate, ErasureError> {
        let id = match subject {
            Subject::User(user_id) => user_id.uuid(),
            Subject::Child(child_id) => child_id.uuid(),
        };
        if let Some(certificate) = self.certificates.of(id).await? {
            return Ok(certificate);
        }
        let erased = match subject {
            Subject::User(user_id) => self.finish_user(call, user_id).await?,
            Subject::Child(child_id) => self.finish_child(child_id).await?,
        };
        Ok(self.certificates.issue(id, erased).await?)
    }

    async fn finish_user(&self, call: &Call, user_id: UserId) -> Result<Erased, ErasureError> {
        let decision = self.decision("user", user_id.uuid(), of_user).await?;
        let mut erased = Erased {
            child_ids: Vec::new(),
            keys: Vec::new(),
            position: decision.position,
            decided_at: decision.erased_at,
        };
        let look = |pool| query::children_of(pool, user_id);
        for child in self.tables.children(look).await? {
            self.take_along(call, &decision, child.id, &mut erased)
                .await?;
        }
        self.take_profile(call, &decision, user_id, &mut erased)
            .await?;
        self.say_goodbye(user_id, &decision).await?;
        let key = self.keyring.destroy(user_id.uuid()).await?;
        erased.keys.insert(0, key);
        self.beside.delete(user_id).await?;
        self.tables.catch_up().await?;
        Ok(erased)
    }

    async fn finish_child(&self, child_id: ChildId) -> Result<Erased, ErasureError> {
        let decision = self.decision("child", child_id.uuid(), of_child).await?;
        let keys = self.records.forget(child_id).await?;
        self.tables.catch_up().await?;
        Ok(Erased {
            child_ids: vec![child_id.uuid()],
            keys,
            position: decision.position,
            decided_at: decision.erased_at,
        })
    }

    /// Erases a child with their guardian. Whether bookings lie ahead was checked before.
    async fn take_along(
        &self,
        call: &Call,
        decision: &Decision,
        child_id: ChildId,
        erased: &mut Erased,
    ) -> Result<(), ErasureError> {
        let command = ChildCommand {
            child_id,
            acting: Acting::System,
            now: decision.erased_at,
            action: Action::Erase { paid_ahead: false },
        };
        let context = follows(call, decision);
        let committed = self.records.record(context, command).await?;
        erased.position = erased.position.max(committed.position);
        erased.child_ids.push(child_id.uuid());
        erased.keys.extend(self.records.forget(child_id).await?);
        Ok(())
    }

    /// Erases a trainer's profile with the trainer.
    async fn take_profile(
        &self,
        call: &Call,
        decision: &Decision,
        user_id: UserId,
        erased: &mut Erased,
    ) -> Result<(), ErasureError> {
        let id = user_id.to_string();
        if self.trainers.load(&id).await?.is_none() {
            return Ok(());
        }
        let now = decision.erased_at;
        let command = TrainerCommand::Erase { now };
        let committed = self
            .trainers
            .execute(&id, follows(call, decision), command, |_, _| Vec::new())
            .await?;
        erased.position = erased.position.max(committed.position);
        Ok(())
    }

    /// Queues the last mail, if the address can still be read.
    async fn say_goodbye(&self, user_id: UserId, decision: &Decision) -> Result<(), ErasureError> {
        let types = ["UserRegistered", "EmailChanged"];
        let id = user_id.to_string();
        let last = self.log.last_of("user", &id, &types).await?;
        let last = last.map(|event| event.decode());
        let Some(UserEvent::UserRegistered { email, .. } | UserEvent::EmailChanged { email, .. }) =
            last.transpose()?
        else {
            return Ok(());
        };
        let sealer = match self.keyring.sealer(user_id.uuid()).await {
            Err(PersonalError::Erased(_)) => return Ok(()),
            sealer => sealer?,
        };
        let mail = NewMail {
            cause: decision.event_id,
            template: Template::AccountErased,
            user_id,
            to: email,
            values: sealer.seal(&json!({ "occurred_at": decision.erased_at }))?,
        };
        match self.beside.outbox.queue(mail).await {
            Ok(_) | Err(MailError::Erased) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Finds the event that decided the erasure.
    async fn decision(
        &self,
        aggregate_type: &str,
        id: Uuid,
        when: fn(&RecordedEvent) -> Option<DateTime<Utc>>,
    ) -> Result<Decision, ErasureError> {
        let types = ["UserErased", "ChildErased"];
        let subject = id.to_string();
        let event = self.log.last_of(aggregate_type, &subject, &types).await?;
        let decision = event.and_then(|event| {
            Some(Decision {
                event_id: event.event_id,
                position: event.position,
                erased_at: when(&event)?,
            })
        });
        decision.ok_or(ErasureError::NotErased(id))
    }
}

impl Beside {
    async fn delete(&self, user_id: UserId) -> Result<(), ErasureError> {
        self.credentials.discard(user_id).await?;
        authentication::forget(&self.resources, user_id).await?;
        Ok(self.outbox.blank(user_id).await?)
    }
}

fn of_user(event: &RecordedEvent) -> Option<DateTime<Utc>> {
    match event.decode() {
        Ok(UserEvent::UserErased { erased_at, .. }) => Some(erased_at),
        _ => None,
    }
}

fn of_child(event: &RecordedEvent) -> Option<DateTime<Utc>> {
    match event.decode() {
        Ok(ChildEvent::ChildErased { erased_at, .. }) => Some(erased_at),
        _ => None,
    }
}

/// The context of a command that follows from a decision.
fn follows(call: &Call, decision: &Decision) -> Context {
    Context {
        causation_id: Some(decision.event_id),
        ..call.follow_up()
    }
}
