//! The answers of `SettlementService`. Those of the steps towards the provider are not stored with
//! the request id: a step that is repeated answers where the payment or the refund stands now.

use contracts::payments::v1 as pb;
use contracts::wire::{money, optional_id};

use crate::domain::payment::{Payment, PaymentState, RefundCause, RefundState};
use crate::wire::{payment_state, refund_state, state_after};

pub fn refunded(payment: &Payment, cause: RefundCause) -> pb::RefundPaymentResponse {
    let refund = payment.refund_for(cause.event_id);
    pb::RefundPaymentResponse {
        refund_id: optional_id(refund.map(|refund| refund.id)),
        amount: refund.map(|refund| money(&refund.amount)),
        payment_state: state_after(payment),
        position: None,
    }
}

pub fn submitted(state: PaymentState) -> pb::SubmitPaymentResponse {
    pb::SubmitPaymentResponse {
        state: payment_state(state).into(),
        position: None,
    }
}

pub fn resolved(state: PaymentState) -> pb::ResolvePaymentResponse {
    pb::ResolvePaymentResponse {
        state: payment_state(state).into(),
        position: None,
    }
}

pub fn refund_submitted(state: RefundState) -> pb::SubmitRefundResponse {
    pb::SubmitRefundResponse {
        state: refund_state(state).into(),
        position: None,
    }
}

pub fn refund_resolved(state: RefundState) -> pb::ResolveRefundResponse {
    pb::ResolveRefundResponse {
        state: refund_state(state).into(),
        position: None,
    }
}
