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
    world::{Account, World, fields, id},
};

fn user(account: &Account) -> NewGuardian {
    NewGuardian::NewGuardianId(account.user_id.clone())
}

fn email(address: &str) -> NewGuardian {
    NewGuardian::NewGuardianEmail(address.to_owned())
}

async fn offer(
    world: &World,
    caller: &Account,
    child_id: &str,
    to: NewGuardian,
) -> Result<TransferGuardianResponse, Status> {
    let request = TransferGuardianRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        new_guardian: Some(to),
    };
    world.call(caller, request).await
}

async fn accept(
    world: &World,
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
    let answer = world.call(caller, request).await?;
    Ok(answer.position)
}

async fn cancel(
    world: &World,
    caller: &Account,
    child_id: &str,
    transfer_id: &str,
) -> Result<Option<LogPosition>, Status> {
    let request = CancelGuardianTransferRequest {
        request_id: id(),
        child_id: child_id.to_owned(),
        transfer_id: transfer_id.to_owned(),
    };
    let answer = world.call(caller, request).await?;
    Ok(answer.position)
}

async fn offers(
    world: &World,
    caller: &Account,
    min_position: Option<LogPosition>,
) -> Vec<GuardianTransfer> {
    let request = ListGuardianTransfersRequest {
        min_position,
        ..Default::default()
    };
    let answer = world.call(caller, request).await.unwrap();
    answer.transfers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_that_has_expired_is_listed_no_more() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let ben = world.account(Role::Parent, "ben@example.com").await;
    let child_id = added(&world, &anna).await;
    let offered = offer(&world, &anna, &child_id, user(&ben)).await.unwrap();
    assert_eq!(offers(&world, &ben, offered.position).await.len(), 1);
    sqlx::query("update guardian_transfers set expires_at = clock_timestamp()")
        .execute(&world.database().pool())
        .await
        .unwrap();
    for side in [&anna, &ben] {
        assert_eq!(offers(&world, side, None).await, []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_agree_and_the_former_guardian_finds_the_child_nowhere() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let ben = world.account(Role::Parent, "ben@example.com").await;
    let child_id = added(&world, &anna).await;
    let purpose = ConsentPurpose::MedicalData;
    consent(&world, &anna, &child_id, purpose).await.unwrap();
    update(&world, &anna, medical(&child_id)).await.unwrap();
    let offered = offer(&world, &anna, &child_id, email("BEN@example.com"));
    let offered = offered.await.unwrap();
    let transfer_id = offered.transfer_id;
    let seen = offers(&world, &ben, offered.position.clone()).await;
    assert_eq!(seen.len(), 1);
    assert!(seen[0].incoming && seen[0].transfer_id == transfer_id);
    let days = |from: &Option<Timestamp>, to: &Option<Timestamp>| {
        let [from, to] = [from, to].map(|at| at.as_ref().and_then(wire::instant).unwrap());
        (to - from).num_days()
    };
    assert_eq!(days(&seen[0].requested_at, &seen[0].expires_at), 14);
    assert_eq!(days(&seen[0].requested_at, &offered.expires_at), 14);
    assert!(!offers(&world, &anna, offered.position).await[0].incoming);
    assert_eq!(told(get(&world, &ben, &child_id, None).await), not_found());
    let accepted = accept(&world, &ben, &child_id, &transfer_id, true).await;
    let position = accepted.unwrap();
    let shown = get(&world, &ben, &child_id, position.clone())
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
    let medical = read(&world, &ben, &child_id, position.clone())
        .await
        .unwrap();
    assert_eq!(medical.allergies.len(), 2);
    accept(&world, &ben, &child_id, &transfer_id, true)
        .await
        .unwrap();
    assert_eq!(offers(&world, &ben, position.clone()).await, []);
    finds_nothing(&world, &anna, &child_id, position, &transfer_id).await;
}

/// Whatever the user asks of the child.
async fn finds_nothing(
    world: &World,
    former: &Account,
    child_id: &str,
    position: Option<LogPosition>,
    transfer_id: &str,
) {
    let child = || child_id.to_owned();
    let mut results = vec![
        told(get(world, former, child_id, position.clone()).await),
        told(read(world, former, child_id, position.clone()).await),
        told(update(world, former, medical(child_id)).await),
        told(consent(world, former, child_id, ConsentPurpose::ChildData).await),
        told(withdraw(world, former, child_id, ConsentPurpose::ChildData).await),
        told(offer(world, former, child_id, NewGuardian::NewGuardianId(id())).await),
        told(cancel(world, former, child_id, transfer_id).await),
        told(accept(world, former, child_id, transfer_id, true).await),
    ];
    let request = UpdateChildRequest {
        request_id: id(),
        child_id: child(),
        ..Default::default()
    };
    results.push(told(world.call(former, request).await));
    let request = ArchiveChildRequest {
        request_id: id(),
        child_id: child(),
    };
    results.push(told(world.call(former, request).await));
    let request = EraseChildRequest {
        request_id: id(),
        child_id: child(),
    };
    results.push(told(world.call(former, request).await));
    let request = ListMedicalAccessRequest {
        child_id: child(),
        ..Default::default()
    };
    let accesses = world.call(former, request);
    results.push(told(accesses.await));
    for (index, result) in results.into_iter().enumerate() {
        assert_eq!(result, not_found(), "{index}");
    }
    let own = world.call(
        former,
        ListChildrenRequest {
            min_position: position,
            ..Default::default()
        },
    );
    assert_eq!(own.await.unwrap().children, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn medical_data_end_with_the_former_guardians_consent() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let ben = world.account(Role::Parent, "ben@example.com").await;
    let child_id = added(&world, &anna).await;
    let purpose = ConsentPurpose::MedicalData;
    consent(&world, &anna, &child_id, purpose).await.unwrap();
    update(&world, &anna, medical(&child_id)).await.unwrap();
    let offered = offer(&world, &anna, &child_id, user(&ben)).await.unwrap();
    let accepted = accept(&world, &ben, &child_id, &offered.transfer_id, false).await;
    let position = accepted.unwrap();
    let shown = read(&world, &ben, &child_id, position).await.unwrap();
    assert_eq!(shown.allergies, Vec::<i32>::new());
    assert_eq!(
        (shown.custom_allergens, shown.emergency_contact),
        (vec![], None)
    );
    let refused = update(&world, &ben, medical(&child_id)).await;
    assert_eq!(told(refused), precondition("CONSENT_MISSING"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_does_not_tell_who_has_an_address() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let tara = world.account(Role::Trainer, "tara@example.com").await;
    let child_id = added(&world, &anna).await;
    for address in ["nobody@example.com", "tara@example.com"] {
        let offered = offer(&world, &anna, &child_id, email(address))
            .await
            .unwrap();
        assert_eq!(offers(&world, &anna, offered.position).await.len(), 1);
    }
    for unknown in [user(&tara), NewGuardian::NewGuardianId(id())] {
        let refused = offer(&world, &anna, &child_id, unknown).await;
        assert_eq!(told(refused), not_found());
    }
    for (own, field) in [
        (user(&anna), "new_guardian_id"),
        (email("Anna@Example.com"), "new_guardian_email"),
    ] {
        let refused = offer(&world, &anna, &child_id, own).await.unwrap_err();
        assert_eq!(fields(&refused), [field]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_ends_by_either_side_and_only_for_them() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let ben = world.account(Role::Parent, "ben@example.com").await;
    let eve = world.account(Role::Parent, "eve@example.com").await;
    let child_id = added(&world, &anna).await;
    for by in [&anna, &ben] {
        let first = offer(&world, &anna, &child_id, user(&ben)).await.unwrap();
        let again = offer(&world, &anna, &child_id, user(&ben)).await.unwrap();
        assert_eq!(first.transfer_id, again.transfer_id);
        let transfer_id = first.transfer_id;
        let stranger = cancel(&world, &eve, &child_id, &transfer_id).await;
        assert_eq!(told(stranger), not_found());
        let stranger = accept(&world, &eve, &child_id, &transfer_id, true).await;
        assert_eq!(told(stranger), not_found());
        cancel(&world, by, &child_id, &transfer_id).await.unwrap();
        cancel(&world, by, &child_id, &transfer_id).await.unwrap();
        let late = accept(&world, &ben, &child_id, &transfer_id, true).await;
        assert_eq!(told(late), precondition("TRANSFER_NOT_OPEN"));
    }
    let unknown = cancel(&world, &anna, &child_id, &id()).await;
    assert_eq!(told(unknown), precondition("TRANSFER_NOT_OPEN"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_with_a_transfer_is_told_together() {
    let world = World::start().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let refused = world.call(&anna, TransferGuardianRequest::default());
    assert_eq!(
        fields(&refused.await.unwrap_err()),
        ["request_id", "child_id", "new_guardian"]
    );
    let bad = TransferGuardianRequest {
        new_guardian: Some(email("ben")),
        ..Default::default()
    };
    let refused = world.call(&anna, bad).await.unwrap_err();
    assert_eq!(
        fields(&refused),
        ["request_id", "child_id", "new_guardian_email"]
    );
    let bad = AcceptGuardianTransferRequest::default();
    let refused = world.call(&anna, bad).await.unwrap_err();
    let expected = "request_id child_id transfer_id guardian_consent policy_version";
    assert_eq!(fields(&refused).join(" "), expected);
    let bad = CancelGuardianTransferRequest::default();
    let refused = world.call(&anna, bad).await.unwrap_err();
    assert_eq!(fields(&refused), ["request_id", "child_id", "transfer_id"]);
    let bad = ListGuardianTransfersRequest {
        page_size: -1,
        page_token: "?".to_owned(),
        min_position: None,
    };
    let refused = world.call(&anna, bad).await.unwrap_err();
    assert_eq!(fields(&refused), ["page_size", "page_token"]);
}
