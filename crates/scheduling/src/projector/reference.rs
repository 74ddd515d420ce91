//! What scheduling has to know of identity: trainers with their prices and whether they can be
//! booked, children with their guardians and whether anything can be booked for them.

use contracts::common::v1::{Money, Role};
use contracts::identity::events::v1::{IdentityEvent, identity_event::Event};
use contracts::log::v1::Envelope;
use eventsourcing::{
    AnyTable, DecodeError, Delivered, FoldError, Projection, Row, Table, TableSet,
};
use prost::Message;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A trainer that can open windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownTrainerRow {
    /// The trainer, which is the user's id.
    pub trainer_id: Uuid,
    /// Price of one hour for one child, minor units.
    pub price_per_hour: i64,
    /// ISO 4217.
    pub currency: String,
    /// Usual length of a session, minutes.
    pub session_duration: i32,
    /// Says that new bookings are welcome.
    pub accepting_bookings: bool,
    /// The account is open.
    pub active: bool,
    /// The account is of role TRAINER.
    pub is_trainer: bool,
}

impl KnownTrainerRow {
    /// Takes new bookings.
    pub fn bookable(&self) -> bool {
        self.accepting_bookings && self.active && self.is_trainer
    }
}

impl Row for KnownTrainerRow {
    const TABLE: &'static str = "known_trainers";
    const KEY: &'static [&'static str] = &["trainer_id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.trainer_id
    }
}

/// A child that can be booked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownChildRow {
    /// The child.
    pub child_id: Uuid,
    /// Who may book for it.
    pub guardian_id: Uuid,
    /// Takes part in nothing new.
    pub archived: bool,
}

impl Row for KnownChildRow {
    const TABLE: &'static str = "known_children";
    const KEY: &'static [&'static str] = &["child_id"];
    type Key = Uuid;

    fn key(&self) -> Uuid {
        self.child_id
    }
}

/// What of identity's events matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceEvent {
    /// There is a trainer.
    Trainer(KnownTrainerRow),
    /// A trainer is booked on other terms from now on.
    TrainerTerms {
        /// The trainer.
        trainer_id: Uuid,
        /// Price of one hour for one child, minor units.
        price_per_hour: i64,
        /// ISO 4217.
        currency: String,
        /// Usual length of a session, minutes.
        session_duration: i32,
        /// Says that new bookings are welcome.
        accepting_bookings: bool,
    },
    /// An account is open from now on, or closed; an erased one is closed for ever.
    UserActive {
        /// The user.
        user_id: Uuid,
        /// Whether it is open.
        active: bool,
    },
    /// An account is of this role from now on.
    UserRole {
        /// The user.
        user_id: Uuid,
        /// Whether that is TRAINER.
        is_trainer: bool,
    },
    /// There is a child.
    Child(KnownChildRow),
    /// A child takes part in nothing new.
    ChildArchived(Uuid),
    /// A child was erased.
    ChildErased(Uuid),
    /// Another user answers for a child.
    ChildGuardian {
        /// The child.
        child_id: Uuid,
        /// Who may book for it from now on.
        guardian_id: Uuid,
    },
}

impl ReferenceEvent {
    /// Reads an event of identity; `None` when it does not matter here.
    pub fn decode(envelope: &Envelope) -> Result<Option<Self>, DecodeError> {
        let unreadable = |reason: String| DecodeError {
            event_type: envelope.event_type.clone(),
            event_version: "public".to_owned(),
            position: envelope.position,
            reason,
        };
        let event = IdentityEvent::decode(envelope.payload.as_slice())
            .map_err(|error| unreadable(error.to_string()))?;
        match event.event {
            Some(event) => Self::read(event).map_err(unreadable),
            None => Ok(None),
        }
    }

