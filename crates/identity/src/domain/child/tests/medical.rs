use uuid::Uuid;

use super::{
    Action, ChildError, ChildEvent, Purpose, accepted, admin, child, guardian, not_found, refused,
    stranger, trainer,
};
use crate::domain::{
    child::{
        Acting, CustomAllergen, MedicalChanges, MedicalField,
        samples::{
            allergen_added, allergen_id, allergen_removed, archived, consent, erased, medical,
            medical_changes, withdrawn,
        },
    },
    samples,
    values::{Role, UserId, medical_subject},
};

fn subject(generation: u32) -> Uuid {
    medical_subject(samples::child_id(), generation)
}

fn kiwi() -> CustomAllergen {
    CustomAllergen {
        allergen_id: allergen_id(),
        name: medical("kiwi"),
        name_key: "kiwi's key".to_owned(),
    }
}

fn update(custom: Vec<CustomAllergen>) -> Action {
    Action::UpdateMedical {
        subject: subject(0),
        changes: Box::new(medical_changes()),
        custom,
    }
}

fn updated() -> ChildEvent {
    ChildEvent::MedicalUpdated {
        child_id: samples::child_id(),
        changes: medical_changes(),
        updated_at: samples::now(),
    }
}

fn add_kiwi(generation: u32) -> Action {
    Action::AddAllergen {
        subject: subject(generation),
        allergen: kiwi(),
    }
}

fn remove_kiwi() -> Action {
    Action::RemoveAllergen {
        allergen_id: allergen_id(),
    }
}

fn consented(then: impl IntoIterator<Item = ChildEvent>) -> Vec<ChildEvent> {
    let mut events = child([consent(Purpose::MedicalData)]);
    events.extend(then);
    events
}

#[test]
fn medical_data_need_a_consent_of_their_own() {
    let missing = ChildError::ConsentMissing;
    refused(child([]), guardian(), update(vec![]), missing);
    refused(child([]), guardian(), add_kiwi(0), missing);
    let gone = consented([withdrawn(Purpose::MedicalData)]);
    refused(gone, guardian(), update(vec![]), missing);
    accepted(consented([]), guardian(), update(vec![]), [updated()]);
}

#[test]
fn what_was_sealed_before_a_consent_ended_is_not_taken_after_it() {
    let again = || {
        consented([
            withdrawn(Purpose::MedicalData),
            consent(Purpose::MedicalData),
        ])
    };
    let missing = ChildError::ConsentMissing;
    refused(again(), guardian(), add_kiwi(0), missing);
    refused(again(), guardian(), update(vec![]), missing);
    accepted(again(), guardian(), add_kiwi(1), [allergen_added()]);
}

#[test]
fn an_unknown_allergen_becomes_one_of_the_guardians_own_once() {
    let both = [updated(), allergen_added()];
    accepted(
        consented([]),
        guardian(),
        update(vec![kiwi(), kiwi()]),
        both,
    );
    let given = consented([allergen_added()]);
    accepted(given, guardian(), update(vec![kiwi()]), [updated()]);
}

#[test]
fn a_child_has_each_own_allergen_once() {
    accepted(consented([]), guardian(), add_kiwi(0), [allergen_added()]);
    accepted(consented([allergen_added()]), guardian(), add_kiwi(0), []);
    let given = consented([allergen_added(), allergen_removed()]);
    accepted(given, guardian(), add_kiwi(0), [allergen_added()]);
}

#[test]
fn a_child_has_a_hundred_own_allergens_at_most() {
    let full = || {
        consented((0..100).map(|number| ChildEvent::CustomAllergenAdded {
            child_id: samples::child_id(),
            allergen_id: Uuid::from_u128(1_000 + number).into(),
            name: medical("another"),
            name_key: format!("key {number}"),
            added_at: samples::now(),
        }))
    };
    let too_many = ChildError::TooManyAllergens;
    refused(full(), guardian(), add_kiwi(0), too_many);
    refused(full(), guardian(), update(vec![kiwi()]), too_many);
    let another = CustomAllergen {
        name_key: "key 7".to_owned(),
        ..kiwi()
    };
    let changed = update(vec![another]);
    accepted(full(), guardian(), changed, [updated()]);
    let mut one_less = full();
    one_less.pop();
    accepted(one_less, guardian(), add_kiwi(0), [allergen_added()]);
}

#[test]
fn an_allergen_that_is_gone_is_removed_already() {
    let given = consented([allergen_added()]);
    accepted(given, guardian(), remove_kiwi(), [allergen_removed()]);
    accepted(consented([]), guardian(), remove_kiwi(), []);
    let given = consented([allergen_added(), archived()]);
    accepted(given, guardian(), remove_kiwi(), [allergen_removed()]);
}

#[test]
fn nothing_given_is_done_already() {
    let action = Action::UpdateMedical {
        subject: subject(0),
        changes: Box::new(MedicalChanges::default()),
        custom: vec![],
    };
    accepted(child([]), guardian(), action, []);
}

#[test]
fn nobody_but_the_guardian_writes_medical_data() {
    let others = [stranger(), trainer(), admin(), Acting::System];
    not_found(&consented([]), &others, &update(vec![]));
    not_found(&consented([]), &others, &add_kiwi(0));
    not_found(&consented([]), &[stranger(), trainer()], &remove_kiwi());
}

#[test]
fn neither_an_archived_nor_an_erased_child_takes_medical_data() {
    let given = consented([archived()]);
    refused(given, guardian(), update(vec![]), ChildError::Archived);
    let given = consented([archived(), erased()]);
    for action in [update(vec![]), add_kiwi(0), remove_kiwi()] {
        refused(given.clone(), guardian(), action, ChildError::Erased);
    }
}

#[test]
fn every_look_but_the_guardians_is_recorded() {
    let fields = vec![MedicalField::Allergies];
    let read = || Action::ReadMedical {
        fields: vec![MedicalField::Allergies],
    };
    let recorded = |reader_id: UserId, role| ChildEvent::MedicalRead {
        child_id: samples::child_id(),
        reader_id,
        role,
        fields: fields.clone(),
        read_at: samples::now(),
    };
    let of_trainer = recorded(samples::trainer_id(), Role::Trainer);
    accepted(consented([]), trainer(), read(), [of_trainer]);
    let of_admin = recorded(Uuid::from_u128(9).into(), Role::Admin);
    accepted(consented([archived()]), admin(), read(), [of_admin]);
    accepted(consented([]), guardian(), read(), []);
    not_found(&consented([]), &[stranger(), Acting::System], &read());
    let given = consented([archived(), erased()]);
    refused(given, trainer(), read(), ChildError::Erased);
}
