//! Who may do what: no token, a forged one, another role, somebody else's child.

use contracts::{
    identity::v1::{GetChildRequest, child_service_client::ChildServiceClient},
    scheduling::v1::{
        CreateLocationRequest, SettleSessionRequest,
        location_service_client::LocationServiceClient,
        session_service_client::SessionServiceClient,
    },
};
use tonic::{Code, Request};

use e2e::{
    own::OwnSystem,
    people::{self, ZONE, id, reason},
    shared::SharedSystem,
};

#[tokio::test]
async fn each_wrong_caller_is_refused_in_the_right_way() {
    let system = SharedSystem::usual().await;
    let admin = people::admin(&system).await;
    let trainer = people::trainer(&system, &admin, 1).await;
    let (parent, stranger) = (
        people::parent(&system, 1).await,
        people::parent(&system, 1).await,
    );
    let mut locations = LocationServiceClient::new(system.channel("scheduling"));
    let create = || CreateLocationRequest {
        request_id: id(),
        name: "Hall".to_owned(),
        time_zone: ZONE.to_owned(),
    };

    let nobody = locations.create_location(create()).await.unwrap_err();
    assert_eq!(
        (nobody.code(), reason(&nobody).as_str()),
        (Code::Unauthenticated, "TOKEN_MISSING")
    );
    let mut forged = Request::new(create());
    forged
        .metadata_mut()
        .insert("authorization", "Bearer a.b.c".parse().unwrap());
    let forged = locations.create_location(forged).await.unwrap_err();
    assert_eq!(
        (forged.code(), reason(&forged).as_str()),
        (Code::Unauthenticated, "TOKEN_INVALID")
    );
    let role = locations
        .create_location(parent.user.says(create()))
        .await
        .unwrap_err();
    assert_eq!(
        (role.code(), reason(&role).as_str()),
        (Code::PermissionDenied, "ROLE_NOT_ALLOWED")
    );

    let mut children = ChildServiceClient::new(system.channel("identity"));
    let request = GetChildRequest {
        child_id: parent.children[0].clone(),
        min_position: None,
    };
    let other = children
        .get_child(stranger.user.says(request))
        .await
        .unwrap_err();
    assert_eq!(other.code(), Code::NotFound);
    let theirs = people::Parent {
        user: stranger.user.clone(),
        children: parent.children.clone(),
    };
    let booked = people::book(&system, &theirs, &trainer.slots[0], id())
        .await
        .unwrap_err();
    assert_eq!(booked.code(), Code::NotFound);

    let settle = SettleSessionRequest {
        request_id: id(),
        session_id: id(),
        payment_id: id(),
    };
    let mut sessions = SessionServiceClient::new(system.channel("scheduling"));
    let internal = sessions
        .settle_session(admin.says(settle))
        .await
        .unwrap_err();
    assert_eq!(
        (internal.code(), reason(&internal).as_str()),
        (Code::PermissionDenied, "ROLE_NOT_ALLOWED")
    );
}

#[tokio::test]
async fn an_expired_token_is_told_apart_from_a_wrong_one() {
    let system = OwnSystem::start(&[("DIVINETIME_ACCESS_TOKEN_SECONDS", "1")]).await;
    let admin = people::admin(&system).await;
    let mut locations = LocationServiceClient::new(system.channel("scheduling"));
    e2e::system::eventually("the token's end", || {
        let request = CreateLocationRequest {
            request_id: id(),
            name: id(),
            time_zone: ZONE.to_owned(),
        };
        let request = admin.says(request);
        let mut locations = locations.clone();
        async move {
            let status = locations.create_location(request).await.err()?;
            assert_eq!(
                (status.code(), reason(&status).as_str()),
                (Code::Unauthenticated, "TOKEN_EXPIRED")
            );
            Some(())
        }
    })
    .await;
    let bad = CreateLocationRequest {
        request_id: "x".to_owned(),
        name: String::new(),
        time_zone: "Mars".to_owned(),
    };
    let fresh = people::admin(&system).await;
    let status = locations
        .create_location(fresh.says(bad))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let violations = tonic_types::StatusExt::get_details_bad_request(&status)
        .unwrap()
        .field_violations;
    let mut fields: Vec<_> = violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    fields.sort_unstable();
    assert_eq!(fields, ["name", "request_id", "time_zone"]);
}
