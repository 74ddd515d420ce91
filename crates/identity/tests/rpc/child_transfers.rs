//! Handing a child over: both sides agree, and the former guardian finds nothing any more.

use contracts::{
    common::v1::{LogPosition, Role},
    identity::v1::{
        AcceptGuardianTransferRequest, ArchiveChildRequest, CancelGuardianTransferRequest,
        ConsentPurpose, EraseChildRequest, GuardianTransfer, ListChildrenRequest,
        ListGuardianTransfersRequest, ListMedicalAccessRequest, TransferGuardianRequest,
        TransferGuardianResponse, UpdateChildRequest, transfer_guardian_request::NewGuardian,
    },
    wire,
};
use prost_types::Timestamp;
use tonic::Status;

use crate::{
    child_medical::{medical, read, update},
    child_records::{added, consent, get, not_found, precondition, told, withdraw},
    harness::{Account, Harness, fields, id},
};

fn user(account: &Account) -> NewGuardian {
    NewGuardian::NewGuardianId(account.user_id.clone())
}

fn email(address: &str) -> NewGuardian {
    NewGuardian::NewGuardianEmail(address.to_owned())
}

async fn offer(
    harness: &Harness,
    caller: &Account,
    child_id: &str,
    to: NewGuardian,
) -> Result<TransferGuardianResponse, Status> {
    let request = TransferGuardianRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        new_guardian: Some(to),
    };
    let mut client = harness.children(&caller.bearer);
    let answer = client.transfer_guardian(request);
    Ok(answer.await?.into_inner())
}

async fn accept(
    harness: &Harness,
    caller: &Account,
    child_id: &str,
    transfer_id: &str,
    medical_consent: bool,
) -> Result<Option<LogPosition>, Status> {
    let request = AcceptGuardianTransferRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        transfer_id: transfer_id.to_owned(),
        guardian_consent: true,
        medical_consent,
        policy_version: "2026-02".to_owned(),
    };
    let mut children = harness.children(&caller.bearer);
    let answer = children.accept_guardian_transfer(request).await?;
    Ok(answer.into_inner().position)
}

async fn cancel(
    harness: &Harness,
    caller: &Account,
    child_id: &str,
    transfer_id: &str,
) -> Result<Option<LogPosition>, Status> {
    let request = CancelGuardianTransferRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        transfer_id: transfer_id.to_owned(),
    };
    let mut children = harness.children(&caller.bearer);
    let answer = children.cancel_guardian_transfer(request).await?;
    Ok(answer.into_inner().position)
}

