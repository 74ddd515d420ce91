//! The table `children`.

use chrono::{DateTime, NaiveDate, Utc};
use eventsourcing::{
    AnyTable, DecodeError, Delivered, FoldError, Projection, RecordedEvent, Row, Table, TableSet,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{
    IdentityLogEvent,
    child::{ChildEvent, Player},
    values::{ChildId, UserId},
};

/// A row of `children`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildRow {
    /// The child.
    pub id: Uuid,
    /// Full name, for readers of the old schema.
    pub name: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// The guardian.
    pub parent_id: Uuid,
    /// Civil date of birth.
    pub birthdate: NaiveDate,
    /// BEGINNER, INTERMEDIATE or ADVANCED.
    pub skill_level: String,
    /// Present team, may be empty.
    pub team: String,
    /// More about the level, may be empty.
    pub specify: String,
    /// When the child was added.
    pub created_at: DateTime<Utc>,
}

impl Row for ChildRow {
    const TABLE: &'static str = "children";
    const KEY: &'static [&'static str] = &["id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.id
    }
}

/// The read tables of [`Children`].
#[derive(Default)]
pub struct Tables {
    children: Table<ChildRow>,
}

impl TableSet for Tables {
    fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.children]
    }
}

/// Folds children.
pub struct Children;

impl Children {
    /// The events it folds.
    pub fn decode(event: &RecordedEvent) -> Result<Option<ChildEvent>, DecodeError> {
        match IdentityLogEvent::decode(event)? {
            IdentityLogEvent::Child(event) => Ok(Some(event)),
            IdentityLogEvent::User(_) | IdentityLogEvent::Trainer(_) => Ok(None),
        }
    }
}

impl Projection for Children {
    const NAME: &'static str = "children";
    const FOLD_VERSION: i32 = 1;
    type Event = ChildEvent;
    type Tables = Tables;

    fn key(&self, event: &Delivered<ChildEvent>) -> String {
        event.aggregate_id.clone()
    }

    fn touch(&self, event: &Delivered<ChildEvent>, tables: &mut Tables) {
        match &event.event {
            ChildEvent::ConsentGiven { .. } => {}
            ChildEvent::ChildAdded { child_id, .. } => tables.children.touch(child_id.uuid()),
        }
    }

    fn fold(&self, event: &Delivered<ChildEvent>, tables: &mut Tables) -> Result<(), FoldError> {
        match event.event.clone() {
            ChildEvent::ConsentGiven { .. } => {}
            ChildEvent::ChildAdded {
                child_id,
                guardian_id,
                player,
                added_at,
            } => {
                tables
                    .children
                    .insert(row(child_id, guardian_id, player, added_at));
            }
        }
        Ok(())
    }
}

fn row(
    child_id: ChildId,
    guardian_id: UserId,
    player: Player,
    added_at: DateTime<Utc>,
) -> ChildRow {
    let Player {
        first_name,
        last_name,
        birthdate,
        skill_level,
        specify,
        team,
    } = player;
    ChildRow {
        id: child_id.uuid(),
        name: format!("{first_name} {last_name}"),
        first_name,
        last_name,
        parent_id: guardian_id.uuid(),
        birthdate: birthdate.date(),
        skill_level: skill_level.as_str().to_owned(),
        team,
        specify,
        created_at: added_at,
    }
}
