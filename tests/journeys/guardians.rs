//! Children change hands, and their guardian sees who has looked at their medical data.

use contracts::{
    common::v1::Role,
    identity::v1::{
        AcceptGuardianTransferRequest, AddCustomAllergenRequest, Allergies, Child, ConsentPurpose,
        EmergencyContact, GetChildMedicalRequest, GetChildMedicalResponse, GetChildRequest,
        ListGuardianTransfersRequest, ListMedicalAccessRequest, MedicalAccess, MedicalConditions,
        RecordConsentRequest, TransferGuardianRequest, UpdateMedicalRequest,
        child_medical_service_client::ChildMedicalServiceClient,
        child_service_client::ChildServiceClient, transfer_guardian_request::NewGuardian,
    },
    payments::events::v1::PayableKind,
    scheduling::v1::SessionState,
};
use tonic::{Code, Status, transport::Channel};

use e2e::{
    mailbox,
    people::{self, Parent, User, id},
    replay,
    shared::SharedSystem,
    system::{System, eventually},
};

const POLICY: &str = "2025-01";

fn children(system: &System) -> ChildServiceClient<Channel> {
    ChildServiceClient::new(system.channel("identity"))
}

fn medical(system: &System) -> ChildMedicalServiceClient<Channel> {
    ChildMedicalServiceClient::new(system.channel("identity"))
}

async fn child(system: &System, user: &User, child_id: &str) -> Result<Child, Status> {
    let request = GetChildRequest {
        child_id: child_id.to_owned(),
        min_position: None,
    };
    let answer = children(system)
        .get_child(user.says(request))
        .await?
        .into_inner();
    Ok(answer.child.expect("a child"))
}

/// Offers the child by the address of the other guardian.
async fn offer(system: &System, guardian: &User, other: &User, child_id: &str) {
    let request = TransferGuardianRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        new_guardian: Some(NewGuardian::NewGuardianEmail(other.email.clone())),
    };
    let offered = children(system)
        .transfer_guardian(guardian.says(request))
        .await;
    offered.expect("the child is offered");
    mailbox::message(system, "guardian-transfer-offered", &other.email).await;
}

async fn accept(system: &System, other: &User) {
    let transfer = eventually("the offer", || async {
        let request = ListGuardianTransfersRequest::default();
        let offers = children(system)
            .list_guardian_transfers(other.says(request))
            .await
            .ok()?;
        offers
            .into_inner()
            .transfers
            .into_iter()
            .find(|offer| offer.incoming)
    })
    .await;
    let request = AcceptGuardianTransferRequest {
        request_id: id(),
        child_id: transfer.child_id,
        transfer_id: transfer.transfer_id,
        guardian_consent: true,
        medical_consent: false,
        policy_version: POLICY.to_owned(),
    };
    let accepted = children(system)
        .accept_guardian_transfer(other.says(request))
        .await;
    accepted.expect("the child is theirs");
}

#[tokio::test]
async fn a_child_changes_hands_when_both_guardians_agree() {
    let system = SharedSystem::usual().await;
    let (parent, other) = (
        people::parent(&system, 1).await,
        people::register(&system, Role::Parent).await,
    );
    let child_id = &parent.children[0];
    offer(&system, &parent.user, &other, child_id).await;
    let before = child(&system, &other, child_id).await.unwrap_err();
    assert_eq!(
        before.code(),
        Code::NotFound,
        "an offer shows the child already"
    );
    child(&system, &parent.user, child_id)
        .await
        .expect("their child until then");

    accept(&system, &other).await;
    let theirs = eventually("the new guardian's child", || async {
        child(&system, &other, child_id).await.ok()
    })
    .await;
    assert_eq!(theirs.guardian_id, other.id);
    let former = child(&system, &parent.user, child_id).await.unwrap_err();
    assert_eq!(
        former.code(),
        Code::NotFound,
        "the former guardian still sees the child"
    );
    replay::is_the_same(&system).await;
}

