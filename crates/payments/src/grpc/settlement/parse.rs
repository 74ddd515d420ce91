//! The requests of `SettlementService`. Every field of a message is taken apart here, so that a
//! new one breaks the build.

use contracts::payments::v1 as pb;
use service::Fields;
use tonic::Status;
use values::{PaymentId, RefundId};

use crate::domain::payment::RefundCause;
use crate::wire;

pub struct SubmitPayment {
    pub payment_id: PaymentId,
}

impl TryFrom<&pb::SubmitPaymentRequest> for SubmitPayment {
    type Error = Status;

    fn try_from(request: &pb::SubmitPaymentRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::SubmitPaymentRequest {
            request_id: _,
            payment_id,
        } = request;
        let payment_id = fields.id("payment_id", payment_id);
        fields.finish()?;
        Ok(Self { payment_id })
    }
}

pub struct ResolvePayment {
    pub payment_id: PaymentId,
}

impl TryFrom<&pb::ResolvePaymentRequest> for ResolvePayment {
    type Error = Status;

    fn try_from(request: &pb::ResolvePaymentRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::ResolvePaymentRequest {
            request_id: _,
            payment_id,
        } = request;
        let payment_id = fields.id("payment_id", payment_id);
        fields.finish()?;
        Ok(Self { payment_id })
    }
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

pub struct SubmitRefund {
    pub payment_id: PaymentId,
    pub refund_id: RefundId,
}

impl TryFrom<&pb::SubmitRefundRequest> for SubmitRefund {
    type Error = Status;

    fn try_from(request: &pb::SubmitRefundRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::SubmitRefundRequest {
            request_id: _,
            payment_id,
            refund_id,
        } = request;
        let submit = Self {
            payment_id: fields.id("payment_id", payment_id),
            refund_id: fields.id("refund_id", refund_id),
        };
        fields.finish()?;
        Ok(submit)
    }
}

pub struct ResolveRefund {
    pub payment_id: PaymentId,
    pub refund_id: RefundId,
}

impl TryFrom<&pb::ResolveRefundRequest> for ResolveRefund {
    type Error = Status;

    fn try_from(request: &pb::ResolveRefundRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::ResolveRefundRequest {
            request_id: _,
            payment_id,
            refund_id,
        } = request;
        let resolve = Self {
            payment_id: fields.id("payment_id", payment_id),
            refund_id: fields.id("refund_id", refund_id),
        };
        fields.finish()?;
        Ok(resolve)
    }
}
