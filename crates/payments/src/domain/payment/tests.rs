use chrono::{DateTime, TimeDelta, Utc};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use eventsourcing::{Claim, ClaimChange, ClaimingEvent, Root};
use uuid::Uuid;
use values::{Money, PaymentId};

use super::*;
use crate::domain::{Payable, PayableState, Purchase};

mod charging;
mod golden;
mod properties;
mod refunding;

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn id<I: From<Uuid>>(number: u128) -> I {
    Uuid::from_u128(number).into()
}

fn payment_id() -> PaymentId {
    id(1)
}

fn price() -> Money {
    Money::new("USD", 7_500).unwrap()
}

fn payable() -> Payable {
    Payable::Session(id(10))
}

fn create() -> NewPayment {
    NewPayment {
        payment_id: payment_id(),
        user_id: id(2),
        payable: payable(),
        purchase: Purchase::Session { trainer_id: id(3) },
        amount: price(),
        payable_state: PayableState::Held,
        pay_by: at(15),
        payment_method: "sandbox_ok".to_owned(),
        live: false,
        now: at(0),
    }
}

fn created() -> PaymentEvent {
    PaymentEvent::PaymentCreated {
        payment_id: payment_id(),
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
        payment_id: payment_id(),
        idempotency_key: id(1),
        submitted_at: at(1),
    }
}

fn succeeded() -> PaymentEvent {
    PaymentEvent::PaymentSucceeded {
        payment_id: payment_id(),
        payable: payable(),
        amount: price(),
        provider_reference: "ch_1".to_owned(),
        succeeded_at: at(2),
    }
}

fn failed() -> PaymentEvent {
    PaymentEvent::PaymentFailed {
        payment_id: payment_id(),
        payable: payable(),
        failure_code: "card_declined".to_owned(),
        failed_at: at(2),
    }
}

fn unknown() -> PaymentEvent {
    PaymentEvent::PaymentOutcomeUnknown {
        payment_id: payment_id(),
        unknown_since: at(2),
    }
}

fn canceled(reason: CancelReason, minute: i64) -> PaymentEvent {
    PaymentEvent::PaymentCanceled {
        payment_id: payment_id(),
        reason,
        canceled_at: at(minute),
    }
}

fn taken() -> Outcome {
    Outcome::Succeeded {
        reference: "ch_1".to_owned(),
        succeeded_at: at(2),
    }
}

fn declined() -> Outcome {
    Outcome::Declined {
        code: "card_declined".to_owned(),
        declined_at: at(2),
    }
}

fn silence() -> Outcome {
    Outcome::Unknown { since: at(2) }
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

fn given(events: Vec<PaymentEvent>) -> AggregateTestExecutor<Root<Payment>> {
    TestFramework::<Root<Payment>>::with(()).given(events)
}
