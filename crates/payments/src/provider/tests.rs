use std::time::Duration;

use testing::Database;
use uuid::Uuid;
use values::Money;

use super::{Provider, SandboxError};
use crate::domain::payment::Outcome;

fn provider(database: &Database) -> Provider {
    Provider::sandbox(database.pool(), Duration::from_secs(1))
}

async fn database() -> Database {
    Database::of(&crate::definition()).await
}

fn amount() -> Money {
    Money::new("USD", 7_500).unwrap()
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer() {
    let database = database().await;
    let provider = provider(&database);
    for method in ["sandbox_ok", "sandbox_declined"] {
        let key = Uuid::now_v7();
        let first = provider.charge(key, &amount(), method).await.unwrap();
        assert_eq!(
            provider.charge(key, &amount(), method).await.unwrap(),
            first
        );
        assert_eq!(
            provider
                .resolve_charge(key, &amount(), method)
                .await
                .unwrap(),
            first
        );
    }
}

#[tokio::test]
async fn a_key_is_good_for_one_request() {
    let database = database().await;
    let provider = provider(&database);
    let key = Uuid::now_v7();
    provider.charge(key, &amount(), "sandbox_ok").await.unwrap();

    let other = Money::new("USD", 1).unwrap();
    let reused = provider.charge(key, &other, "sandbox_ok").await;
    assert!(matches!(reused, Err(SandboxError::KeyReused(of)) if of == key));
    let reused = provider.refund(key, key, &amount()).await;
    assert!(matches!(reused, Err(SandboxError::KeyReused(of)) if of == key));
    let missing = provider
        .refund(Uuid::now_v7(), Uuid::now_v7(), &amount())
        .await;
    assert!(matches!(missing, Err(SandboxError::NoSuchCharge(_))));
}

#[tokio::test]
async fn silence_is_unknown_until_it_is_asked_about() {
    let database = database().await;
    let provider = provider(&database);
    for (method, taken) in [
        ("sandbox_timeout_ok", true),
        ("sandbox_timeout_lost", true),
        ("sandbox_timeout_declined", false),
    ] {
        let key = Uuid::now_v7();
        let silent = provider.charge(key, &amount(), method).await.unwrap();
        assert!(matches!(silent, Outcome::Unknown { .. }), "{method}");
        let asked = provider
            .resolve_charge(key, &amount(), method)
            .await
            .unwrap();
        assert_eq!(
            matches!(asked, Outcome::Succeeded { .. }),
            taken,
            "{method}"
        );
        assert_eq!(
            provider.charge(key, &amount(), method).await.unwrap(),
            asked,
            "{method}"
        );
    }
}

#[tokio::test]
async fn a_slow_charge_is_undecided_until_its_time_has_come() {
    let database = database().await;
    let provider = provider(&database);
    let key = Uuid::now_v7();
    let method = "sandbox_slow_3600_ok";
    let undecided = provider.charge(key, &amount(), method).await.unwrap();
    assert!(matches!(undecided, Outcome::Unknown { .. }));
    let undecided = provider
        .resolve_charge(key, &amount(), method)
        .await
        .unwrap();
    assert!(matches!(undecided, Outcome::Unknown { .. }));

    sqlx::query("update sandbox_charges set decided_at = decided_at - interval '1 hour'")
        .execute(&database.pool())
        .await
        .unwrap();
    let decided = provider
        .resolve_charge(key, &amount(), method)
        .await
        .unwrap();
    assert!(matches!(decided, Outcome::Succeeded { .. }));
}

#[tokio::test]
async fn a_refund_goes_by_the_rule_of_its_charge() {
    let database = database().await;
    let provider = provider(&database);
    for (method, code) in [
        ("sandbox_ok", None),
        ("sandbox_refund_declined", Some("refund_refused")),
    ] {
        let (charge, key) = (Uuid::now_v7(), Uuid::now_v7());
        provider.charge(charge, &amount(), method).await.unwrap();
        match provider.refund(key, charge, &amount()).await.unwrap() {
            Outcome::Succeeded { .. } => assert_eq!(code, None),
            Outcome::Declined { code: refused, .. } => assert_eq!(code, Some(refused.as_str())),
            Outcome::Unknown { .. } => panic!("{method} is answered"),
        }
    }
    let (charge, key) = (Uuid::now_v7(), Uuid::now_v7());
    provider
        .charge(charge, &amount(), "sandbox_refund_timeout_ok")
        .await
        .unwrap();
    let silent = provider.refund(key, charge, &amount()).await.unwrap();
    assert!(matches!(silent, Outcome::Unknown { .. }));
    let asked = provider
        .resolve_refund(key, charge, &amount())
        .await
        .unwrap();
    assert!(matches!(asked, Outcome::Succeeded { .. }));
}
