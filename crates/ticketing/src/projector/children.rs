//! Whose child it is, and whether anything can be booked for it, from identity's events.

use contracts::identity::events::v1::identity_event::Event as Identity;
use eventsourcing::{DecodeError, Delivered, FoldError, Keys, Projection, Received};
use serde::{Deserialize, Serialize};
use values::{ChildId, UserId};

/// A child and the user who answers for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildRow {
    pub child_id: ChildId,
    pub guardian_id: UserId,
    /// Whether it takes part in nothing new.
    pub archived: bool,
}

eventsourcing::rows! {
    ChildRow in "children" by (child_id: ChildId),
}

eventsourcing::tables! {
    pub struct ChildrenTables {
        children: ChildRow,
    }
}

/// What identity says of a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildEvent {
    /// A guardian added it.
    Added(ChildRow),
    /// It takes part in nothing new.
    Archived(ChildId),
    Erased(ChildId),
    /// Another user answers for it.
    Guardian {
        child_id: ChildId,
        /// The user who answers for it from now on.
        guardian_id: UserId,
    },
}

impl ChildEvent {
    /// Reads one of identity's events; `None` for what says nothing of a child.
    pub fn of_identity(
        received: Received<'_>,
        event: Identity,
    ) -> Result<Option<Self>, DecodeError> {
        let child_id = |id: &str| received.id("child_id", id);
        let guardian_id = |id: &str| received.id("guardian_id", id);
        Ok(Some(match event {
            Identity::ChildAdded(child) => Self::Added(ChildRow {
                child_id: child_id(&child.child_id)?,
                guardian_id: guardian_id(&child.guardian_id)?,
                archived: false,
            }),
            Identity::ChildArchived(child) => Self::Archived(child_id(&child.child_id)?),
            Identity::ChildErased(child) => Self::Erased(child_id(&child.child_id)?),
            Identity::GuardianTransferred(child) => Self::Guardian {
                child_id: child_id(&child.child_id)?,
                guardian_id: guardian_id(&child.guardian_id)?,
            },
            Identity::UserRegistered(_)
            | Identity::UserLoggedIn(_)
            | Identity::UserRoleChanged(_)
            | Identity::UserDeactivated(_)
            | Identity::UserReactivated(_)
            | Identity::UserErased(_)
            | Identity::TrainerCreated(_)
            | Identity::TrainerUpdated(_) => return Ok(None),
        }))
    }

    fn child_id(&self) -> ChildId {
        match self {
            Self::Added(ChildRow { child_id, .. })
            | Self::Archived(child_id)
            | Self::Erased(child_id)
            | Self::Guardian { child_id, .. } => *child_id,
        }
    }
}

/// Guardians of children, folded from identity's log.
pub struct Children;

impl Projection for Children {
    const NAME: &'static str = "children";
    const FOLD_VERSION: i32 = 2;
    type Event = ChildEvent;
    type Tables = ChildrenTables;

    fn keys(&self, event: &Delivered<ChildEvent>) -> Keys {
        Keys::one(&event.event.child_id())
    }

    fn fold(
        &self,
        event: &Delivered<ChildEvent>,
        tables: &mut ChildrenTables,
    ) -> Result<(), FoldError> {
        match &event.event {
            ChildEvent::Added(row) => tables.children.insert(row.clone()),
            ChildEvent::Erased(child_id) => tables.children.remove(child_id),
            ChildEvent::Archived(child_id) => child(tables, child_id)?.archived = true,
            ChildEvent::Guardian {
                child_id,
                guardian_id,
            } => child(tables, child_id)?.guardian_id = *guardian_id,
        }
        Ok(())
    }
}

fn child<'a>(
    tables: &'a mut ChildrenTables,
    child_id: &ChildId,
) -> Result<&'a mut ChildRow, FoldError> {
    let row = tables.children.get_mut(child_id);
    row.ok_or_else(|| FoldError::missing("child", child_id))
}
