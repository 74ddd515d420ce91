//! The answers of `PaymentService`.

use contracts::payments::v1 as pb;
use contracts::wire::{amount, money, optional_id, timestamp};
use values::PaymentId;

use crate::domain::payment::Payment;
use crate::projector::RefundRow;
use crate::query::PaymentView;
use crate::wire::{payable_kind, payment_state, refund_reason, refund_state, state_after};

pub fn created(payment_id: PaymentId, payment: &Payment) -> pb::CreatePaymentResponse {
    pb::CreatePaymentResponse {
        payment_id: payment_id.to_string(),
        amount: payment.amount().map(money),
        state: state_after(payment),
        pay_by: payment.pay_by().map(timestamp),
        position: None,
    }
}

impl From<PaymentView> for pb::Payment {
    fn from(row: PaymentView) -> Self {
        Self {
            payment_id: row.id.to_string(),
            user_id: row.user_id.to_string(),
            payable_kind: payable_kind(row.kind).into(),
            payable_id: row.payable_id.to_string(),
            amount: Some(amount(row.currency.clone(), row.amount)),
            refunded: Some(amount(row.currency, row.refunded)),
            state: payment_state(row.status).into(),
            failure_code: row.failure_code.unwrap_or_default(),
            payment_method: row.payment_method,
            provider_reference: row.stripe_payment_id.unwrap_or_default(),
            live: row.live,
            trainer_id: optional_id(row.trainer_id),
            event_id: optional_id(row.event_id),
            created_at: Some(timestamp(row.created_at)),
            updated_at: Some(timestamp(row.updated_at)),
            refunds: row.refunds.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<RefundRow> for pb::Refund {
    fn from(row: RefundRow) -> Self {
        Self {
            refund_id: row.id.to_string(),
            payment_id: row.payment_id.to_string(),
            amount: Some(amount(row.currency, row.amount)),
            reason: refund_reason(row.reason).into(),
            cause_event_id: row.cause_event_id.to_string(),
            state: refund_state(row.state).into(),
            failure_code: row.failure_code.unwrap_or_default(),
            requested_at: Some(timestamp(row.requested_at)),
            updated_at: Some(timestamp(row.updated_at)),
        }
    }
}
