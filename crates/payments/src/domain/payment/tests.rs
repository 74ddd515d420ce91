use chrono::{DateTime, TimeDelta, Utc};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use eventsourcing::{Claim, ClaimChange, ClaimingEvent};
use uuid::Uuid;

use super::*;
use crate::domain::{Money, Payable, PayableKind, PayableState, Purchase};

mod charging;
mod golden;
mod properties;
mod refunding;

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn price() -> Money {
    Money::new(7_500, "USD").unwrap()
}

fn payable() -> Payable {
    Payable {
        kind: PayableKind::Session,
        id: id(10),
    }
}

fn create() -> CreatePayment {
    CreatePayment {
        payment_id: id(1),
        user_id: id(2),
        payable: payable(),
        purchase: Purchase::Session { trainer_id: id(3) },
        amount: price(),
        payable_state: PayableState::Held,
        pay_by: at(15),
        payment_method: "sandbox_ok".to_owned(),
        live: false,
        at: at(0),
    }
}

fn created() -> PaymentEvent {
    PaymentEvent::PaymentCreated {
        payment_id: id(1),
        user_id: id(2),
        payable: payable(),
        purchase: Purchase::Session { trainer_id: id(3) },
        amount: price(),
        payment_method: "sandbox_ok".to_owned(),
        live: false,
        pay_by: at(15),
        created_at: at(0),
    }
}

fn submitted() -> PaymentEvent {
    PaymentEvent::PaymentSubmitted {
        idempotency_key: id(1),
        submitted_at: at(1),
    }
}

fn succeeded() -> PaymentEvent {
    PaymentEvent::PaymentSucceeded {
        payable: payable(),
        amount: price(),
        provider_reference: "ch_1".to_owned(),
        succeeded_at: at(2),
    }
}

fn failed() -> PaymentEvent {
    PaymentEvent::PaymentFailed {
        payable: payable(),
        failure_code: "card_declined".to_owned(),
        failed_at: at(2),
    }
}

fn unknown() -> PaymentEvent {
    PaymentEvent::PaymentOutcomeUnknown {
        unknown_since: at(2),
    }
}

fn canceled(reason: CancelReason, minute: i64) -> PaymentEvent {
    PaymentEvent::PaymentCanceled {
        payable: payable(),
        reason,
        canceled_at: at(minute),
    }
}

fn taken() -> Outcome {
    Outcome::Succeeded {
        reference: "ch_1".to_owned(),
        at: at(2),
    }
}

fn declined() -> Outcome {
    Outcome::Declined {
        code: "card_declined".to_owned(),
        at: at(2),
    }
}

fn silence() -> Outcome {
    Outcome::Unknown { at: at(2) }
}

fn record(outcome: Outcome) -> PaymentCommand {
    PaymentCommand::RecordOutcome { outcome }
}

fn cause(event: u128) -> RefundCause {
    RefundCause {
        event_id: id(event),
        reason: RefundReason::SessionCanceled,
    }
}

fn given(events: Vec<PaymentEvent>) -> AggregateTestExecutor<Payment> {
    TestFramework::<Payment>::with(()).given(events)
}
