//! Whose child it is, and whether anything can be booked for it: a reference table from
//! identity's events.

use contracts::{
    identity::events::v1::{IdentityEvent, identity_event::Event as Public},
    log::v1::Envelope,
};
use eventsourcing::{AnyTable, DecodeError, Delivered, FoldError, Projection, Table, TableSet};
use prost::Message;
use uuid::Uuid;

use super::{rows::ChildRow, unreadable};

/// Folds identity's children.
pub struct Children;

/// The table that it writes.
#[derive(Default)]
pub struct ChildrenTables {
    children: Table<ChildRow>,
}

impl TableSet for ChildrenTables {
    fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.children]
    }
}

/// What identity says of a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildEvent {
    /// A guardian added it.
    Added(ChildRow),
    /// It takes part in nothing new.
    Archived(Uuid),
    /// It was erased.
    Erased(Uuid),
    /// Another user answers for it.
    Guardian {
        /// The child.
        child_id: Uuid,
        /// Who answers for it from now on.
        guardian_id: Uuid,
    },
}

impl ChildEvent {
    fn child(&self) -> Uuid {
        match self {
            Self::Added(ChildRow { child_id, .. })
            | Self::Archived(child_id)
            | Self::Erased(child_id)
            | Self::Guardian { child_id, .. } => *child_id,
        }
    }
}

impl Children {
    /// Reads one of identity's events; `None` for what says nothing of a child.
    ///
    /// # Errors
    /// When the payload is not of identity's vocabulary.
    pub fn decode(envelope: &Envelope) -> Result<Option<ChildEvent>, DecodeError> {
        let event = IdentityEvent::decode(envelope.payload.as_slice())
            .map_err(|error| unreadable(envelope, &error))?;
        let id = |id: &str| Uuid::parse_str(id).map_err(|error| unreadable(envelope, &error));
        Ok(match event.event {
            Some(Public::ChildAdded(added)) => Some(ChildEvent::Added(ChildRow {
                child_id: id(&added.child_id)?,
                guardian_id: id(&added.guardian_id)?,
                archived: false,
            })),
            Some(Public::ChildArchived(child)) => Some(ChildEvent::Archived(id(&child.child_id)?)),
            Some(Public::ChildErased(child)) => Some(ChildEvent::Erased(id(&child.child_id)?)),
            Some(Public::GuardianTransferred(child)) => Some(ChildEvent::Guardian {
                child_id: id(&child.child_id)?,
                guardian_id: id(&child.guardian_id)?,
            }),
            Some(
                Public::UserRegistered(_)
                | Public::UserLoggedIn(_)
                | Public::UserRoleChanged(_)
                | Public::UserDeactivated(_)
                | Public::UserReactivated(_)
                | Public::UserErased(_)
                | Public::TrainerCreated(_)
                | Public::TrainerUpdated(_),
            )
            | None => None,
        })
    }
}

impl Projection for Children {
    const NAME: &'static str = "children";
    const FOLD_VERSION: i32 = 2;
    type Event = ChildEvent;
    type Tables = ChildrenTables;

    fn key(&self, delivered: &Delivered<ChildEvent>) -> String {
        delivered.event.child().to_string()
    }

    fn touch(&self, delivered: &Delivered<ChildEvent>, tables: &mut ChildrenTables) {
        tables.children.touch(delivered.event.child());
    }

    fn fold(
        &self,
        delivered: &Delivered<ChildEvent>,
        tables: &mut ChildrenTables,
    ) -> Result<(), FoldError> {
        let known = |tables: &mut ChildrenTables, change: &dyn Fn(&mut ChildRow)| {
            let child_id = delivered.event.child();
            let row = tables.children.get_mut(&child_id);
            change(row.ok_or_else(|| FoldError::missing("child", &child_id))?);
            Ok(())
        };
        match &delivered.event {
            ChildEvent::Added(row) => tables.children.insert(row.clone()),
            ChildEvent::Erased(child_id) => tables.children.remove(child_id),
            ChildEvent::Archived(_) => known(tables, &|row| row.archived = true)?,
            ChildEvent::Guardian { guardian_id, .. } => {
                known(tables, &|row| row.guardian_id = *guardian_id)?;
            }
        }
        Ok(())
    }
}