    fn read(event: Event) -> Result<Option<Self>, String> {
        let active = |user_id: &str, active| -> Result<Self, String> {
            let user_id = uuid(user_id)?;
            Ok(Self::UserActive { user_id, active })
        };
        Ok(Some(match event {
            Event::TrainerCreated(created) => {
                let (price_per_hour, currency) = price(created.price_per_hour)?;
                Self::Trainer(KnownTrainerRow {
                    trainer_id: uuid(&created.trainer_id)?,
                    price_per_hour,
                    currency,
                    session_duration: created.session_duration_minutes,
                    accepting_bookings: true,
                    active: true,
                    is_trainer: true,
                })
            }
            Event::TrainerUpdated(updated) => {
                let (price_per_hour, currency) = price(updated.price_per_hour)?;
                Self::TrainerTerms {
                    trainer_id: uuid(&updated.trainer_id)?,
                    price_per_hour,
                    currency,
                    session_duration: updated.session_duration_minutes,
                    accepting_bookings: updated.accepting_bookings,
                }
            }
            Event::UserRoleChanged(changed) => Self::UserRole {
                user_id: uuid(&changed.user_id)?,
                is_trainer: changed.role() == Role::Trainer,
            },
            Event::UserDeactivated(user) => active(&user.user_id, false)?,
            Event::UserReactivated(user) => active(&user.user_id, true)?,
            Event::UserErased(user) => active(&user.user_id, false)?,
            Event::ChildAdded(added) => Self::Child(KnownChildRow {
                child_id: uuid(&added.child_id)?,
                guardian_id: uuid(&added.guardian_id)?,
                archived: false,
            }),
            Event::ChildArchived(child) => Self::ChildArchived(uuid(&child.child_id)?),
            Event::ChildErased(child) => Self::ChildErased(uuid(&child.child_id)?),
            Event::GuardianTransferred(child) => Self::ChildGuardian {
                child_id: uuid(&child.child_id)?,
                guardian_id: uuid(&child.guardian_id)?,
            },
            Event::UserRegistered(_) | Event::UserLoggedIn(_) => return Ok(None),
        }))
    }
}

fn uuid(text: &str) -> Result<Uuid, String> {
    Uuid::parse_str(text).map_err(|error| error.to_string())
}

fn price(money: Option<Money>) -> Result<(i64, String), String> {
    let money = money.ok_or("a trainer without a price")?;
    Ok((money.minor_units, money.currency_code))
}

/// The fold.
pub struct Reference;

/// Its tables.
#[derive(Default)]
pub struct ReferenceTables {
    trainers: Table<KnownTrainerRow>,
    children: Table<KnownChildRow>,
}

impl TableSet for ReferenceTables {
    fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![&mut self.trainers, &mut self.children]
    }
}

impl Projection for Reference {
    const NAME: &'static str = "reference";
    const FOLD_VERSION: i32 = 2;
    type Event = ReferenceEvent;
    type Tables = ReferenceTables;

    /// The user for account and profile, or the child.
    fn key(&self, event: &Delivered<ReferenceEvent>) -> String {
        event.aggregate_id.clone()
    }

    fn touch(&self, event: &Delivered<ReferenceEvent>, tables: &mut ReferenceTables) {
        match &event.event {
            ReferenceEvent::Trainer(KnownTrainerRow { trainer_id: id, .. })
            | ReferenceEvent::TrainerTerms { trainer_id: id, .. }
            | ReferenceEvent::UserActive { user_id: id, .. }
            | ReferenceEvent::UserRole { user_id: id, .. } => tables.trainers.touch(*id),
            ReferenceEvent::Child(KnownChildRow { child_id: id, .. })
            | ReferenceEvent::ChildArchived(id)
            | ReferenceEvent::ChildErased(id)
            | ReferenceEvent::ChildGuardian { child_id: id, .. } => tables.children.touch(*id),
        }
    }

    fn fold(
        &self,
        event: &Delivered<ReferenceEvent>,
        tables: &mut ReferenceTables,
    ) -> Result<(), FoldError> {
        match &event.event {
            ReferenceEvent::Trainer(row) => tables.trainers.insert(row.clone()),
            ReferenceEvent::TrainerTerms {
                trainer_id,
                price_per_hour,
                currency,
                session_duration,
                accepting_bookings,
            } => {
                let row = tables.trainers.get_mut(trainer_id);
                let row = row.ok_or_else(|| FoldError::missing("trainer", trainer_id))?;
                row.price_per_hour = *price_per_hour;
                row.currency.clone_from(currency);
                row.session_duration = *session_duration;
                row.accepting_bookings = *accepting_bookings;
            }
            // Most accounts are no trainer's.
            ReferenceEvent::UserActive { user_id, active } => {
                if let Some(row) = tables.trainers.get_mut(user_id) {
                    row.active = *active;
                }
            }
            ReferenceEvent::UserRole {
                user_id,
                is_trainer,
            } => {
                if let Some(row) = tables.trainers.get_mut(user_id) {
                    row.is_trainer = *is_trainer;
                }
            }
            ReferenceEvent::Child(row) => tables.children.insert(row.clone()),
            ReferenceEvent::ChildArchived(child_id) => child(tables, child_id)?.archived = true,
            ReferenceEvent::ChildErased(child_id) => tables.children.remove(child_id),
            ReferenceEvent::ChildGuardian {
                child_id,
                guardian_id,
            } => child(tables, child_id)?.guardian_id = *guardian_id,
        }
        Ok(())
    }
}

fn child<'a>(
    tables: &'a mut ReferenceTables,
    id: &Uuid,
) -> Result<&'a mut KnownChildRow, FoldError> {
    let child = tables.children.get_mut(id);
    child.ok_or_else(|| FoldError::missing("child", id))
}
