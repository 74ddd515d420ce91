//! Who may call, and what everybody else is told.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{TimeDelta, Utc};
use contracts_core::common::v1::Role;
use contracts_core::identity::v1::ListSigningKeysRequest;
use contracts_core::identity::v1::key_service_client::KeyServiceClient;
use contracts_core::log::v1::HeadRequest;
use futures::future::{Ready, join_all, ready};
use http::uri::PathAndQuery;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use service::auth::{Claims, FetchKeys, KeyPair, ServiceSigner, TokenError};
use service::{Principal, Verifier};
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use uuid::Uuid;

use super::support::{Keys, Running, Setup, head, public, reason, user_claims};

async fn verify(verifier: &Verifier, token: &str) -> Result<Principal, TokenError> {
    verifier.verify(Some(&format!("Bearer {token}"))).await
}

#[tokio::test]
async fn a_good_token_tells_its_holder() {
    let keys = Keys::new();
    let verifier = keys.verifier();
    let claims = user_claims(Role::Trainer);
    let user = Principal::User {
        id: claims.sub.parse().unwrap(),
        role: Role::Trainer,
    };
    let token = keys.identity.sign(&claims);
    assert_eq!(verify(&verifier, &token).await, Ok(user.clone()));
    assert_eq!(
        verify(&verifier, &token).await,
        Ok(user),
        "again, from memory"
    );
    let service = ServiceSigner::new("ticketing", keys.service.clone()).token();
    assert_eq!(
        verify(&verifier, &service).await,
        Ok(Principal::Service {
            name: "ticketing".into()
        })
    );
    assert_eq!(keys.fetches.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn no_bearer_token_is_a_missing_token() {
    let verifier = Keys::new().verifier();
    for authorization in [
        None,
        Some(""),
        Some("Bearer"),
        Some("Basic dTpw"),
        Some("token"),
    ] {
        assert_eq!(
            verifier.verify(authorization).await,
            Err(TokenError::Missing),
            "{authorization:?}"
        );
    }
}

#[tokio::test]
async fn an_expired_token_is_told_apart_unless_it_was_never_valid() {
    let keys = Keys::new();
    let long_ago = Claims::user(
        Uuid::now_v7(),
        Role::Parent,
        Utc::now() - TimeDelta::hours(2),
        TimeDelta::hours(1),
    );
    let verifier = keys.verifier();
    assert_eq!(
        verify(&verifier, &keys.identity.sign(&long_ago)).await,
        Err(TokenError::Expired)
    );
    let forged = with_key_id_of(&keys.identity, &KeyPair::generate().unwrap(), &long_ago);
    assert_eq!(verify(&verifier, &forged).await, Err(TokenError::Invalid));
}

#[tokio::test]
async fn every_kind_of_bad_token_is_invalid() {
    let keys = Keys::new();
    let verifier = keys.verifier();
    let good = user_claims(Role::Admin);
    let with = |change: fn(&mut Claims)| {
        let mut claims = good.clone();
        change(&mut claims);
        claims
    };
    let stranger = KeyPair::generate().unwrap();
    let signed = keys.identity.sign(&good);
    let bad = [
        ("garbage", "a.b.c".to_owned()),
        ("an empty token", String::new()),
        ("a cut signature", signed[..signed.len() - 4].to_owned()),
        (
            "changed claims",
            with_other_claims(&signed, &with(|claims| claims.role = "PARENT".into())),
        ),
        (
            "another issuer",
            keys.identity
                .sign(&with(|claims| claims.iss = "elsewhere".into())),
        ),
        (
            "another audience",
            keys.identity
                .sign(&with(|claims| claims.aud = "elsewhere".into())),
        ),
        (
            "an unknown role",
            keys.identity
                .sign(&with(|claims| claims.role = "OWNER".into())),
        ),
        (
            "no role",
            keys.identity
                .sign(&with(|claims| claims.role = "UNSPECIFIED".into())),
        ),
        (
            "a user without a UUID",
            keys.identity.sign(&with(|claims| claims.sub = "me".into())),
        ),
        ("an unknown key", stranger.sign(&good)),
        (
            "a stranger under a known key id",
            with_key_id_of(&keys.identity, &stranger, &good),
        ),
        (
            "a service signed by identity",
            keys.identity.sign(&service_claims("payments")),
        ),
        (
            "a user signed with the service key",
            keys.service.sign(&good),
        ),
        (
            "a service without a name",
            keys.service.sign(&service_claims("")),
        ),
        ("no key id", without_key_id(&keys.identity, &good)),
        (
            "HS256 with the public key as secret",
            with_hs256(&keys.identity, &good),
        ),
        ("no algorithm", unsigned(keys.identity.id(), &good)),
        ("no expiry", without_expiry(&keys.identity, &good)),
    ];
    for (what, token) in bad {
        assert_eq!(
            verify(&verifier, &token).await,
            Err(TokenError::Invalid),
            "{what}"
        );
    }
    assert!(verify(&verifier, &signed).await.is_ok());
}

#[tokio::test]
async fn an_unknown_key_is_looked_up_once_by_all_who_need_it_and_then_not_for_a_while() {
    let keys = Keys::new();
    let verifier = keys.verifier();
    let tokens: Vec<_> = (0..20).map(|_| keys.user(Role::Parent)).collect();
    let outcomes = join_all(tokens.iter().map(|token| verify(&verifier, token))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(keys.fetches.load(Ordering::SeqCst), 1);
    for _ in 0..5 {
        let unknown = KeyPair::generate()
            .unwrap()
            .sign(&user_claims(Role::Parent));
        assert_eq!(verify(&verifier, &unknown).await, Err(TokenError::Invalid));
    }
    assert_eq!(keys.fetches.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn without_identity_a_users_token_is_neither_valid_nor_invalid() {
    let keys = Keys::new();
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&attempts);
    let down: FetchKeys = Arc::new(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Err(Status::unavailable("down")) })
    });
    let verifier = Verifier::new(&keys.service, down);
    for _ in 0..3 {
        assert_eq!(
            verify(&verifier, &keys.user(Role::Parent)).await,
            Err(TokenError::KeysUnavailable)
        );
    }
    assert_eq!(
        attempts.load(Ordering::SeqCst),
        1,
        "a cool-down follows a failure too"
    );
    assert!(verify(&verifier, &keys.service("payments")).await.is_ok());
    let hangs: FetchKeys = Arc::new(|| Box::pin(futures::future::pending()));
    let verifier = Verifier::new(&keys.service, hangs);
    assert_eq!(
        verify(&verifier, &keys.user(Role::Parent)).await,
        Err(TokenError::KeysUnavailable)
    );
    assert_eq!(
        Status::from(TokenError::KeysUnavailable).code(),
        Code::Unavailable
    );
}

#[tokio::test]
async fn a_signer_uses_its_token_again() {
    let signer = ServiceSigner::new("payments", KeyPair::generate().unwrap());
    assert_eq!(signer.token(), signer.token());
}

#[tokio::test]
async fn a_call_is_refused_with_the_reason() {
    let running = Running::start(Setup::default()).await;
    let refused = |status: Status| (status.code(), reason(&status));
    let missing = head(running.channel.clone(), None).await.unwrap_err();
    assert_eq!(
        refused(missing),
        (Code::Unauthenticated, "TOKEN_MISSING".into())
    );
    let invalid = running.head("nonsense").await.unwrap_err();
    assert_eq!(
        refused(invalid),
        (Code::Unauthenticated, "TOKEN_INVALID".into())
    );
    let old = Claims::user(
        Uuid::now_v7(),
        Role::Admin,
        Utc::now() - TimeDelta::hours(2),
        TimeDelta::hours(1),
    );
    let expired = running
        .head(&running.keys.identity.sign(&old))
        .await
        .unwrap_err();
    assert_eq!(
        refused(expired),
        (Code::Unauthenticated, "TOKEN_EXPIRED".into())
    );
    for role in [Role::Parent, Role::Trainer] {
        let denied = running.head(&running.keys.user(role)).await.unwrap_err();
        assert_eq!(
            refused(denied),
            (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into())
        );
    }
}

#[tokio::test]
async fn a_handler_knows_who_calls() {
    let mut running = Running::start(Setup::default()).await;
    running.head(&running.keys.user(Role::Admin)).await.unwrap();
    assert!(running.entered().await.is_admin());
    running.left().await;
    running
        .head(&running.keys.service("scheduling"))
        .await
        .unwrap();
    let call = running.entered().await;
    assert!(call.is_service() && call.deadline.is_some());
    assert_eq!(
        call.principal,
        Principal::Service {
            name: "scheduling".into()
        }
    );
}

#[tokio::test]
async fn a_public_method_is_open_even_with_a_token_that_is_no_good() {
    let running = Running::start(Setup::default()).await;
    let mut client = KeyServiceClient::new(running.channel.clone());
    client
        .list_signing_keys(ListSigningKeysRequest::default())
        .await
        .unwrap();
    let mut request = Request::new(ListSigningKeysRequest::default());
    request
        .metadata_mut()
        .insert("authorization", "Bearer nonsense".parse().unwrap());
    client.list_signing_keys(request).await.unwrap();
}

#[tokio::test]
async fn health_and_reflection_need_no_token() {
    let running = Running::start(Setup::default()).await;
    let mut health = HealthClient::new(running.channel.clone());
    for service in ["", "divinetime.log.v1.EventLogService"] {
        let answer = health
            .check(HealthCheckRequest {
                service: service.into(),
            })
            .await
            .unwrap();
        assert_eq!(answer.into_inner().status, 1, "{service} is serving");
    }
    let listed = reflected_services(&running).await;
    for service in ["divinetime.log.v1.EventLogService", "grpc.health.v1.Health"] {
        assert!(
            listed.iter().any(|name| name == service),
            "{service} is not in {listed:?}"
        );
    }
    let elsewhere = "divinetime.payments.v1.PaymentService";
    assert!(
        !listed.iter().any(|name| name == elsewhere),
        "only what is served here"
    );
}

#[tokio::test]
async fn a_method_without_an_access_rule_is_refused_before_its_handler() {
    let reached = Arc::new(AtomicBool::new(false));
    let routes = Routes::default().add_service(Unruled(Arc::clone(&reached)));
    let running = Running::start_with(Setup::default(), routes).await;
    let mut client = tonic::client::Grpc::new(running.channel.clone());
    client.ready().await.unwrap();
    let mut request = Request::new(HeadRequest {});
    let token = format!("Bearer {}", running.keys.user(Role::Admin));
    request
        .metadata_mut()
        .insert("authorization", token.parse().unwrap());
    let codec = tonic_prost::ProstCodec::<HeadRequest, HeadRequest>::default();
    let path = PathAndQuery::from_static("/elsewhere.Unruled/Do");
    let status = client.unary(request, path, codec).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(!reached.load(Ordering::SeqCst));
}

async fn reflected_services(running: &Running) -> Vec<String> {
    use tonic_reflection::pb::v1::ServerReflectionRequest;
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = ServerReflectionClient::new(running.channel.clone())
        .server_reflection_info(futures::stream::iter([ask]))
        .await
        .unwrap()
        .into_inner();
    match answers.message().await.unwrap().unwrap().message_response {
        Some(MessageResponse::ListServicesResponse(list)) => list
            .service
            .into_iter()
            .map(|service| service.name)
            .collect(),
        other => panic!("expected the list of services, got {other:?}"),
    }
}

/// A service that no contract knows.
#[derive(Clone)]
struct Unruled(Arc<AtomicBool>);

impl NamedService for Unruled {
    const NAME: &'static str = "elsewhere.Unruled";
}

impl tower::Service<http::Request<Body>> for Unruled {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<Body>) -> Self::Future {
        self.0.store(true, Ordering::SeqCst);
        ready(Ok(Status::ok("").into_http()))
    }
}

