//! Children's records and the keys that seal them. Keys that a command makes obsolete are destroyed
//! at once; the process `child_keys` repeats it until it has succeeded.

use eventsourcing::{
    Context, ExecuteError, LogError,
    personal::{DestroyedKey, Keyring, PersonalError, Sealer},
};
use service::{Recorded, Writes};
use uuid::Uuid;

use crate::domain::{
    child::{Child, ChildCommand, ChildError},
    values::ChildId,
};
use crate::resources::Resources;

/// The records of all children. Cheap to clone.
#[derive(Clone)]
pub struct ChildRecords {
    children: Writes<Child>,
    keyring: Keyring,
}

/// Why a command on a child's record failed, or was not finished.
#[derive(Debug, thiserror::Error)]
pub enum ChildRecordError {
    #[error(transparent)]
    Command(#[from] ExecuteError<ChildError>),
    /// The command is recorded, but the keys that it made obsolete were not destroyed yet.
    #[error(transparent)]
    Keys(#[from] PersonalError),
    #[error(transparent)]
    Log(#[from] LogError),
}

impl ChildRecords {
    pub fn new(resources: &Resources) -> Self {
        Self {
            children: resources.writes(),
            keyring: resources.keyring.clone(),
        }
    }

    /// The sealer for a child, or for its medical subject; an error once their key was destroyed.
    pub async fn sealer(&self, subject: Uuid) -> Result<Sealer, PersonalError> {
        self.keyring.sealer(subject).await
    }

    /// The commands themselves, for the RPCs. Whoever executes one that forgets calls
    /// [`Self::forget`] after it.
    pub fn writes(&self) -> &Writes<Child> {
        &self.children
    }

    /// Executes a command that is no RPC of its own, and then destroys the keys that it has made
    /// obsolete.
    pub async fn record(
        &self,
        context: Context,
        command: ChildCommand,
    ) -> Result<Recorded<()>, ChildRecordError> {
        let (child_id, forgets) = (command.child_id, command.action.forgets());
        let (children, id) = (self.children.repository(), child_id.to_string());
        let recorded = children.execute(&id, context, command, |_, _| Vec::new());
        let recorded = recorded.await?;
        if forgets {
            self.forget(child_id).await?;
        }
        Ok(recorded.into())
    }

    /// Destroys every key of a child that the log says must be gone, and returns them. A key that
    /// is gone already is success.
    pub async fn forget(&self, child_id: ChildId) -> Result<Vec<DestroyedKey>, ChildRecordError> {
        let children = self.children.repository();
        let Some(child) = children.load(&child_id.to_string()).await? else {
            return Ok(Vec::new());
        };
        let mut destroyed = Vec::new();
        for subject in child.forgotten_subjects(child_id) {
            destroyed.push(self.keyring.destroy(subject).await?);
        }
        Ok(destroyed)
    }
}
