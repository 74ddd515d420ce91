//! Whose child it is: a reference table from identity's events.

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

impl Children {
    /// Reads one of identity's events; `None` for what says nothing of a child.
    ///
    /// # Errors
    /// When the payload is not of identity's vocabulary.
    pub fn decode(envelope: &Envelope) -> Result<Option<ChildRow>, DecodeError> {
        let event = IdentityEvent::decode(envelope.payload.as_slice())
            .map_err(|error| unreadable(envelope, &error))?;
        let Some(Public::ChildAdded(added)) = event.event else {
            return Ok(None);
        };
        let id = |id: &str| Uuid::parse_str(id).map_err(|error| unreadable(envelope, &error));
        Ok(Some(ChildRow {
            child_id: id(&added.child_id)?,
            guardian_id: id(&added.guardian_id)?,
        }))
    }
}

impl Projection for Children {
    const NAME: &'static str = "children";
    const FOLD_VERSION: i32 = 1;
    type Event = ChildRow;
    type Tables = ChildrenTables;

    fn key(&self, delivered: &Delivered<ChildRow>) -> String {
        delivered.event.child_id.to_string()
    }

    fn touch(&self, delivered: &Delivered<ChildRow>, tables: &mut ChildrenTables) {
        tables.children.touch(delivered.event.child_id);
    }

    fn fold(
        &self,
        delivered: &Delivered<ChildRow>,
        tables: &mut ChildrenTables,
    ) -> Result<(), FoldError> {
        tables.children.insert(delivered.event.clone());
        Ok(())
    }
}
