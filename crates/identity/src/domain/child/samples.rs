//! One event of each type of a child, for tests.

use eventsourcing::personal::Personal;
use testing::sealed;
use uuid::Uuid;

use super::{
    ChildEvent, MedicalChanges, MedicalField, OFFER, Player, PlayerChanges, PolicyVersion, Purpose,
    SkillLevel,
};
use crate::domain::{
    samples::{child_id, now, trainer_id, user_id},
    values::{AllergenId, Role, TransferId, UserId, medical_subject},
};

pub fn policy() -> PolicyVersion {
    PolicyVersion::parse("2026-01").unwrap()
}

pub fn other_parent() -> UserId {
    Uuid::from_u128(4).into()
}

pub fn allergen_id() -> AllergenId {
    Uuid::from_u128(5).into()
}

pub fn transfer_id() -> TransferId {
    Uuid::from_u128(6).into()
}

pub fn player() -> Player {
    let child = child_id().uuid();
    Player {
        first_name: sealed(child, "Cleo"),
        last_name: sealed(child, "Berg"),
        birthdate: sealed(child, "2015-02-28"),
        skill_level: SkillLevel::Intermediate,
        specify: sealed(child, "Plays two years up."),
        team: sealed(child, "Harbour United"),
    }
}

pub fn changed_team() -> PlayerChanges {
    PlayerChanges {
        team: Some(sealed(child_id().uuid(), "Harbour City")),
        ..PlayerChanges::default()
    }
}

pub fn medical<T>(label: &str) -> Personal<T> {
    sealed(medical_subject(child_id(), 0), label)
}

pub fn medical_changes() -> MedicalChanges {
    MedicalChanges {
        allergies: Some(medical("peanuts")),
        conditions: Some(medical("asthma")),
        emergency_contact: Some(medical("Grandmother")),
    }
}

pub fn consent(purpose: Purpose) -> ChildEvent {
    ChildEvent::ConsentGiven {
        child_id: child_id(),
        guardian_id: user_id(),
        purpose,
        policy_version: policy(),
        given_at: now(),
    }
}

pub fn withdrawn(purpose: Purpose) -> ChildEvent {
    ChildEvent::ConsentWithdrawn {
        child_id: child_id(),
        purpose,
        withdrawn_at: now(),
    }
}

pub fn added() -> ChildEvent {
    ChildEvent::ChildAdded {
        child_id: child_id(),
        guardian_id: user_id(),
        player: player(),
        added_at: now(),
    }
}

pub fn allergen_added() -> ChildEvent {
    ChildEvent::CustomAllergenAdded {
        child_id: child_id(),
        allergen_id: allergen_id(),
        name: medical("kiwi"),
        name_key: "kiwi's key".to_owned(),
        added_at: now(),
    }
}

pub fn allergen_removed() -> ChildEvent {
    ChildEvent::CustomAllergenRemoved {
        child_id: child_id(),
        allergen_id: allergen_id(),
        removed_at: now(),
    }
}

pub fn offered() -> ChildEvent {
    ChildEvent::GuardianTransferRequested {
        child_id: child_id(),
        transfer_id: transfer_id(),
        guardian_id: user_id(),
        to: Some(other_parent()),
        requested_at: now(),
        expires_at: now() + OFFER,
    }
}

pub fn offer_canceled() -> ChildEvent {
    ChildEvent::GuardianTransferCanceled {
        child_id: child_id(),
        transfer_id: transfer_id(),
        canceled_at: now(),
    }
}

pub fn transferred() -> ChildEvent {
    ChildEvent::GuardianTransferred {
        child_id: child_id(),
        transfer_id: transfer_id(),
        former_guardian_id: user_id(),
        guardian_id: other_parent(),
        transferred_at: now(),
    }
}

pub fn archived() -> ChildEvent {
    ChildEvent::ChildArchived {
        child_id: child_id(),
        guardian_id: user_id(),
        archived_at: now(),
    }
}

pub fn erased() -> ChildEvent {
    ChildEvent::ChildErased {
        child_id: child_id(),
        erased_at: now(),
    }
}

pub fn child_events() -> Vec<ChildEvent> {
    vec![
        consent(Purpose::ChildData),
        added(),
        ChildEvent::ChildUpdated {
            child_id: child_id(),
            changes: changed_team(),
            updated_at: now(),
        },
        ChildEvent::MedicalUpdated {
            child_id: child_id(),
            changes: medical_changes(),
            updated_at: now(),
        },
        allergen_added(),
        allergen_removed(),
        ChildEvent::MedicalRead {
            child_id: child_id(),
            reader_id: trainer_id(),
            role: Role::Trainer,
            fields: vec![MedicalField::Allergies, MedicalField::EmergencyContact],
            read_at: now(),
        },
        withdrawn(Purpose::MedicalData),
        offered(),
        offer_canceled(),
        transferred(),
        archived(),
        erased(),
    ]
}
