use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use eventsourcing::Decide;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Acting, Action, ChildCommand, ChildError, ChildEvent, Player, PlayerChanges, PolicyVersion,
    Purpose,
};
use crate::domain::values::{AllergenId, ChildId, Role, TransferId, UserId, medical_subject};

/// A child's record as its events made it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Child {
    stage: Stage,
    /// The user who answers for the child, from their first consent on.
    pub(super) guardian: Option<UserId>,
    pub(super) consents: BTreeMap<Purpose, PolicyVersion>,
    /// How often the consent to medical data was withdrawn.
    medical_generation: u32,
    /// The allergens by other names, by their fingerprints.
    pub(super) allergens: BTreeMap<String, AllergenId>,
    /// The offer that can be accepted until it expires.
    pub(super) open: Option<Transfer>,
    /// The last offer that was closed.
    pub(super) closed: Option<Transfer>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    /// Nothing is known of the child but consents.
    #[default]
    New,
    Added,
    Archived,
    Erased,
}

/// An offer to hand the child over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Transfer {
    pub(super) id: TransferId,
    pub(super) to: Option<UserId>,
    pub(super) expires_at: DateTime<Utc>,
}

/// Which child a command is about, who acts and when.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) child_id: ChildId,
    pub(super) acting: Acting,
    pub(super) now: DateTime<Utc>,
}

/// The events that a command comes to, or a refusal.
pub(super) type Decision = Result<Vec<ChildEvent>, ChildError>;

impl Child {
    /// The user who answers for the child.
    pub fn guardian(&self) -> Option<UserId> {
        self.guardian
    }

    /// The open offer, and when it expires.
    pub fn offer(&self) -> Option<(TransferId, DateTime<Utc>)> {
        self.open.map(|open| (open.id, open.expires_at))
    }

    pub fn is_erased(&self) -> bool {
        self.stage == Stage::Erased
    }

    /// The subject whose key seals the child's medical data from now on.
    pub fn medical_subject(&self, child_id: ChildId) -> Uuid {
        medical_subject(child_id, self.medical_generation)
    }

    /// The subjects whose keys must have been destroyed, by what has happened so far.
    pub fn forgotten_subjects(&self, child_id: ChildId) -> Vec<Uuid> {
        let mut forgotten: Vec<Uuid> = (0..self.medical_generation)
            .map(|generation| medical_subject(child_id, generation))
            .collect();
        if self.is_erased() {
            forgotten.push(medical_subject(child_id, self.medical_generation));
            forgotten.push(child_id.uuid());
        }
        forgotten
    }

    /// Refuses everybody but the guardian, admins and the system.
    pub(super) fn is_open_to(&self, acting: Acting) -> Result<(), ChildError> {
        match acting {
            Acting::Parent(user) if self.guardian != Some(user) => Err(ChildError::NotFound),
            Acting::Trainer(_) => Err(ChildError::NotFound),
            _ if self.guardian.is_none() => Err(ChildError::NotFound),
            Acting::Parent(_) | Acting::Admin(_) | Acting::System => Ok(()),
        }
    }

    /// The guardian; refuses everybody else.
    pub(super) fn by_guardian(&self, acting: Acting) -> Result<UserId, ChildError> {
        match acting {
            Acting::Parent(user) if self.guardian == Some(user) => Ok(user),
            _ => Err(ChildError::NotFound),
        }
    }

    /// Refuses an erased or archived child.
    pub(super) fn takes_data(&self) -> Result<(), ChildError> {
        match self.stage {
            Stage::New | Stage::Added => Ok(()),
            Stage::Archived => Err(ChildError::Archived),
            Stage::Erased => Err(ChildError::Erased),
        }
    }

    /// Refuses a child that was never added.
    pub(super) fn is_added(&self) -> Result<(), ChildError> {
        if self.stage == Stage::New {
            Err(ChildError::NotFound)
        } else {
            Ok(())
        }
    }

    /// Adds the child; the consent that comes with the command is recorded first. A child that was
    /// added before is success.
    fn add(
        &self,
        asked: Asked,
        role: Role,
        consent: Option<PolicyVersion>,
        player: Player,
    ) -> Decision {
        let Asked {
            child_id,
            acting,
            now,
        } = asked;
        let Acting::Parent(guardian_id) = acting else {
            return Err(ChildError::NotFound);
        };
        if self.guardian.is_some_and(|other| other != guardian_id) {
            return Err(ChildError::NotFound);
        }
        match self.stage {
            Stage::New => {}
            Stage::Added | Stage::Archived => return Ok(Vec::new()),
            Stage::Erased => return Err(ChildError::Erased),
        }
        if role != Role::Parent {
            return Err(ChildError::NotAParent);
        }
        let mut events = Vec::new();
        if !self.consents.contains_key(&Purpose::ChildData) {
            events.push(ChildEvent::ConsentGiven {
                child_id,
                guardian_id,
                purpose: Purpose::ChildData,
                policy_version: consent.ok_or(ChildError::ConsentMissing)?,
                given_at: now,
            });
        }
        events.push(ChildEvent::ChildAdded {
            child_id,
            guardian_id,
            player,
            added_at: now,
        });
        Ok(events)
    }

    fn update(&self, asked: Asked, changes: PlayerChanges) -> Decision {
        let Asked {
            child_id,
            acting,
            now,
        } = asked;
        self.is_open_to(acting)?;
        self.is_added()?;
        if changes == PlayerChanges::default() {
            return Ok(Vec::new());
        }
        self.takes_data()?;
        Ok(vec![ChildEvent::ChildUpdated {
            child_id,
            changes,
            updated_at: now,
        }])
    }

