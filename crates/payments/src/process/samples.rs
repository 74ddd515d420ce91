//! Events for the tests of the processes.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use values::Money;

pub use testing::{NOTHING, Run, delivered};

use crate::domain::{
    Payable, PaymentsLogEvent, Purchase,
    payment::{CancelReason, PaymentEvent, RefundCause, RefundReason},
};

pub const PAYMENT: Uuid = Uuid::from_u128(1);
pub const REFUND: Uuid = Uuid::from_u128(20);

pub fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

fn payable() -> Payable {
    Payable::Session(Uuid::from_u128(10).into())
}

fn price() -> Money {
    Money::new("USD", 7_500).unwrap()
}

pub fn created() -> PaymentsLogEvent {
    PaymentsLogEvent::Payment(PaymentEvent::PaymentCreated {
        payment_id: PAYMENT.into(),
        user_id: Uuid::from_u128(2).into(),
        payable: payable(),
        purchase: Purchase::Session {
            trainer_id: Uuid::from_u128(3).into(),
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
        payment_id: PAYMENT.into(),
        unknown_since: at(second),
    })
}

pub fn succeeded() -> PaymentsLogEvent {
    PaymentsLogEvent::Payment(PaymentEvent::PaymentSucceeded {
        payment_id: PAYMENT.into(),
        payable: payable(),
        amount: price(),
        provider_reference: "ch_1".to_owned(),
        succeeded_at: at(2),
    })
}

pub fn failed() -> PaymentsLogEvent {
    PaymentsLogEvent::Payment(PaymentEvent::PaymentFailed {
        payment_id: PAYMENT.into(),
        payable: payable(),
        failure_code: "card_declined".to_owned(),
        failed_at: at(2),
    })
}

pub fn canceled() -> PaymentsLogEvent {
    PaymentsLogEvent::Payment(PaymentEvent::PaymentCanceled {
        payment_id: PAYMENT.into(),
        reason: CancelReason::HoldExpired,
        canceled_at: at(900),
    })
}

pub fn refund_requested() -> PaymentsLogEvent {
    PaymentsLogEvent::Payment(PaymentEvent::RefundRequested {
        payment_id: PAYMENT.into(),
        refund_id: REFUND.into(),
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
        payment_id: PAYMENT.into(),
        refund_id: REFUND.into(),
        unknown_since: at(second),
    })
}

pub fn refund_succeeded() -> PaymentsLogEvent {
    PaymentsLogEvent::Payment(PaymentEvent::RefundSucceeded {
        payment_id: PAYMENT.into(),
        refund_id: REFUND.into(),
        payable: payable(),
        amount: price(),
        provider_reference: "re_1".to_owned(),
        succeeded_at: at(7),
    })
}

pub fn refund_failed() -> PaymentsLogEvent {
    PaymentsLogEvent::Payment(PaymentEvent::RefundFailed {
        payment_id: PAYMENT.into(),
        refund_id: REFUND.into(),
        failure_code: "refund_refused".to_owned(),
        failed_at: at(7),
    })
}