async fn gives_medical_data(system: &System, guardian: &User, child_id: &str) {
    let consent = RecordConsentRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        purpose: ConsentPurpose::MedicalData.into(),
        policy_version: POLICY.to_owned(),
    };
    let consented = children(system)
        .record_consent(guardian.says(consent))
        .await;
    consented.expect("their consent");
    let request = UpdateMedicalRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        allergies: Some(Allergies {
            names: vec!["peanuts".to_owned()],
        }),
        medical_conditions: Some(MedicalConditions {
            asthma: true,
            other: String::new(),
        }),
        emergency_contact: Some(EmergencyContact {
            name: "Ann Lane".to_owned(),
            phone_number: "+12125550123".to_owned(),
            relationship: "aunt".to_owned(),
        }),
    };
    let updated = medical(system).update_medical(guardian.says(request)).await;
    updated.expect("medical data");
    let request = AddCustomAllergenRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        name: "Grass".to_owned(),
    };
    let added = medical(system)
        .add_custom_allergen(guardian.says(request))
        .await;
    added.expect("an allergen");
}

async fn reads(
    system: &System,
    reader: &User,
    child_id: &str,
) -> Result<GetChildMedicalResponse, Status> {
    let request = GetChildMedicalRequest {
        child_id: child_id.to_owned(),
        min_position: None,
    };
    Ok(medical(system)
        .get_child_medical(reader.says(request))
        .await?
        .into_inner())
}

async fn accesses(system: &System, guardian: &User, child_id: &str) -> Vec<MedicalAccess> {
    let request = ListMedicalAccessRequest {
        child_id: child_id.to_owned(),
        ..ListMedicalAccessRequest::default()
    };
    let accesses = medical(system)
        .list_medical_access(guardian.says(request))
        .await;
    accesses.expect("who has read").into_inner().accesses
}

#[tokio::test]
async fn a_trainer_with_a_session_ahead_reads_medical_data_and_the_guardian_sees_it() {
    let system = SharedSystem::usual().await;
    let admin = people::admin(&system).await;
    let trainer = people::trainer(&system, &admin, 1).await;
    let stranger = people::register(&system, Role::Trainer).await;
    let parent = people::parent(&system, 1).await;
    let child_id = &parent.children[0];
    gives_medical_data(&system, &parent.user, child_id).await;
    let early = reads(&system, &trainer.user, child_id).await.unwrap_err();
    assert_eq!(early.code(), Code::NotFound, "without a session");

    book_and_pay(&system, &parent, &trainer.slots[0]).await;
    let read = eventually("the coach reads", || async {
        reads(&system, &trainer.user, child_id).await.ok()
    })
    .await;
    let read = read.medical.expect("medical data");
    assert_eq!(read.custom_allergens[0].name, "Grass");
    assert!(read.medical_conditions.expect("conditions").asthma);
    assert_eq!(read.emergency_contact.expect("a contact").name, "Ann Lane");
    let other = reads(&system, &stranger, child_id).await.unwrap_err();
    assert_eq!(other.code(), Code::NotFound, "another trainer");

    let seen = eventually("the guardian sees it", || async {
        let accesses = accesses(&system, &parent.user, child_id).await;
        accesses
            .into_iter()
            .find(|access| access.reader_id == trainer.user.id)
    })
    .await;
    assert_eq!(seen.role(), Role::Trainer);
    assert!(!seen.fields.is_empty() && seen.read_at.is_some());
    let all = accesses(&system, &parent.user, child_id).await;
    assert!(all.iter().all(|access| access.reader_id != stranger.id));
    replay::is_the_same(&system).await;
}

async fn book_and_pay(system: &System, parent: &Parent, slot: &str) {
    let booked = people::book(system, parent, slot, id())
        .await
        .expect("a session");
    let kind = PayableKind::Session;
    people::pay(
        system,
        &parent.user,
        kind,
        &booked.session_id,
        "sandbox_ok",
        id(),
    )
    .await
    .expect("a payment");
    people::session_becomes(system, &parent.user, &booked.session_id, SessionState::Paid).await;
}
