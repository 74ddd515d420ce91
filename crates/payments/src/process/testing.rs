//! Events for the tests of the processes.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

pub use ::testing::{NOTHING, Run, delivered};

use crate::domain::{
    Money, Payable, PayableKind, PaymentsLogEvent, Purchase,
    payment::{CancelReason, PaymentEvent, RefundCause, RefundReason},
};

pub const PAYMENT: Uuid = Uuid::from_u128(1);
pub const REFUND: Uuid = Uuid::from_u128(20);

pub fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

fn payable() -> Payable {
    Payable {
        kind: PayableKind::Session,
        id: Uuid::from_u128(10),
    }
}

fn price() -> Money {
    Money::new(7_500, "USD").unwrap()
}

pub fn created() -> PaymentsLogEvent {
    PaymentsLogEvent::Payment(PaymentEvent::PaymentCreated {
        payment_id: PAYMENT,
        user_id: Uuid::from_u128(2),
        payable: payable(),
        purchase: Purchase::Session {
            trainer_id: Uuid::from_u128(3),
        },
        amount: price(),
        payment_method: "sandbox_ok".to_owned(),
        live: false,
        pay_by: at(900),
        created_at: at(0),
    })
}

pub fn unknown(second: i64) -> PaymentsLogEvent {
    PaymentsLogEvent::Payment(PaymentEvent::PaymentOutcomeUnknown {
        unknown_since: at(second),
    })
}

pub fn succeeded() -> PaymentsLogEvent {
    PaymentsLogEvent::Payment(PaymentEvent::PaymentSucceeded {
        payable: payable(),
        amount: price(),
        provider_reference: "ch_1".to_owned(),
        succeeded_at: at(2),
    })
}

pub fn failed() -> PaymentsLogEvent {
    PaymentsLogEvent::Payment(PaymentEvent::PaymentFailed {
        payable: payable(),
        failure_code: "card_declined".to_owned(),
        failed_at: at(2),
    })
}

pub fn canceled() -> PaymentsLogEvent {
    PaymentsLogEvent::Payment(PaymentEvent::PaymentCanceled {
        payable: payable(),
        reason: CancelReason::HoldExpired,
        canceled_at: at(900),
    })
}

pub fn refund_requested() -> PaymentsLogEvent {
    PaymentsLogEvent::Payment(PaymentEvent::RefundRequested {
        refund_id: REFUND,
        amount: price(),
        cause: RefundCause {
            event_id: Uuid::from_u128(30),
            reason: RefundReason::SessionCanceled,
        },
        requested_at: at(5),
    })
}

pub fn refund_unknown(second: i64) -> PaymentsLogEvent {
    PaymentsLogEvent::Payment(PaymentEvent::RefundOutcomeUnknown {
        refund_id: REFUND,
        unknown_since: at(second),
    })
}

pub fn refund_succeeded() -> PaymentsLogEvent {
    PaymentsLogEvent::Payment(PaymentEvent::RefundSucceeded {
        refund_id: REFUND,
        payable: payable(),
        amount: price(),
        provider_reference: "re_1".to_owned(),
        succeeded_at: at(7),
    })
}

pub fn refund_failed() -> PaymentsLogEvent {
    PaymentsLogEvent::Payment(PaymentEvent::RefundFailed {
        refund_id: REFUND,
        failure_code: "refund_refused".to_owned(),
        failed_at: at(7),
    })
}