async fn offers(
    harness: &Harness,
    caller: &Account,
    min_position: Option<LogPosition>,
) -> Vec<GuardianTransfer> {
    let request = ListGuardianTransfersRequest {
        min_position,
        ..Default::default()
    };
    let mut children = harness.children(&caller.bearer);
    let answer = children.list_guardian_transfers(request).await.unwrap();
    answer.into_inner().transfers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_that_has_expired_is_listed_no_more() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let ben = harness.account(Role::Parent, "ben@example.com").await;
    let child_id = added(&harness, &anna).await;
    let offered = offer(&harness, &anna, &child_id, user(&ben)).await.unwrap();
    assert_eq!(offers(&harness, &ben, offered.position).await.len(), 1);
    sqlx::query("update guardian_transfers set expires_at = clock_timestamp()")
        .execute(&harness.database.pool())
        .await
        .unwrap();
    for side in [&anna, &ben] {
        assert_eq!(offers(&harness, side, None).await, []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_agree_and_the_former_guardian_finds_the_child_nowhere() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let ben = harness.account(Role::Parent, "ben@example.com").await;
    let child_id = added(&harness, &anna).await;
    let purpose = ConsentPurpose::MedicalData;
    consent(&harness, &anna, &child_id, purpose).await.unwrap();
    update(&harness, &anna, medical(&child_id)).await.unwrap();
    let offered = offer(&harness, &anna, &child_id, email("BEN@example.com"));
    let offered = offered.await.unwrap();
    let transfer_id = offered.transfer_id;
    let seen = offers(&harness, &ben, offered.position.clone()).await;
    assert_eq!(seen.len(), 1);
    assert!(seen[0].incoming && seen[0].transfer_id == transfer_id);
    let days = |from: &Option<Timestamp>, to: &Option<Timestamp>| {
        let [from, to] = [from, to].map(|at| at.as_ref().and_then(wire::instant).unwrap());
        (to - from).num_days()
    };
    assert_eq!(days(&seen[0].requested_at, &seen[0].expires_at), 14);
    assert_eq!(days(&seen[0].requested_at, &offered.expires_at), 14);
    assert!(!offers(&harness, &anna, offered.position).await[0].incoming);
    assert_eq!(
        told(get(&harness, &ben, &child_id, None).await),
        not_found()
    );
    let accepted = accept(&harness, &ben, &child_id, &transfer_id, true).await;
    let position = accepted.unwrap();
    let shown = get(&harness, &ben, &child_id, position.clone())
        .await
        .unwrap();
    assert_eq!(
        (&shown.guardian_id, shown.first_name.as_str()),
        (&ben.user_id, "Cleo")
    );
    let versions: Vec<_> = shown
        .consents
        .iter()
        .map(|c| c.policy_version.as_str())
        .collect();
    assert_eq!(versions, ["2026-02", "2026-02"]);
    let medical = read(&harness, &ben, &child_id, position.clone())
        .await
        .unwrap();
    assert_eq!(medical.allergies.len(), 2);
    accept(&harness, &ben, &child_id, &transfer_id, true)
        .await
        .unwrap();
    assert_eq!(offers(&harness, &ben, position.clone()).await, []);
    finds_nothing(&harness, &anna, &child_id, position, &transfer_id).await;
}

/// Whatever the user asks of the child.
async fn finds_nothing(
    harness: &Harness,
    former: &Account,
    child_id: &str,
    position: Option<LogPosition>,
    transfer_id: &str,
) {
    let child = || child_id.to_owned();
    let mut children = harness.children(&former.bearer);
    let mut results = vec![
        told(get(harness, former, child_id, position.clone()).await),
        told(read(harness, former, child_id, position.clone()).await),
        told(update(harness, former, medical(child_id)).await),
        told(consent(harness, former, child_id, ConsentPurpose::ChildData).await),
        told(withdraw(harness, former, child_id, ConsentPurpose::ChildData).await),
        told(offer(harness, former, child_id, NewGuardian::NewGuardianId(id())).await),
        told(cancel(harness, former, child_id, transfer_id).await),
        told(accept(harness, former, child_id, transfer_id, true).await),
    ];
    let request = UpdateChildRequest {
        request_id: id(),
        child_id: child(),
        ..Default::default()
    };
    results.push(told(children.update_child(request).await));
    let request = ArchiveChildRequest {
        request_id: id(),
        child_id: child(),
    };
    results.push(told(children.archive_child(request).await));
    let request = EraseChildRequest {
        request_id: id(),
        child_id: child(),
    };
    results.push(told(children.erase_child(request).await));
    let request = ListMedicalAccessRequest {
        child_id: child(),
        ..Default::default()
    };
    let mut client = harness.child_medical(&former.bearer);
    let accesses = client.list_medical_access(request);
    results.push(told(accesses.await));
    for (index, result) in results.into_iter().enumerate() {
        assert_eq!(result, not_found(), "{index}");
    }
    let own = children.list_children(ListChildrenRequest {
        min_position: position,
        ..Default::default()
    });
    assert_eq!(own.await.unwrap().into_inner().children, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn medical_data_end_with_the_former_guardians_consent() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let ben = harness.account(Role::Parent, "ben@example.com").await;
    let child_id = added(&harness, &anna).await;
    let purpose = ConsentPurpose::MedicalData;
    consent(&harness, &anna, &child_id, purpose).await.unwrap();
    update(&harness, &anna, medical(&child_id)).await.unwrap();
    let offered = offer(&harness, &anna, &child_id, user(&ben)).await.unwrap();
    let accepted = accept(&harness, &ben, &child_id, &offered.transfer_id, false).await;
    let position = accepted.unwrap();
    let shown = read(&harness, &ben, &child_id, position).await.unwrap();
    assert_eq!(shown.allergies, Vec::<i32>::new());
    assert_eq!(
        (shown.custom_allergens, shown.emergency_contact),
        (vec![], None)
    );
    let refused = update(&harness, &ben, medical(&child_id)).await;
    assert_eq!(told(refused), precondition("CONSENT_MISSING"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_does_not_tell_who_has_an_address() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let tara = harness.account(Role::Trainer, "tara@example.com").await;
    let child_id = added(&harness, &anna).await;
    for address in ["nobody@example.com", "tara@example.com"] {
        let offered = offer(&harness, &anna, &child_id, email(address))
            .await
            .unwrap();
        assert_eq!(offers(&harness, &anna, offered.position).await.len(), 1);
    }
    for unknown in [user(&tara), NewGuardian::NewGuardianId(id())] {
        let refused = offer(&harness, &anna, &child_id, unknown).await;
        assert_eq!(told(refused), not_found());
    }
    for (own, field) in [
        (user(&anna), "new_guardian_id"),
        (email("Anna@Example.com"), "new_guardian_email"),
    ] {
        let refused = offer(&harness, &anna, &child_id, own).await.unwrap_err();
        assert_eq!(fields(&refused), [field]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_ends_by_either_side_and_only_for_them() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let ben = harness.account(Role::Parent, "ben@example.com").await;
    let eve = harness.account(Role::Parent, "eve@example.com").await;
    let child_id = added(&harness, &anna).await;
    for by in [&anna, &ben] {
        let first = offer(&harness, &anna, &child_id, user(&ben)).await.unwrap();
        let again = offer(&harness, &anna, &child_id, user(&ben)).await.unwrap();
        assert_eq!(first.transfer_id, again.transfer_id);
        let transfer_id = first.transfer_id;
        let stranger = cancel(&harness, &eve, &child_id, &transfer_id).await;
        assert_eq!(told(stranger), not_found());
        let stranger = accept(&harness, &eve, &child_id, &transfer_id, true).await;
        assert_eq!(told(stranger), not_found());
        cancel(&harness, by, &child_id, &transfer_id).await.unwrap();
        cancel(&harness, by, &child_id, &transfer_id).await.unwrap();
        let late = accept(&harness, &ben, &child_id, &transfer_id, true).await;
        assert_eq!(told(late), precondition("TRANSFER_NOT_OPEN"));
    }
    let unknown = cancel(&harness, &anna, &child_id, &id()).await;
    assert_eq!(told(unknown), precondition("TRANSFER_NOT_OPEN"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_a_transfer_is_told_together() {
    let harness = Harness::start().await;
    let anna = harness.account(Role::Parent, "anna@example.com").await;
    let mut children = harness.children(&anna.bearer);
    let refused = children.transfer_guardian(TransferGuardianRequest::default());
    assert_eq!(
        fields(&refused.await.unwrap_err()),
        ["request_id", "child_id", "new_guardian"]
    );
    let bad = TransferGuardianRequest {
        new_guardian: Some(email("ben")),
        ..Default::default()
    };
    let refused = children.transfer_guardian(bad).await.unwrap_err();
    assert_eq!(
        fields(&refused),
        ["request_id", "child_id", "new_guardian_email"]
    );
    let bad = AcceptGuardianTransferRequest::default();
    let refused = children.accept_guardian_transfer(bad).await.unwrap_err();
    let expected = "request_id child_id transfer_id guardian_consent policy_version";
    assert_eq!(fields(&refused).join(" "), expected);
    let bad = CancelGuardianTransferRequest::default();
    let refused = children.cancel_guardian_transfer(bad).await.unwrap_err();
    assert_eq!(fields(&refused), ["request_id", "child_id", "transfer_id"]);
    let bad = ListGuardianTransfersRequest {
        page_size: -1,
        page_token: "?".to_owned(),
        min_position: None,
    };
    let refused = children.list_guardian_transfers(bad).await.unwrap_err();
    assert_eq!(fields(&refused), ["page_size", "page_token"]);
}
