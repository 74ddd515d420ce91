//! The requests of `SettlementService`. Every field of a message is taken apart here, so that a
//! new one breaks the build.

use contracts::payments::v1 as pb;
use service::{Fields, requests_of_ids};
use tonic::Status;
use values::{PaymentId, RefundId};

use crate::domain::payment::RefundCause;
use crate::wire;

requests_of_ids! {
    write SubmitPayment of pb::SubmitPaymentRequest { payment_id: PaymentId }
    write ResolvePayment of pb::ResolvePaymentRequest { payment_id: PaymentId }
    write SubmitRefund of pb::SubmitRefundRequest { payment_id: PaymentId, refund_id: RefundId }
    write ResolveRefund of pb::ResolveRefundRequest { payment_id: PaymentId, refund_id: RefundId }
}

pub struct RefundPayment {
    pub payment_id: PaymentId,
    pub cause: RefundCause,
}

impl TryFrom<&pb::RefundPaymentRequest> for RefundPayment {
    type Error = Status;

    fn try_from(request: &pb::RefundPaymentRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::RefundPaymentRequest {
            request_id: _,
            payment_id,
            reason,
            cause_event_id,
        } = request;
        let payment_id = fields.id("payment_id", payment_id);
        let event_id = fields.id("cause_event_id", cause_event_id);
        let reason = wire::refund_reason_of(fields.enum_value("reason", *reason));
        fields.finish_with(reason.map(|reason| Self {
            payment_id,
            cause: RefundCause { event_id, reason },
        }))
    }
}
