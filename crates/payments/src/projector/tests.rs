use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use eventsourcing::{Context, EventLog, LocalFeed, Projector, Repository};
use testing::Database;
use uuid::Uuid;
use values::Money;

use super::Payments;
use crate::domain::payment::{
    NewPayment, Outcome, Payment, PaymentCommand, RefundCause, RefundReason,
};
use crate::domain::{Payable, PayableKind, PayableState, PaymentsLogEvent, Purchase};

fn id<I: From<Uuid>>(number: u128) -> I {
    Uuid::from_u128(number).into()
}

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

fn create(payment: u128, kind: PayableKind, purchase: Purchase) -> PaymentCommand {
    PaymentCommand::Create(NewPayment {
        payment_id: id(payment),
        user_id: id(2),
        payable: Payable::new(kind, id(payment + 100)),
        purchase,
        amount: Money::new("EUR", 5_000).unwrap(),
        payable_state: PayableState::Held,
        pay_by: at(15),
        payment_method: "sandbox_ok".to_owned(),
        live: false,
        now: at(0),
    })
}

fn refund(refund: u128) -> PaymentCommand {
    let cause = RefundCause {
        event_id: id(refund + 1_000),
        reason: RefundReason::TicketPaymentRejected,
    };
    PaymentCommand::Refund {
        refund_id: id(refund),
        cause,
        now: at(5),
    }
}

fn record(outcome: Outcome) -> PaymentCommand {
    PaymentCommand::RecordOutcome { outcome }
}

fn record_refund(refund: u128, outcome: Outcome) -> PaymentCommand {
    PaymentCommand::RecordRefundOutcome {
        refund_id: id(refund),
        outcome,
    }
}

fn done(reference: &str) -> Outcome {
    Outcome::Succeeded {
        reference: reference.to_owned(),
        succeeded_at: at(2),
    }
}

fn declined(code: &str) -> Outcome {
    Outcome::Declined {
        code: code.to_owned(),
        declined_at: at(2),
    }
}

/// A ticket that is paid and refunded, a session that is refused and then paid after all with a
/// refund that fails, and one that is cancelled.
fn history() -> Vec<(u128, PaymentCommand)> {
    let tickets = Purchase::Tickets {
        event_id: id(3),
        tier_id: Some(id(4)),
        ticket_id: Some(id(5)),
    };
    let session = || Purchase::Session { trainer_id: id(6) };
    vec![
        (10, create(10, PayableKind::TicketHold, tickets)),
        (11, create(11, PayableKind::Session, session())),
        (10, PaymentCommand::Submit { now: at(1) }),
        (11, PaymentCommand::Submit { now: at(1) }),
        (10, record(Outcome::Unknown { since: at(1) })),
        (11, record(declined("card_declined"))),
        (10, record(done("ch_10"))),
        (11, record(done("ch_11"))),
        (10, refund(20)),
        (11, refund(21)),
        (
            10,
            PaymentCommand::SubmitRefund {
                refund_id: id(20),
                now: at(6),
            },
        ),
        (
            11,
            PaymentCommand::SubmitRefund {
                refund_id: id(21),
                now: at(6),
            },
        ),
        (10, record_refund(20, Outcome::Unknown { since: at(6) })),
        (10, record_refund(20, done("re_20"))),
        (11, record_refund(21, declined("refund_refused"))),
        (12, create(12, PayableKind::Session, session())),
        (12, PaymentCommand::Submit { now: at(20) }),
    ]
}

async fn written() -> (Database, EventLog) {
    let database = database().await;
    let log = database.log().await;
    let repository = Repository::<Payment>::new(&log);
    for (payment, command) in history() {
        let context = Context::system();
        repository
            .execute(
                &Uuid::from_u128(payment).to_string(),
                context,
                command,
                |_, _| Vec::new(),
            )
            .await
            .unwrap();
    }
    (database, log)
}

async fn database() -> Database {
    Database::of(&crate::definition()).await
}

/// Folds the log into tables of their own.
async fn folded(log: &EventLog, batch: usize) -> Database {
    let database = database().await;
    let feed = LocalFeed::new(crate::NAME, log, PaymentsLogEvent::decode);
    let projector =
        Projector::new(Payments, database.pool(), vec![Arc::new(feed)]).with_batches_of(batch);
    projector.drain().await.unwrap();
    database
}

async fn rows(database: &Database, table: &str) -> Vec<serde_json::Value> {
    let sql = format!("select to_jsonb(t) from {table} t order by id");
    sqlx::query_scalar(&sql)
        .fetch_all(&database.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_read_tables_tell_what_happened() {
    let (_written, log) = written().await;
    let database = folded(&log, 1_000).await;

    let payments = rows(&database, "payments").await;
    assert_eq!(payments.len(), 1);
    assert_eq!(payments[0]["status"], "SUCCEEDED");
    assert_eq!(payments[0]["refunded"], 5_000);
    assert_eq!(payments[0]["stripe_payment_id"], "ch_10");
    assert_eq!(payments[0]["event_id"], id::<Uuid>(3).to_string());
    assert_eq!(payments[0]["event_ticket_id"], id::<Uuid>(4).to_string());

    let orders = rows(&database, "trainer_orders").await;
    assert_eq!(orders.len(), 2);
    assert_eq!(orders[0]["status"], "SUCCEEDED");
    assert_eq!(orders[0]["failure_code"], serde_json::Value::Null);
    assert_eq!(orders[0]["refunded"], 0);
    assert_eq!(orders[0]["trainer_id"], id::<Uuid>(6).to_string());
    assert_eq!(orders[1]["status"], "CANCELED");
    assert_eq!(orders[1]["failure_code"], "hold_expired");

    let refunds = rows(&database, "refunds").await;
    assert_eq!(refunds.len(), 2);
    assert_eq!(refunds[0]["status"], "COMPLETED");
    assert_eq!(refunds[0]["ticket_id"], id::<Uuid>(5).to_string());
    assert_eq!(refunds[0]["stripe_payment_id"], "ch_10");
    assert_eq!(refunds[1]["status"], "REJECTED");
    assert_eq!(refunds[1]["failure_code"], "refund_refused");
    assert_eq!(refunds[1]["ticket_id"], serde_json::Value::Null);
}

#[tokio::test]
async fn the_size_of_batches_makes_no_difference() {
    let (_written, log) = written().await;
    let at_once = folded(&log, 1_000).await;
    for batch in [1, 3] {
        let in_steps = folded(&log, batch).await;
        for table in ["payments", "trainer_orders", "refunds"] {
            assert_eq!(
                rows(&at_once, table).await,
                rows(&in_steps, table).await,
                "{table} by {batch}"
            );
        }
    }
}
