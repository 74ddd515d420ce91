//! Adding, changing, archiving, erasing.

use super::{
    Action, ChildError, ChildEvent, Purpose, accepted, admin, asked, child, guardian, not_found,
    refused, stranger, trainer,
};
use crate::domain::{
    child::{
        Acting, Child,
        samples::{
            added, allergen_added, allergen_removed, archived, changed_team, consent, erased,
            offer_canceled, offered, player, policy, withdrawn,
        },
    },
    samples,
    values::{Role, medical_subject},
};

fn add(role: Role, consents: bool) -> Action {
    Action::Add {
        role,
        consent: consents.then(policy),
        player: Box::new(player()),
    }
}

fn updated() -> ChildEvent {
    ChildEvent::ChildUpdated {
        child_id: samples::child_id(),
        changes: changed_team(),
        updated_at: samples::now(),
    }
}

fn erase(paid_ahead: bool) -> Action {
    Action::Erase { paid_ahead }
}

#[test]
fn a_parent_adds_a_child_and_the_consent_is_recorded_first() {
    accepted(vec![], guardian(), add(Role::Parent, true), child([]));
}

#[test]
fn a_consent_that_was_recorded_before_is_enough() {
    let given = vec![consent(Purpose::ChildData)];
    accepted(
        given.clone(),
        guardian(),
        add(Role::Parent, false),
        [added()],
    );
    accepted(given, guardian(), add(Role::Parent, true), [added()]);
}

#[test]
fn nothing_of_a_child_is_recorded_without_consent() {
    let missing = ChildError::ConsentMissing;
    refused(vec![], guardian(), add(Role::Parent, false), missing);
    let medical = vec![consent(Purpose::MedicalData)];
    refused(medical, guardian(), add(Role::Parent, false), missing);
    let gone = vec![consent(Purpose::ChildData), withdrawn(Purpose::ChildData)];
    refused(gone, guardian(), add(Role::Parent, false), missing);
}

#[test]
fn only_a_parent_has_children() {
    for role in [Role::Trainer, Role::Admin] {
        refused(vec![], guardian(), add(role, true), ChildError::NotAParent);
    }
    for acting in [trainer(), admin(), Acting::System] {
        refused(
            vec![],
            acting,
            add(Role::Parent, true),
            ChildError::NotFound,
        );
    }
}

#[test]
fn nobody_adds_the_child_that_another_parent_has_consented_for() {
    let given = vec![consent(Purpose::ChildData)];
    let action = add(Role::Parent, true);
    refused(given, stranger(), action, ChildError::NotFound);
}

#[test]
fn a_child_that_is_there_already_is_not_added_again() {
    accepted(child([]), guardian(), add(Role::Parent, true), []);
    let archived = child([archived()]);
    accepted(archived, guardian(), add(Role::Parent, true), []);
}

#[test]
fn the_guardian_and_admins_change_a_child() {
    for acting in [guardian(), admin()] {
        let action = Action::Update(Box::new(changed_team()));
        accepted(child([]), acting, action, [updated()]);
    }
    let action = Action::Update(Box::new(changed_team()));
    not_found(&child([]), &[stranger(), trainer()], &action);
    let only_consents = vec![consent(Purpose::ChildData)];
    refused(only_consents, guardian(), action, ChildError::NotFound);
}

#[test]
fn a_change_of_nothing_is_done_already() {
    let nothing = || Action::Update(Box::default());
    accepted(child([]), guardian(), nothing(), []);
    accepted(child([archived()]), guardian(), nothing(), []);
}

#[test]
fn an_archived_child_takes_no_new_data() {
    let given = child([archived()]);
    let update = Action::Update(Box::new(changed_team()));
    refused(given.clone(), guardian(), update, ChildError::Archived);
    let record = Action::RecordConsent {
        role: Role::Parent,
        purpose: Purpose::MedicalData,
        policy_version: policy(),
    };
    refused(given, guardian(), record, ChildError::Archived);
}

#[test]
fn archiving_is_done_once_and_ends_an_open_offer() {
    accepted(child([]), guardian(), Action::Archive, [archived()]);
    accepted(child([]), admin(), Action::Archive, [archived()]);
    accepted(child([archived()]), guardian(), Action::Archive, []);
    let both = [offer_canceled(), archived()];
    accepted(child([offered()]), guardian(), Action::Archive, both);
    not_found(&child([]), &[stranger(), trainer()], &Action::Archive);
}

#[test]
fn an_erased_child_was_archived_and_has_lost_its_own_allergens() {
    let given = child([consent(Purpose::MedicalData), allergen_added()]);
    let events = [archived(), allergen_removed(), erased()];
    accepted(given, guardian(), erase(false), events);
    accepted(child([archived()]), admin(), erase(false), [erased()]);
    not_found(&child([]), &[stranger(), trainer()], &erase(false));
}

#[test]
fn erasing_waits_for_what_is_paid_unless_the_system_must() {
    let refusal = ChildError::BookingsAhead;
    for acting in [guardian(), admin()] {
        refused(child([]), acting, erase(true), refusal);
    }
    accepted(
        child([]),
        Acting::System,
        erase(true),
        [archived(), erased()],
    );
    accepted(child([archived(), erased()]), guardian(), erase(true), []);
}

#[test]
fn everything_but_erasing_again_is_refused_of_an_erased_child() {
    let given = child([archived(), erased()]);
    let refusal = ChildError::Erased;
    let actions = [
        add(Role::Parent, true),
        Action::Update(Box::new(changed_team())),
        Action::Archive,
        Action::RecordConsent {
            role: Role::Parent,
            purpose: Purpose::ChildData,
            policy_version: policy(),
        },
    ];
    for action in actions {
        refused(given.clone(), guardian(), action, refusal);
    }
}

#[test]
fn what_must_be_forgotten_follows_from_the_events() {
    let id = samples::child_id();
    let forgotten = |events: Vec<ChildEvent>| {
        let mut child = Child::default();
        for event in events {
            eventsourcing::Decide::apply(&mut child, event);
        }
        (child.forgotten_subjects(id), child.medical_subject(id))
    };
    let (first, second) = (medical_subject(id, 0), medical_subject(id, 1));
    assert_eq!(forgotten(child([])), (vec![], first));
    let withdrawn = withdrawn(Purpose::MedicalData);
    let given = child([consent(Purpose::MedicalData), withdrawn]);
    assert_eq!(forgotten(given.clone()), (vec![first], second));
    let erased: Vec<_> = given.into_iter().chain([archived(), erased()]).collect();
    assert_eq!(forgotten(erased).0, [first, second, id.uuid()]);
    assert!(asked(guardian(), erase(false)).action.forgets());
}
