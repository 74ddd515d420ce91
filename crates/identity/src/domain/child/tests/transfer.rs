use chrono::TimeDelta;

use super::{
    Action, ChildError, ChildEvent, Purpose, accepted, admin, child, guardian, not_found, refused,
    stranger, trainer,
};
use crate::domain::{
    child::{
        Acting, OFFER,
        samples::{
            archived, changed_team, consent, erased, offer_canceled, offered, other_parent, policy,
            transfer_id, transferred, withdrawn,
        },
    },
    samples,
    values::{Role, TransferId, UserId},
};

fn another_id() -> TransferId {
    uuid::Uuid::from_u128(60).into()
}

fn third() -> Acting {
    Acting::Parent(uuid::Uuid::from_u128(61).into())
}

fn offer_to(to: Option<UserId>) -> Action {
    Action::OfferTransfer {
        transfer_id: transfer_id(),
        to,
    }
}

fn accept(medical: bool) -> Action {
    Action::AcceptTransfer {
        transfer_id: transfer_id(),
        role: Role::Parent,
        policy_version: policy(),
        medical,
    }
}

fn cancel() -> Action {
    Action::CancelTransfer {
        transfer_id: transfer_id(),
    }
}

fn consent_of_other(purpose: Purpose) -> ChildEvent {
    ChildEvent::ConsentGiven {
        child_id: samples::child_id(),
        guardian_id: other_parent(),
        purpose,
        policy_version: policy(),
        given_at: samples::now(),
    }
}

fn handed_over() -> Vec<ChildEvent> {
    child([
        offered(),
        transferred(),
        consent_of_other(Purpose::ChildData),
    ])
}

#[test]
fn the_guardian_offers_and_the_other_side_accepts_with_their_own_consents() {
    accepted(
        child([]),
        guardian(),
        offer_to(Some(other_parent())),
        [offered()],
    );
    let consents = [
        transferred(),
        consent_of_other(Purpose::ChildData),
        consent_of_other(Purpose::MedicalData),
    ];
    accepted(child([offered()]), stranger(), accept(true), consents);
}

#[test]
fn medical_data_end_with_the_consent_of_the_former_guardian() {
    let given = child([consent(Purpose::MedicalData), offered()]);
    let events = [
        transferred(),
        consent_of_other(Purpose::ChildData),
        withdrawn(Purpose::MedicalData),
    ];
    accepted(given, stranger(), accept(false), events);
    let events = [transferred(), consent_of_other(Purpose::ChildData)];
    accepted(child([offered()]), stranger(), accept(false), events);
}

#[test]
fn the_former_guardian_finds_the_child_no_more() {
    let actions = [
        Action::Update(Box::new(changed_team())),
        Action::Archive,
        Action::Erase { paid_ahead: false },
        Action::WithdrawConsent {
            purpose: Purpose::ChildData,
            paid_ahead: false,
        },
        offer_to(Some(other_parent())),
        cancel(),
        Action::ReadMedical { fields: vec![] },
    ];
    for action in actions {
        refused(handed_over(), guardian(), action, ChildError::NotFound);
    }
    let action = Action::Update(Box::new(changed_team()));
    let event = ChildEvent::ChildUpdated {
        child_id: samples::child_id(),
        changes: changed_team(),
        updated_at: samples::now(),
    };
    accepted(handed_over(), stranger(), action, [event]);
}

#[test]
fn the_same_offer_is_made_once_and_another_one_replaces_it() {
    let given = || child([offered()]);
    accepted(given(), guardian(), offer_to(Some(other_parent())), []);
    let action = Action::OfferTransfer {
        transfer_id: another_id(),
        to: None,
    };
    let event = ChildEvent::GuardianTransferRequested {
        child_id: samples::child_id(),
        transfer_id: another_id(),
        guardian_id: samples::user_id(),
        to: None,
        requested_at: samples::now(),
        expires_at: samples::now() + OFFER,
    };
    accepted(given(), guardian(), action, [offer_canceled(), event]);
}

