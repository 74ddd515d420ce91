//! Children's records and the keys that they are sealed with: what a command makes forgotten
//! is forgotten at once, and again by the process `child_keys` until it is.

use eventsourcing::{
    Committed, Context, EventLog, ExecuteError, LogError, Repository,
    personal::{DestroyedKey, Keyring, PersonalError, Sealer},
};
use uuid::Uuid;

use crate::domain::{
    child::{Child, ChildCommand, ChildError, ChildEvent},
    values::ChildId,
};

/// The records of all children. Cheap to clone.
#[derive(Clone)]
pub struct ChildRecords {
    children: Repository<Child>,
    keyring: Keyring,
}

/// Why a command on a child's record came to nothing, or did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum ChildRecordError {
    /// The command was not accepted.
    #[error(transparent)]
    Command(#[from] ExecuteError<ChildError>),
    /// What it made forgotten cannot be forgotten now. It is recorded all the same, and will be.
    #[error(transparent)]
    Keys(#[from] PersonalError),
    /// The log cannot be asked.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl ChildRecords {
    /// The records in this log, sealed with these keys.
    pub fn new(log: &EventLog, keyring: &Keyring) -> Self {
        Self {
            children: Repository::new(log),
            keyring: keyring.clone(),
        }
    }

    /// A child as the log has it now; `None` if nothing is known of it.
    pub async fn load(&self, child_id: ChildId) -> Result<Option<Child>, LogError> {
        self.children.load(&child_id.to_string()).await
    }

    /// Seals values of a child, or of its medical subject. Fails once these are forgotten.
    pub async fn sealer(&self, subject: Uuid) -> Result<Sealer, PersonalError> {
        self.keyring.sealer(subject).await
    }

    /// Gives a command, and destroys the keys that it makes forgotten: first the event, then
    /// the keys.
    pub async fn execute(
        &self,
        context: Context,
        command: ChildCommand,
        reply: impl Fn(&Child, &[ChildEvent]) -> Vec<u8>,
    ) -> Result<Committed, ChildRecordError> {
        let child_id = command.child_id;
        let forgets = command.action.forgets();
        let committed = self
            .children
            .execute(&child_id.to_string(), context, command, reply)
            .await?;
        if forgets {
            self.forget(child_id).await?;
        }
        Ok(committed)
    }

    /// Destroys every key of a child that must be gone by what the log says, and says which.
    /// Those that are gone are success.
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
