//! Tokens made by somebody who knows how they are checked.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{TimeDelta, Utc};
use contracts_core::common::v1::Role;
use contracts_core::log::v1::HeadRequest;
use contracts_core::log::v1::event_log_service_client::EventLogServiceClient;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use service::Verifier;
use service::auth::{Claims, FetchKeys, KeyPair, TokenError};
use tonic::{Code, Request};
use uuid::Uuid;

use super::support::{Keys, Running, Setup, public, reason, user_claims};

/// A token with this header and these claims, signed by this key whatever they say.
fn token(header: &Value, claims: &Value, signer: &KeyPair) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let key = EncodingKey::from_ed_der(signer.pkcs8());
    let signature = jsonwebtoken::crypto::sign(text.as_bytes(), &key, Algorithm::EdDSA).unwrap();
    format!("{text}.{signature}")
}

fn claims(change: impl FnOnce(&mut Value)) -> Value {
    let mut json = serde_json::to_value(user_claims(Role::Admin)).unwrap();
    change(&mut json);
    json
}

async fn outcome(verifier: &Verifier, token: &str) -> Result<(), TokenError> {
    let header = format!("Bearer {token}");
    verifier.verify(Some(&header)).await.map(drop)
}

#[tokio::test]
async fn no_header_makes_a_token_count_that_identity_did_not_sign_as_its_own() {
    let keys = Keys::new();
    let verifier = keys.verifier();
    let good = claims(|_| {});
    let id = keys.identity.id();
    assert_eq!(
        outcome(
            &verifier,
            &token(&json!({"alg": "EdDSA", "kid": id}), &good, &keys.identity)
        )
        .await,
        Ok(())
    );
    let headers = [
        json!({"alg": "none", "kid": id}),
        json!({"alg": "None", "kid": id}),
        json!({"alg": "HS256", "kid": id}),
        json!({"alg": "ES256", "kid": id}),
        json!({"alg": "", "kid": id}),
        json!({"kid": id}),
        json!({"alg": "EdDSA"}),
        json!({"alg": "EdDSA", "kid": ""}),
        json!({"alg": "EdDSA", "kid": null}),
        json!({"alg": "EdDSA", "kid": [id]}),
        json!({"alg": "EdDSA", "kid": keys.service.id()}),
        json!({"alg": "EdDSA", "kid": format!("{id}\u{0}")}),
        json!({"alg": "EdDSA", "kid": "../../../../dev/null"}),
    ];
    for header in headers {
        let forged = token(&header, &good, &keys.identity);
        assert_eq!(
            outcome(&verifier, &forged).await,
            Err(TokenError::Invalid),
            "{header}"
        );
    }
}

#[tokio::test]
async fn the_public_key_is_no_secret_to_sign_with() {
    let keys = Keys::new();
    let verifier = keys.verifier();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(keys.identity.id().to_owned());
    for secret in [
        keys.identity.public_key().to_vec(),
        URL_SAFE_NO_PAD
            .encode(keys.identity.public_key())
            .into_bytes(),
        Vec::new(),
    ] {
        let forged = jsonwebtoken::encode(
            &header,
            &user_claims(Role::Admin),
            &EncodingKey::from_secret(&secret),
        )
        .unwrap();
        assert_eq!(outcome(&verifier, &forged).await, Err(TokenError::Invalid));
    }
}

#[tokio::test]
async fn a_token_counts_for_its_audience_and_its_time_alone() {
    let keys = Keys::new();
    let verifier = keys.verifier();
    let now = Utc::now().timestamp();
    let set = |name: &'static str, value: Value| claims(|json| json[name] = value);
    let without = |name: &'static str| {
        claims(|json| {
            json.as_object_mut().unwrap().remove(name);
        })
    };
    let cases = [
        (set("aud", json!("elsewhere")), TokenError::Invalid),
        (set("aud", json!([])), TokenError::Invalid),
        (set("aud", json!("")), TokenError::Invalid),
        (set("iss", json!("elsewhere")), TokenError::Invalid),
        (set("iss", json!("")), TokenError::Invalid),
        (set("nbf", json!(now + 60)), TokenError::Invalid),
        (set("iat", json!(now + 60)), TokenError::Invalid),
        (set("exp", json!(now - 60)), TokenError::Expired),
        (set("exp", json!(-1)), TokenError::Invalid),
        (set("exp", json!("never")), TokenError::Invalid),
        (set("exp", json!(null)), TokenError::Invalid),
        (set("role", json!("SERVICE")), TokenError::Invalid),
        (set("role", json!("service")), TokenError::Invalid),
        (
            claims(|json| {
                json["role"] = json!("SERVICE");
                json["sub"] = json!("service:payments");
            }),
            TokenError::Invalid,
        ),
        (set("sub", json!("service:payments")), TokenError::Invalid),
        (without("aud"), TokenError::Invalid),
        (without("iss"), TokenError::Invalid),
        (without("exp"), TokenError::Invalid),
        (without("sub"), TokenError::Invalid),
        (without("iat"), TokenError::Invalid),
        (without("role"), TokenError::Invalid),
    ];
    let header = json!({"alg": "EdDSA", "kid": keys.identity.id()});
    for (claims, expected) in cases {
        let signed = token(&header, &claims, &keys.identity);
        let told = outcome(&verifier, &signed).await;
        if claims["exp"] == json!(-1) {
            assert!(told.is_err(), "{claims}");
        } else {
            assert_eq!(told, Err(expected), "{claims}");
        }
    }
}

