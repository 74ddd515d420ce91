//! Children's records and the keys that seal them. Keys that a command makes obsolete are destroyed
//! at once; the process `child_keys` repeats it until it has succeeded.

use eventsourcing::{
    Context, EventLog, ExecuteError, LogError, Repository,
    personal::{DestroyedKey, Keyring, PersonalError, Sealer},
};
use prost::{DecodeError, Message};
use service::Recorded;
use uuid::Uuid;

use crate::domain::{
    child::{Acting, Child, ChildCommand, ChildError},
    values::ChildId,
};

/// The records of all children. Cheap to clone.
#[derive(Clone)]
pub struct ChildRecords {
    children: Repository<Child>,
    keyring: Keyring,
}

/// Why a command on a child's record failed, or was not finished.
#[derive(Debug, thiserror::Error)]
pub enum ChildRecordError {
    /// Nothing is known of the child, or the caller does not answer for them.
    #[error("there is no child {0}")]
    NotFound(ChildId),
    #[error(transparent)]
    Command(#[from] ExecuteError<ChildError>),
    /// The command is recorded, but the keys that it made obsolete were not destroyed yet.
    #[error(transparent)]
    Keys(#[from] PersonalError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("a stored answer is unreadable")]
    Answer(#[from] DecodeError),
}

impl ChildRecords {
    pub fn new(log: &EventLog, keyring: &Keyring) -> Self {
        Self {
            children: Repository::new(log),
            keyring: keyring.clone(),
        }
    }

    /// A child as the log has it now; `None` if nothing is known of them.
    pub async fn load(&self, child_id: ChildId) -> Result<Option<Child>, LogError> {
        self.children.load(&child_id.to_string()).await
    }

    /// The record of a child that the caller answers for; admins and services get any. The log is
    /// asked, so that a former guardian finds no child from the moment of the transfer on. It is
    /// asked before anything is sealed, so that an erased child of somebody else looks like none.
    pub async fn own(&self, child_id: ChildId, acting: Acting) -> Result<Child, ChildRecordError> {
        let child = self.load(child_id).await?;
        let own = child.filter(|child| match acting {
            Acting::Parent(user) => child.guardian() == Some(user),
            Acting::Admin(_) | Acting::System => true,
            Acting::Trainer(_) => false,
        });
        own.ok_or(ChildRecordError::NotFound(child_id))
    }

    /// The sealer for a child, or for its medical subject; an error once their key was destroyed.
    pub async fn sealer(&self, subject: Uuid) -> Result<Sealer, PersonalError> {
        self.keyring.sealer(subject).await
    }

    /// Executes a command, and then destroys the keys that it has made obsolete. A repeated request
    /// gets the reply to the first one.
    pub async fn execute<R: Message + Default>(
        &self,
        context: Context,
        command: ChildCommand,
        reply: impl Fn(&Child) -> R + Sync,
    ) -> Result<Recorded<R>, ChildRecordError> {
        let child_id = command.child_id;
        let forgets = command.action.forgets();
        let reply = |child: &Child, _: &[_]| reply(child).encode_to_vec();
        let committed = self
            .children
            .execute(&child_id.to_string(), context, command, reply)
            .await?;
        if forgets {
            self.forget(child_id).await?;
        }
        Ok(Recorded {
            outcome: R::decode(committed.reply.as_slice())?,
            position: committed.position,
        })
    }

    /// Destroys every key of a child that the log says must be gone, and returns them. A key that
    /// is gone already is success.
    pub async fn forget(&self, child_id: ChildId) -> Result<Vec<DestroyedKey>, ChildRecordError> {
        let Some(child) = self.load(child_id).await? else {
            return Ok(Vec::new());
        };
        let mut destroyed = Vec::new();
        for subject in child.forgotten_subjects(child_id) {
            destroyed.push(self.keyring.destroy(subject).await?);
        }
        Ok(destroyed)
    }
}