fn service_claims(name: &str) -> Claims {
    Claims::service(name, Utc::now(), TimeDelta::minutes(5))
}

fn encode(header: &Header, claims: &impl serde::Serialize, key: &EncodingKey) -> String {
    jsonwebtoken::encode(header, claims, key).unwrap()
}

fn header(algorithm: Algorithm, key_id: &str) -> Header {
    Header {
        kid: Some(key_id.to_owned()),
        ..Header::new(algorithm)
    }
}

fn with_key_id_of(named: &KeyPair, signer: &KeyPair, claims: &Claims) -> String {
    let key = EncodingKey::from_ed_der(signer.pkcs8());
    encode(&header(Algorithm::EdDSA, named.id()), claims, &key)
}

fn without_key_id(signer: &KeyPair, claims: &Claims) -> String {
    encode(
        &Header::new(Algorithm::EdDSA),
        claims,
        &EncodingKey::from_ed_der(signer.pkcs8()),
    )
}

fn with_hs256(named: &KeyPair, claims: &Claims) -> String {
    let key = EncodingKey::from_secret(&public(named).key);
    encode(&header(Algorithm::HS256, named.id()), claims, &key)
}

fn without_expiry(signer: &KeyPair, claims: &Claims) -> String {
    let mut json = serde_json::to_value(claims).unwrap();
    json.as_object_mut().unwrap().remove("exp");
    let key = EncodingKey::from_ed_der(signer.pkcs8());
    encode(&header(Algorithm::EdDSA, signer.id()), &json, &key)
}

fn part(json: &serde_json::Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn unsigned(key_id: &str, claims: &Claims) -> String {
    let header = serde_json::json!({"alg": "none", "typ": "JWT", "kid": key_id});
    format!(
        "{}.{}.",
        part(&header),
        part(&serde_json::to_value(claims).unwrap())
    )
}

fn with_other_claims(token: &str, claims: &Claims) -> String {
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    parts[1] = part(&serde_json::to_value(claims).unwrap());
    parts.join(".")
}