#[tokio::test]
async fn a_token_that_is_cut_or_blown_up_is_invalid() {
    let keys = Keys::new();
    let verifier = keys.verifier();
    let good = keys.user(Role::Admin);
    for length in [1, 10, good.len() / 2, good.len() - 86, good.len() - 1] {
        assert_eq!(
            outcome(&verifier, &good[..length]).await,
            Err(TokenError::Invalid),
            "{length} of {}",
            good.len()
        );
    }
    let header = json!({"alg": "EdDSA", "kid": keys.identity.id()});
    let padded = claims(|json| json["padding"] = json!("x".repeat(4_000)));
    let oversized = token(&header, &padded, &keys.identity);
    assert_eq!(
        outcome(&verifier, &oversized).await,
        Err(TokenError::Invalid)
    );
    assert_eq!(
        outcome(&verifier, &format!("{good}.{good}")).await,
        Err(TokenError::Invalid)
    );
    assert_eq!(outcome(&verifier, &good).await, Ok(()));
}

#[tokio::test]
async fn two_tokens_on_one_call_are_none() {
    let running = Running::start(Setup::default()).await;
    let call = async |tokens: &[String]| {
        let mut request = Request::new(HeadRequest {});
        for token in tokens {
            let value = format!("Bearer {token}").parse().unwrap();
            request.metadata_mut().append("authorization", value);
        }
        EventLogServiceClient::new(running.channel.clone())
            .head(request)
            .await
    };
    let (admin, parent) = (
        running.keys.user(Role::Admin),
        running.keys.user(Role::Parent),
    );
    for tokens in [
        [admin.clone(), parent.clone()],
        [parent, admin.clone()],
        [admin.clone(), admin.clone()],
    ] {
        let refused = call(&tokens).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::Unauthenticated, "TOKEN_INVALID")
        );
    }
    call(&[admin]).await.unwrap();
    let long = format!("{}.{}", "x".repeat(3_000), "y".repeat(3_000));
    let refused = call(&[long]).await.unwrap_err();
    assert_eq!(reason(&refused), "TOKEN_INVALID");
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_found_by_the_first_of_its_tokens() {
    let keys = Keys::new();
    let listed = Arc::new(Mutex::new(vec![public(&keys.identity)]));
    let answer = Arc::clone(&listed);
    let fetches = Arc::clone(&keys.fetches);
    let fetch: FetchKeys = Arc::new(move || {
        fetches.fetch_add(1, Ordering::SeqCst);
        let keys = answer.lock().unwrap().clone();
        Box::pin(async move { Ok(keys) })
    });
    let verifier = Verifier::with_cool_down(&keys.service, fetch, Duration::ZERO);
    assert_eq!(outcome(&verifier, &keys.user(Role::Parent)).await, Ok(()));
    let next = KeyPair::generate().unwrap();
    listed.lock().unwrap().insert(0, public(&next));
    let signed = next.sign(&user_claims(Role::Parent));
    assert_eq!(outcome(&verifier, &signed).await, Ok(()));
    assert_eq!(outcome(&verifier, &keys.user(Role::Parent)).await, Ok(()));
    assert_eq!(keys.fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_handler_knows_login_and_address_of_its_caller() {
    let mut running = Running::start(Setup::default()).await;
    let login_id = Uuid::now_v7();
    let claims = Claims::user(
        Uuid::now_v7(),
        Role::Admin,
        Utc::now(),
        TimeDelta::minutes(5),
    );
    let token = running.keys.identity.sign(&claims.of_login(login_id));
    running.head(&token).await.unwrap();
    let call = running.entered().await;
    assert_eq!(call.login_id, Some(login_id));
    assert_eq!(
        call.client_address,
        Some(IpAddr::from([127, 0, 0, 1])),
        "the peer's address"
    );
}

#[tokio::test]
async fn a_forwarded_address_is_believed_where_a_proxy_writes_it_and_nowhere_else() {
    let ask = async |running: &mut Running, hops: &[&str]| {
        let mut request = Request::new(HeadRequest {});
        let token = format!("Bearer {}", running.keys.user(Role::Admin));
        request
            .metadata_mut()
            .insert("authorization", token.parse().unwrap());
        for hop in hops {
            request
                .metadata_mut()
                .append("x-forwarded-for", hop.parse().unwrap());
        }
        EventLogServiceClient::new(running.channel.clone())
            .head(request)
            .await
            .unwrap();
        let address = running.entered().await.client_address;
        running.left().await;
        address
    };
    let mut behind = Running::start(Setup {
        trusts_forwarded: true,
        ..Setup::default()
    })
    .await;
    let seen: SocketAddr = "192.0.2.7:1".parse().unwrap();
    for hops in [
        &["192.0.2.7"][..],
        &["10.0.0.1, 192.0.2.7"],
        &["10.0.0.1", "10.0.0.2, 192.0.2.7:4711"],
    ] {
        assert_eq!(ask(&mut behind, hops).await, Some(seen.ip()), "{hops:?}");
    }
    let six = Some("2001:db8::1".parse().unwrap());
    assert_eq!(ask(&mut behind, &["[2001:db8::1]:80"]).await, six);
    assert_eq!(ask(&mut behind, &["2001:db8::1"]).await, six);
    assert_eq!(ask(&mut behind, &["192.0.2.7, unknown"]).await, None);
    let mut open = Running::start(Setup::default()).await;
    let local = Some(IpAddr::from([127, 0, 0, 1]));
    assert_eq!(ask(&mut open, &["192.0.2.7"]).await, local);
}
