//! The tables `children`, `custom_allergens`, `child_consents`, `medical_accesses` and
//! `guardian_transfers`.

mod rows;

use chrono::{DateTime, Utc};
use eventsourcing::personal::Personal;
use eventsourcing::{DecodeError, Delivered, FoldError, Keys, Projection, RecordedEvent};

use crate::domain::IdentityLogEvent;
use crate::domain::child::{ChildEvent, MedicalChanges, Player, PlayerChanges, Purpose};
use crate::domain::values::{ChildId, TransferId, UserId};
use crate::personal::Column;

pub use rows::{
    ChildRow, ConsentRow, CustomAllergenRow, MedicalAccessRow, TransferRow, TransferStatus,
};

eventsourcing::tables! {
    /// The read tables of [`Children`].
    pub struct Tables {
        children: ChildRow,
        allergens: CustomAllergenRow,
        consents: ConsentRow,
        accesses: MedicalAccessRow,
        transfers: TransferRow,
    }
}

pub struct Children;

impl Children {
    /// Reads an event that the projection folds.
    pub fn decode(event: &RecordedEvent) -> Result<Option<ChildEvent>, DecodeError> {
        Ok(
            IdentityLogEvent::decode(event)?.and_then(|event| match event {
                IdentityLogEvent::Child(event) => Some(event),
                IdentityLogEvent::User(_) | IdentityLogEvent::Trainer(_) => None,
            }),
        )
    }
}

impl Projection for Children {
    const NAME: &'static str = "children";
    const FOLD_VERSION: i32 = 1;
    type Event = ChildEvent;
    type Tables = Tables;

    fn keys(&self, event: &Delivered<ChildEvent>) -> Keys {
        Keys::one(&event.aggregate_id)
    }

    fn fold(&self, event: &Delivered<ChildEvent>, tables: &mut Tables) -> Result<(), FoldError> {
        match event.event.clone() {
            ChildEvent::ConsentGiven {
                child_id,
                guardian_id,
                purpose,
                policy_version,
                given_at,
            } => tables.consents.insert(ConsentRow {
                child_id,
                purpose,
                guardian_id,
                policy_version,
                given_at,
            }),
            ChildEvent::ConsentWithdrawn {
                child_id, purpose, ..
            } => tables.withdraw(child_id, purpose),
            ChildEvent::ChildAdded {
                child_id,
                guardian_id,
                player,
                added_at,
            } => tables
                .children
                .insert(row(child_id, guardian_id, player, added_at)),
            ChildEvent::ChildUpdated {
                child_id,
                changes,
                updated_at,
            } => update(tables.child(child_id)?, changes, updated_at),
            ChildEvent::ChildArchived {
                child_id,
                archived_at,
                ..
            } => tables.child(child_id)?.archived_at = Some(archived_at),
            ChildEvent::ChildErased {
                child_id,
                erased_at,
            } => {
                let child = tables.child(child_id)?;
                child.blank();
                child.erased_at = Some(erased_at);
                for purpose in [Purpose::ChildData, Purpose::MedicalData] {
                    tables.withdraw(child_id, purpose);
                }
            }
            ChildEvent::MedicalUpdated {
                child_id,
                changes,
                updated_at,
            } => update_medical(tables.child(child_id)?, changes, updated_at),
            ChildEvent::CustomAllergenAdded {
                child_id,
                allergen_id,
                name,
                name_key: _,
                added_at,
            } => tables.allergens.insert(CustomAllergenRow {
                id: allergen_id,
                child_id,
                name,
                created_at: added_at,
            }),
            ChildEvent::CustomAllergenRemoved { allergen_id, .. } => {
                tables.allergens.remove(&allergen_id);
            }
            ChildEvent::MedicalRead {
                child_id,
                reader_id,
                role,
                fields,
                read_at,
            } => tables.accesses.insert(MedicalAccessRow {
                id: event.event_id,
                child_id,
                reader_id,
                role,
                fields,
                read_at,
            }),
            ChildEvent::GuardianTransferRequested {
                child_id,
                transfer_id,
                guardian_id,
                to,
                requested_at,
                expires_at,
            } => tables.transfers.insert(TransferRow {
                id: transfer_id,
                child_id,
                guardian_id,
                to_user_id: to,
                status: TransferStatus::Open,
                requested_at,
                expires_at,
                ended_at: None,
            }),
            ChildEvent::GuardianTransferCanceled {
                transfer_id,
                canceled_at,
                ..
            } => tables.end_transfer(transfer_id, TransferStatus::Canceled, canceled_at)?,
            ChildEvent::GuardianTransferred {
                child_id,
                transfer_id,
                guardian_id,
                transferred_at,
                former_guardian_id: _,
            } => {
                tables.child(child_id)?.parent_id = guardian_id;
                tables.end_transfer(transfer_id, TransferStatus::Accepted, transferred_at)?;
            }
        }
        Ok(())
    }
}

impl Tables {
    fn child(&mut self, child_id: ChildId) -> Result<&mut ChildRow, FoldError> {
        self.children
            .get_mut(&child_id)
            .ok_or_else(|| FoldError::missing("child", &child_id))
    }

    /// Removes a consent, which may have been given and withdrawn before the child was added.
    fn withdraw(&mut self, child_id: ChildId, purpose: Purpose) {
        self.consents.remove(&(child_id, purpose));
        if purpose == Purpose::MedicalData
            && let Some(child) = self.children.get_mut(&child_id)
        {
            child.blank_medical();
        }
    }

    fn end_transfer(
        &mut self,
        transfer_id: TransferId,
        status: TransferStatus,
        ended_at: DateTime<Utc>,
    ) -> Result<(), FoldError> {
        let transfer = self
            .transfers
            .get_mut(&transfer_id)
            .ok_or_else(|| FoldError::missing("transfer", &transfer_id))?;
        transfer.status = status;
        transfer.ended_at = Some(ended_at);
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
        id: child_id,
        first_name: first_name.into(),
        last_name: last_name.into(),
        parent_id: guardian_id,
        birthdate: birthdate.into(),
        skill_level,
        team: team.into(),
        specify: specify.into(),
        allergies: Column::blank(),
        medical_conditions: Column::blank(),
        emergency_contact: Column::blank(),
        created_at: added_at,
        updated_at: added_at,
        archived_at: None,
        erased_at: None,
    }
}

/// Replaces a column by a value, if one was given.
fn set<T>(column: &mut Column<T>, value: Option<Personal<T>>) {
    if let Some(value) = value {
        *column = value.into();
    }
}

fn update(child: &mut ChildRow, changes: PlayerChanges, updated_at: DateTime<Utc>) {
    let PlayerChanges {
        first_name,
        last_name,
        birthdate,
        skill_level,
        specify,
        team,
    } = changes;
    set(&mut child.first_name, first_name);
    set(&mut child.last_name, last_name);
    set(&mut child.birthdate, birthdate);
    if let Some(level) = skill_level {
        child.skill_level = level;
    }
    set(&mut child.specify, specify);
    set(&mut child.team, team);
    child.updated_at = updated_at;
}

fn update_medical(child: &mut ChildRow, changes: MedicalChanges, updated_at: DateTime<Utc>) {
    let MedicalChanges {
        allergies,
        conditions,
        emergency_contact,
    } = changes;
    set(&mut child.allergies, allergies);
    set(&mut child.medical_conditions, conditions);
    set(&mut child.emergency_contact, emergency_contact);
    child.updated_at = updated_at;
}
