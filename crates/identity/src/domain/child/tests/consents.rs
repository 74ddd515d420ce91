use super::{
    Action, ChildError, Purpose, accepted, admin, child, guardian, not_found, refused, stranger,
    trainer,
};
use crate::domain::{
    child::{
        Acting, PolicyVersion,
        samples::{allergen_added, allergen_removed, archived, consent, erased, policy, withdrawn},
    },
    values::Role,
};

fn record(purpose: Purpose) -> Action {
    Action::RecordConsent {
        role: Role::Parent,
        purpose,
        policy_version: policy(),
    }
}

fn withdraw(purpose: Purpose, paid_ahead: bool) -> Action {
    Action::WithdrawConsent {
        purpose,
        paid_ahead,
    }
}

#[test]
fn a_consent_is_recorded_before_anything_of_the_child_is() {
    for purpose in [Purpose::ChildData, Purpose::MedicalData] {
        accepted(vec![], guardian(), record(purpose), [consent(purpose)]);
    }
}

#[test]
fn the_same_consent_again_is_done_already_and_another_text_is_not() {
    let given = child([]);
    accepted(given.clone(), guardian(), record(Purpose::ChildData), []);
    let newer = PolicyVersion::parse("2027-01").unwrap();
    let action = Action::RecordConsent {
        role: Role::Parent,
        purpose: Purpose::ChildData,
        policy_version: newer.clone(),
    };
    let mut event = consent(Purpose::ChildData);
    if let super::ChildEvent::ConsentGiven { policy_version, .. } = &mut event {
        *policy_version = newer;
    }
    accepted(given, guardian(), action, [event]);
}

#[test]
fn only_the_guardian_consents_and_withdraws() {
    for acting in [stranger(), trainer(), admin(), Acting::System] {
        let error = ChildError::NotFound;
        refused(child([]), acting, record(Purpose::MedicalData), error);
        refused(
            child([]),
            acting,
            withdraw(Purpose::ChildData, false),
            error,
        );
    }
    not_found(
        &child([]),
        &[stranger()],
        &withdraw(Purpose::ChildData, false),
    );
    let action = Action::RecordConsent {
        role: Role::Trainer,
        purpose: Purpose::ChildData,
        policy_version: policy(),
    };
    refused(vec![], guardian(), action, ChildError::NotAParent);
}

#[test]
fn without_the_medical_consent_the_medical_data_are_gone() {
    let given = child([consent(Purpose::MedicalData), allergen_added()]);
    let events = [allergen_removed(), withdrawn(Purpose::MedicalData)];
    accepted(
        given,
        guardian(),
        withdraw(Purpose::MedicalData, true),
        events,
    );
    accepted(
        child([]),
        guardian(),
        withdraw(Purpose::MedicalData, false),
        [],
    );
}

#[test]
fn without_the_consent_to_its_data_the_child_is_gone() {
    let events = [withdrawn(Purpose::ChildData), archived(), erased()];
    accepted(
        child([]),
        guardian(),
        withdraw(Purpose::ChildData, false),
        events,
    );
    let given = child([withdrawn(Purpose::ChildData), archived(), erased()]);
    accepted(given, guardian(), withdraw(Purpose::ChildData, true), []);
}

#[test]
fn a_consent_cannot_be_withdrawn_while_something_paid_lies_ahead() {
    let action = withdraw(Purpose::ChildData, true);
    refused(child([]), guardian(), action, ChildError::BookingsAhead);
}

#[test]
fn a_consent_for_a_child_that_never_was_added_is_simply_withdrawn() {
    let given = vec![consent(Purpose::ChildData)];
    let events = [withdrawn(Purpose::ChildData)];
    accepted(
        given,
        guardian(),
        withdraw(Purpose::ChildData, false),
        events,
    );
}

#[test]
fn versions_are_short_and_plain() {
    for version in ["1", "2026-01", "v1.2_b", &"x".repeat(40)] {
        assert!(PolicyVersion::parse(version).is_ok(), "{version}");
    }
    for version in ["", "of today", "ä", &"x".repeat(41)] {
        assert!(PolicyVersion::parse(version).is_err(), "{version}");
    }
}
