//! Children: their data, their medical data, and who answers for them.

use contracts::identity::v1::{
    AcceptGuardianTransferRequest, AddChildRequest, AddCustomAllergenRequest,
    CancelGuardianTransferRequest, ConsentPurpose, DestroyChildKeysRequest, GetChildMedicalRequest,
    GetChildRequest, ListChildrenRequest, ListGuardianTransfersRequest, ListMedicalAccessRequest,
    MedicalConditions, RecordConsentRequest, RemoveCustomAllergenRequest, TransferGuardianRequest,
    UpdateChildRequest, UpdateMedicalRequest, WithdrawConsentRequest,
    transfer_guardian_request::NewGuardian,
};
use e2e::people::{self, id};
use prost::Message as _;

use super::rows::{Row, guarded};
use super::world::{POLICY, World};

const HERE: &[&str] = &["identity"];

fn child() -> AddChildRequest {
    people::child(id())
}

/// The leaver's second child, who is offered to the owner.
fn offered(world: &World) -> String {
    world.leaver.children[1].clone()
}

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    guarded(HERE, "/divinetime.identity.v1.ChildService/RecordConsent", b"ANNRRRR", |w| {
        RecordConsentRequest { request_id: id(), child_id: w.child_id(), purpose: ConsentPurpose::MedicalData.into(), policy_version: POLICY.to_owned() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.ChildService/AddChild", b"AAARRRR", |_| child().encode_to_vec()),
    guarded(HERE, "/divinetime.identity.v1.ChildService/UpdateChild", b"ANNRRAR", |w| {
        UpdateChildRequest { request_id: id(), child_id: w.child_id(), team: Some("Hawks".to_owned()), ..Default::default() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.ChildService/GetChild", b"ANNRRAR", |w| {
        GetChildRequest { child_id: w.child_id(), min_position: None }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.ChildService/ListChildren", b"ANNRRAR", |w| {
        ListChildrenRequest { guardian_id: w.owner.user.id.clone(), ..Default::default() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.ChildService/DestroyChildKeys", b"RRRRRRA", |w| {
        DestroyChildKeysRequest { request_id: id(), child_id: w.child_id() }.encode_to_vec()
    }),

    guarded(HERE, "/divinetime.identity.v1.ChildMedicalService/UpdateMedical", b"ANNRRRR", |w| {
        let conditions = MedicalConditions { ..Default::default() };
        UpdateMedicalRequest { request_id: id(), child_id: w.child_id(), medical_conditions: Some(conditions), ..Default::default() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.ChildMedicalService/AddCustomAllergen", b"ANNRRRR", |w| {
        AddCustomAllergenRequest { request_id: id(), child_id: w.child_id(), name: "Mango".to_owned() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.ChildMedicalService/RemoveCustomAllergen", b"ANNRRAR", |w| {
        RemoveCustomAllergenRequest { request_id: id(), child_id: w.child_id(), allergen_id: id() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.ChildMedicalService/GetChildMedical", b"ANNNAAR", |w| {
        GetChildMedicalRequest { child_id: w.child_id(), min_position: None }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.ChildMedicalService/ListMedicalAccess", b"ANNRRAR", |w| {
        ListMedicalAccessRequest { child_id: w.child_id(), ..Default::default() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.ChildService/WithdrawConsent", b"ANNRRRR", |w| {
        WithdrawConsentRequest { request_id: id(), child_id: w.child_id(), purpose: ConsentPurpose::MedicalData.into() }.encode_to_vec()
    }),

    guarded(HERE, "/divinetime.identity.v1.ChildService/TransferGuardian", b"ANNRRRR", |w| {
        TransferGuardianRequest {
            request_id: id(),
            child_id: offered(w),
            new_guardian: Some(NewGuardian::NewGuardianId(w.owner.user.id.clone())),
        }.encode_to_vec()
    }).owned_by(|w| &w.leaver.user),
    guarded(HERE, "/divinetime.identity.v1.ChildService/ListGuardianTransfers", b"AAARRRR", |_| {
        ListGuardianTransfersRequest::default().encode_to_vec()
    }),
    // Here the owner is who gets the child.
    guarded(HERE, "/divinetime.identity.v1.ChildService/AcceptGuardianTransfer", b"ANNRRRR", |w| {
        AcceptGuardianTransferRequest {
            request_id: id(),
            child_id: offered(w),
            transfer_id: w.transfer_id.clone(),
            guardian_consent: true,
            medical_consent: false,
            policy_version: POLICY.to_owned(),
        }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.identity.v1.ChildService/CancelGuardianTransfer", b"ANNRRAR", |w| {
        CancelGuardianTransferRequest { request_id: id(), child_id: offered(w), transfer_id: w.transfer_id.clone() }.encode_to_vec()
    }),
];
