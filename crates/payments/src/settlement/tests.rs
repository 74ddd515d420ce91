use std::time::Duration;

use chrono::{TimeDelta, Utc};
use eventsourcing::{Context, Repository};
use testing::Database;
use uuid::Uuid;
use values::{Money, PaymentId, RefundId};

use super::Settlement;
use crate::domain::payment::{
    NewPayment, Payment, PaymentCommand, PaymentState, RefundCause, RefundReason, RefundState,
};
use crate::domain::{Payable, PayableState, Purchase};
use crate::provider::Provider;

/// A log with one payment that was opened.
struct Ledger {
    database: Database,
    payment: PaymentId,
    method: &'static str,
}

impl Ledger {
    async fn with(method: &'static str) -> Self {
        let database = Database::of(&crate::definition()).await;
        let ledger = Self {
            database,
            payment: Uuid::now_v7().into(),
            method,
        };
        let create = PaymentCommand::Create(NewPayment {
            payment_id: ledger.payment,
            user_id: Uuid::now_v7().into(),
            payable: Payable::Session(Uuid::now_v7().into()),
            purchase: Purchase::Session {
                trainer_id: Uuid::now_v7().into(),
            },
            amount: amount(),
            payable_state: PayableState::Held,
            pay_by: Utc::now() + TimeDelta::minutes(15),
            payment_method: method.to_owned(),
            live: false,
            now: Utc::now(),
        });
        ledger.give(create).await;
        ledger
    }

    /// A process that has just started.
    async fn repository(&self) -> Repository<Payment> {
        Repository::new(&self.database.log().await)
    }

    async fn settlement(&self) -> Settlement {
        Settlement::new(self.repository().await, self.provider())
    }

    /// Whoever runs out of patience records that nothing is known, and a busy machine may take long.
    fn provider(&self) -> Provider {
        Provider::sandbox(self.database.pool(), Duration::from_mins(1))
    }

    async fn give(&self, command: PaymentCommand) {
        let repository = self.repository().await;
        let id = self.payment.to_string();
        repository
            .execute(&id, Context::system(), command, |_, _| Vec::new())
            .await
            .unwrap();
    }

    async fn advance(&self) -> PaymentState {
        self.settlement()
            .await
            .advance(self.payment, Context::system())
            .await
            .unwrap()
            .outcome
    }

    async fn charges(&self) -> i64 {
        let sql = "select count(*) from sandbox_charges where operation = 'charge'";
        sqlx::query_scalar(sql)
            .fetch_one(&self.database.pool())
            .await
            .unwrap()
    }

    async fn events(&self) -> Vec<String> {
        let log = self.database.log().await;
        let events = log.read(0, 100).await.unwrap();
        events.into_iter().map(|event| event.event_type).collect()
    }
}

fn amount() -> Money {
    Money::new("USD", 7_500).unwrap()
}

#[tokio::test]
async fn a_crash_before_the_provider_was_called_loses_nothing() {
    let ledger = Ledger::with("sandbox_ok").await;
    ledger
        .give(PaymentCommand::Submit { now: Utc::now() })
        .await;

    assert_eq!(ledger.advance().await, PaymentState::Succeeded);
    assert_eq!(ledger.charges().await, 1);
}

#[tokio::test]
async fn a_crash_after_the_provider_took_the_money_takes_it_once() {
    let ledger = Ledger::with("sandbox_ok").await;
    ledger
        .give(PaymentCommand::Submit { now: Utc::now() })
        .await;
    ledger
        .provider()
        .charge(ledger.payment.uuid(), &amount(), ledger.method)
        .await
        .unwrap();

    assert_eq!(ledger.advance().await, PaymentState::Succeeded);
    assert_eq!(ledger.advance().await, PaymentState::Succeeded);
    assert_eq!(ledger.charges().await, 1);
    assert_eq!(
        ledger.events().await,
        ["PaymentCreated", "PaymentSubmitted", "PaymentSucceeded"]
    );
}

#[tokio::test]
async fn a_call_that_is_dropped_while_the_provider_thinks_is_made_again() {
    let ledger = Ledger::with("sandbox_timeout_ok").await;
    let settlement = ledger.settlement().await;
    let dropped = tokio::time::timeout(
        Duration::from_millis(500),
        settlement.advance(ledger.payment, Context::system()),
    )
    .await;
    assert!(dropped.is_err());

    assert_eq!(ledger.advance().await, PaymentState::Succeeded);
    assert_eq!(ledger.charges().await, 1);
}

#[tokio::test]
async fn calls_that_race_take_and_record_the_money_once() {
    let ledger = Ledger::with("sandbox_ok").await;
    let settlement = ledger.settlement().await;

    let calls = (0..8).map(|_| settlement.advance(ledger.payment, Context::system()));
    let states = futures::future::join_all(calls).await;

    assert!(
        states
            .into_iter()
            .all(|settled| settled.unwrap().outcome == PaymentState::Succeeded)
    );
    assert_eq!(ledger.charges().await, 1);
    assert_eq!(
        ledger.events().await,
        ["PaymentCreated", "PaymentSubmitted", "PaymentSucceeded"]
    );
}

#[tokio::test]
async fn a_crash_in_a_refund_returns_the_money_once() {
    let ledger = Ledger::with("sandbox_ok").await;
    ledger.advance().await;
    let refund_id = RefundId::from(Uuid::now_v7());
    let cause = RefundCause {
        event_id: Uuid::now_v7(),
        reason: RefundReason::SessionCanceled,
    };
    ledger
        .give(PaymentCommand::Refund {
            refund_id,
            cause,
            now: Utc::now(),
        })
        .await;
    ledger
        .give(PaymentCommand::SubmitRefund {
            refund_id,
            now: Utc::now(),
        })
        .await;
    ledger
        .provider()
        .refund(refund_id.uuid(), ledger.payment.uuid(), &amount())
        .await
        .unwrap();

    let settlement = ledger.settlement().await;
    for _ in 0..2 {
        let settled = settlement
            .advance_refund(ledger.payment, refund_id, Context::system())
            .await
            .unwrap();
        assert_eq!(settled.outcome, RefundState::Succeeded);
    }
    let returned = ledger
        .events()
        .await
        .into_iter()
        .filter(|event| event == "RefundSucceeded");
    assert_eq!(returned.count(), 1);
}