/// An offer that was made so long ago.
fn offered_before(ago: TimeDelta) -> ChildEvent {
    let requested_at = samples::now() - ago;
    ChildEvent::GuardianTransferRequested {
        child_id: samples::child_id(),
        transfer_id: transfer_id(),
        guardian_id: samples::user_id(),
        to: Some(other_parent()),
        requested_at,
        expires_at: requested_at + OFFER,
    }
}

#[test]
fn an_offer_can_be_accepted_until_it_expires() {
    let second = TimeDelta::seconds(1);
    let given = child([offered_before(OFFER - second)]);
    let events = [transferred(), consent_of_other(Purpose::ChildData)];
    accepted(given, stranger(), accept(false), events);
    let expired = || child([offered_before(OFFER)]);
    let error = ChildError::TransferNotOpen;
    refused(expired(), stranger(), accept(false), error);
    not_found(&expired(), &[third(), trainer(), admin()], &accept(false));
    accepted(expired(), stranger(), cancel(), [offer_canceled()]);
}

#[test]
fn an_offer_that_has_expired_is_made_anew() {
    let action = Action::OfferTransfer {
        transfer_id: another_id(),
        to: Some(other_parent()),
    };
    let anew = ChildEvent::GuardianTransferRequested {
        child_id: samples::child_id(),
        transfer_id: another_id(),
        guardian_id: samples::user_id(),
        to: Some(other_parent()),
        requested_at: samples::now(),
        expires_at: samples::now() + OFFER,
    };
    accepted(
        child([offered_before(OFFER)]),
        guardian(),
        action,
        [offer_canceled(), anew],
    );
}

#[test]
fn nobody_accepts_what_they_were_not_offered() {
    not_found(
        &child([offered()]),
        &[third(), trainer(), admin()],
        &accept(true),
    );
    not_found(&child([]), &[stranger(), third()], &accept(true));
    let error = ChildError::TransferNotOpen;
    refused(child([offered()]), guardian(), accept(true), error);
    let action = Action::AcceptTransfer {
        transfer_id: transfer_id(),
        role: Role::Trainer,
        policy_version: policy(),
        medical: false,
    };
    refused(
        child([offered()]),
        stranger(),
        action,
        ChildError::NotAParent,
    );
}

#[test]
fn accepting_again_is_done_already() {
    accepted(handed_over(), stranger(), accept(false), []);
}

#[test]
fn both_sides_and_admins_end_an_offer_and_it_stays_ended() {
    for acting in [guardian(), stranger(), admin()] {
        accepted(child([offered()]), acting, cancel(), [offer_canceled()]);
        accepted(child([offered(), offer_canceled()]), acting, cancel(), []);
    }
    let ended = || child([offered(), offer_canceled()]);
    refused(
        ended(),
        stranger(),
        accept(true),
        ChildError::TransferNotOpen,
    );
    not_found(&child([offered()]), &[third(), trainer()], &cancel());
    refused(child([]), guardian(), cancel(), ChildError::TransferNotOpen);
    refused(
        handed_over(),
        stranger(),
        cancel(),
        ChildError::TransferNotOpen,
    );
}

#[test]
fn only_the_guardian_offers_a_child_that_is_there() {
    let offer = offer_to(Some(other_parent()));
    not_found(&child([]), &[stranger(), trainer(), admin()], &offer);
    let archived_child = child([archived()]);
    refused(
        archived_child,
        guardian(),
        offer.clone(),
        ChildError::Archived,
    );
    let gone = child([archived(), erased()]);
    refused(gone, guardian(), offer, ChildError::Erased);
}

#[test]
fn nobody_hands_a_child_over_to_themselves() {
    let own = || offer_to(Some(samples::user_id()));
    let error = ChildError::SameGuardian;
    let given = [
        child([]),
        child([offered()]),
        child([archived()]),
        vec![consent(Purpose::ChildData)],
    ];
    for given in given {
        refused(given, guardian(), own(), error);
    }
    let own_of_other = offer_to(Some(other_parent()));
    refused(handed_over(), stranger(), own_of_other, error);
    not_found(&child([]), &[stranger(), trainer(), admin()], &own());
}