    fn archive(&self, asked: Asked) -> Decision {
        self.is_open_to(asked.acting)?;
        self.is_added()?;
        match self.stage {
            Stage::Erased => Err(ChildError::Erased),
            _ => Ok(self.archived(asked)),
        }
    }

    /// Archives the child, unless that was done before; an open offer ends with it.
    pub(super) fn archived(&self, asked: Asked) -> Vec<ChildEvent> {
        let (Stage::Added, Some(guardian_id)) = (self.stage, self.guardian) else {
            return Vec::new();
        };
        let Asked { child_id, now, .. } = asked;
        let canceled = self.open.map(|open| ChildEvent::GuardianTransferCanceled {
            child_id,
            transfer_id: open.id,
            canceled_at: now,
        });
        canceled
            .into_iter()
            .chain([ChildEvent::ChildArchived {
                child_id,
                guardian_id,
                archived_at: now,
            }])
            .collect()
    }

    fn erase(&self, asked: Asked, paid_ahead: bool) -> Decision {
        self.is_open_to(asked.acting)?;
        self.is_added()?;
        self.erased(asked, paid_ahead)
    }

    /// Erases the child, unless that was done before. Upcoming bookings do not hold the system
    /// back: the erasure of the guardian was decided before.
    pub(super) fn erased(&self, asked: Asked, paid_ahead: bool) -> Decision {
        let Asked {
            child_id,
            acting,
            now,
        } = asked;
        if self.is_erased() {
            return Ok(Vec::new());
        }
        if paid_ahead && acting != Acting::System {
            return Err(ChildError::BookingsAhead);
        }
        let mut events = self.archived(asked);
        events.extend(self.without_allergens(asked));
        events.push(ChildEvent::ChildErased {
            child_id,
            erased_at: now,
        });
        Ok(events)
    }
}

impl Decide for Child {
    const TYPE: &'static str = "child";
    type Command = ChildCommand;
    type Event = ChildEvent;
    type Error = ChildError;

    fn decide(&self, command: ChildCommand) -> Result<Vec<ChildEvent>, ChildError> {
        let ChildCommand {
            child_id,
            acting,
            now,
            action,
        } = command;
        let asked = Asked {
            child_id,
            acting,
            now,
        };
        match action {
            Action::RecordConsent {
                role,
                purpose,
                policy_version,
            } => self.record_consent(asked, role, purpose, policy_version),
            Action::WithdrawConsent {
                purpose,
                paid_ahead,
            } => self.withdraw_consent(asked, purpose, paid_ahead),
            Action::Add {
                role,
                consent,
                player,
            } => self.add(asked, role, consent, *player),
            Action::Update(changes) => self.update(asked, *changes),
            Action::Archive => self.archive(asked),
            Action::Erase { paid_ahead } => self.erase(asked, paid_ahead),
            Action::UpdateMedical {
                subject,
                changes,
                custom,
            } => self.update_medical(asked, subject, *changes, custom),
            Action::AddAllergen { subject, allergen } => {
                self.add_allergen(asked, subject, allergen)
            }
            Action::RemoveAllergen { allergen_id } => self.remove_allergen(asked, allergen_id),
            Action::ReadMedical { fields } => self.read_medical(asked, fields),
            Action::OfferTransfer { transfer_id, to } => {
                self.offer_transfer(asked, transfer_id, to)
            }
            Action::AcceptTransfer {
                transfer_id,
                role,
                policy_version,
                medical,
            } => self.accept_transfer(asked, transfer_id, role, &policy_version, medical),
            Action::CancelTransfer { transfer_id } => self.cancel_transfer(asked, transfer_id),
        }
    }

    fn apply(&mut self, event: ChildEvent) {
        match event {
            ChildEvent::ConsentGiven {
                guardian_id,
                purpose,
                policy_version,
                ..
            } => {
                self.guardian.get_or_insert(guardian_id);
                self.consents.insert(purpose, policy_version);
            }
            ChildEvent::ConsentWithdrawn { purpose, .. } => {
                self.consents.remove(&purpose);
                if purpose == Purpose::MedicalData {
                    self.medical_generation += 1;
                }
            }
            ChildEvent::ChildAdded { .. } => self.stage = Stage::Added,
            ChildEvent::ChildArchived { .. } => self.stage = Stage::Archived,
            ChildEvent::ChildErased { .. } => {
                self.stage = Stage::Erased;
                self.consents.clear();
            }
            ChildEvent::CustomAllergenAdded {
                allergen_id,
                name_key,
                ..
            } => {
                self.allergens.insert(name_key, allergen_id);
            }
            ChildEvent::CustomAllergenRemoved { allergen_id, .. } => {
                self.allergens.retain(|_, id| *id != allergen_id);
            }
            ChildEvent::GuardianTransferRequested {
                transfer_id: id,
                to,
                expires_at,
                ..
            } => self.open = Some(Transfer { id, to, expires_at }),
            ChildEvent::GuardianTransferCanceled { .. } => self.closed = self.open.take(),
            ChildEvent::GuardianTransferred { guardian_id, .. } => {
                self.guardian = Some(guardian_id);
                self.closed = self.open.take();
            }
            ChildEvent::ChildUpdated { .. }
            | ChildEvent::MedicalUpdated { .. }
            | ChildEvent::MedicalRead { .. } => {}
        }
    }
}
