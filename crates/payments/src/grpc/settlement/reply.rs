//! The answers of `SettlementService`. Those of the steps towards the provider are not stored with
//! the request id: a step that is repeated answers where the payment or the refund stands now.

use contracts::payments::v1 as pb;
use contracts::wire::{money, optional_id};
use service::recorded;

use crate::NAME;
use crate::domain::payment::{Payment, PaymentState, RefundCause, RefundState};
use crate::settlement::Settled;
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

impl From<Settled<PaymentState>> for pb::SubmitPaymentResponse {
    fn from(settled: Settled<PaymentState>) -> Self {
        let answer = Self {
            state: payment_state(settled.state).into(),
            position: None,
        };
        recorded(NAME, settled.position, answer)
    }
}

impl From<Settled<PaymentState>> for pb::ResolvePaymentResponse {
    fn from(settled: Settled<PaymentState>) -> Self {
        let answer = Self {
            state: payment_state(settled.state).into(),
            position: None,
        };
        recorded(NAME, settled.position, answer)
    }
}

impl From<Settled<RefundState>> for pb::SubmitRefundResponse {
    fn from(settled: Settled<RefundState>) -> Self {
        let answer = Self {
            state: refund_state(settled.state).into(),
            position: None,
        };
        recorded(NAME, settled.position, answer)
    }
}

impl From<Settled<RefundState>> for pb::ResolveRefundResponse {
    fn from(settled: Settled<RefundState>) -> Self {
        let answer = Self {
            state: refund_state(settled.state).into(),
            position: None,
        };
        recorded(NAME, settled.position, answer)
    }
}
