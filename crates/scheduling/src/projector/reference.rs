//! What scheduling has to know of identity: trainers with their prices and whether they can be
//! booked, children with their guardians and whether anything can be booked for them.

use contracts::common::v1::Role;
use contracts::identity::events::v1::identity_event::Event as Identity;
use eventsourcing::{DecodeError, Delivered, FoldError, Keys, Projection, Received};
use serde::{Deserialize, Serialize};
use values::{ChildId, Money, TrainerId, UserId};

/// A trainer that can open windows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownTrainerRow {
    /// The trainer, which is the user's id.
    pub trainer_id: TrainerId,
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
    pub fn bookable(&self) -> bool {
        self.accepting_bookings && self.active && self.is_trainer
    }
}

/// A child that can be booked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownChildRow {
    pub child_id: ChildId,
    /// Who may book for it.
    pub guardian_id: UserId,
    /// Takes part in nothing new.
    pub archived: bool,
}

/// What of identity's events matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceEvent {
    /// There is a trainer.
    Trainer(KnownTrainerRow),
    /// A trainer is booked on other terms from now on.
    TrainerTerms {
        trainer_id: TrainerId,
        /// The price of one hour for one child.
        price_per_hour: Money,
        /// Usual length of a session, minutes.
        session_duration: i32,
        /// Says that new bookings are welcome.
        accepting_bookings: bool,
    },
    /// An account is open from now on, or closed; an erased one is closed for ever.
    UserActive {
        user_id: UserId,
        /// Whether it is open.
        active: bool,
    },
    /// An account is of this role from now on.
    UserRole {
        user_id: UserId,
        /// Whether that is TRAINER.
        is_trainer: bool,
    },
    /// There is a child.
    Child(KnownChildRow),
    /// A child takes part in nothing new.
    ChildArchived(ChildId),
    /// A child was erased.
    ChildErased(ChildId),
    /// Another user answers for a child.
    ChildGuardian {
        child_id: ChildId,
        /// Who may book for it from now on.
        guardian_id: UserId,
    },
}

impl ReferenceEvent {
    /// Reads an event of identity; `None` when it does not matter here.
    pub fn of_identity(
        received: Received<'_>,
        event: Identity,
    ) -> Result<Option<Self>, DecodeError> {
        let active = |user_id: &str, active| -> Result<Self, DecodeError> {
            let user_id = received.id("user_id", user_id)?;
            Ok(Self::UserActive { user_id, active })
        };
        Ok(Some(match event {
            Identity::TrainerCreated(created) => {
                let price = received.money("price_per_hour", created.price_per_hour.as_ref())?;
                Self::Trainer(KnownTrainerRow {
                    trainer_id: received.id("trainer_id", &created.trainer_id)?,
                    price_per_hour: price.minor_units(),
                    currency: price.currency_code().to_owned(),
                    session_duration: created.session_duration_minutes,
                    accepting_bookings: true,
                    active: true,
                    is_trainer: true,
                })
            }
            Identity::TrainerUpdated(updated) => Self::TrainerTerms {
                trainer_id: received.id("trainer_id", &updated.trainer_id)?,
                price_per_hour: received
                    .money("price_per_hour", updated.price_per_hour.as_ref())?,
                session_duration: updated.session_duration_minutes,
                accepting_bookings: updated.accepting_bookings,
            },
            Identity::UserRoleChanged(changed) => Self::UserRole {
                user_id: received.id("user_id", &changed.user_id)?,
                is_trainer: changed.role() == Role::Trainer,
            },
            Identity::UserDeactivated(user) => active(&user.user_id, false)?,
            Identity::UserReactivated(user) => active(&user.user_id, true)?,
            Identity::UserErased(user) => active(&user.user_id, false)?,
            Identity::ChildAdded(added) => Self::Child(KnownChildRow {
                child_id: received.id("child_id", &added.child_id)?,
                guardian_id: received.id("guardian_id", &added.guardian_id)?,
                archived: false,
            }),
            Identity::ChildArchived(child) => {
                Self::ChildArchived(received.id("child_id", &child.child_id)?)
            }
            Identity::ChildErased(child) => {
                Self::ChildErased(received.id("child_id", &child.child_id)?)
            }
            Identity::GuardianTransferred(child) => Self::ChildGuardian {
                child_id: received.id("child_id", &child.child_id)?,
                guardian_id: received.id("guardian_id", &child.guardian_id)?,
            },
            Identity::UserRegistered(_) | Identity::UserLoggedIn(_) => return Ok(None),
        }))
    }
}

eventsourcing::rows! {
    KnownTrainerRow in "known_trainers" by (trainer_id: TrainerId),
    KnownChildRow in "known_children" by (child_id: ChildId),
}

eventsourcing::tables! {
    /// What this projection writes.
    pub struct ReferenceTables {
        trainers: KnownTrainerRow,
        children: KnownChildRow,
    }
}

/// Folds what scheduling knows of identity.
pub struct Reference;

impl Projection for Reference {
    const NAME: &'static str = "reference";
    const FOLD_VERSION: i32 = 2;
    type Event = ReferenceEvent;
    type Tables = ReferenceTables;

    /// The user for account and profile, or the child.
    fn keys(&self, event: &Delivered<ReferenceEvent>) -> Keys {
        Keys::one(&event.aggregate_id)
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
                session_duration,
                accepting_bookings,
            } => {
                let row = tables.trainers.get_mut(trainer_id);
                let row = row.ok_or_else(|| FoldError::missing("trainer", trainer_id))?;
                row.price_per_hour = price_per_hour.minor_units();
                price_per_hour.currency_code().clone_into(&mut row.currency);
                row.session_duration = *session_duration;
                row.accepting_bookings = *accepting_bookings;
            }
            // Most accounts are no trainer's.
            ReferenceEvent::UserActive { user_id, active } => {
                if let Some(row) = tables.trainers.get_mut(&TrainerId::from(*user_id)) {
                    row.active = *active;
                }
            }
            ReferenceEvent::UserRole {
                user_id,
                is_trainer,
            } => {
                if let Some(row) = tables.trainers.get_mut(&TrainerId::from(*user_id)) {
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
    id: &ChildId,
) -> Result<&'a mut KnownChildRow, FoldError> {
    let child = tables.children.get_mut(id);
    child.ok_or_else(|| FoldError::missing("child", id))
}
