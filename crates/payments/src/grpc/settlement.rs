//! `SettlementService`, which the processes call.

mod parse;
mod reply;

use contracts::payments::v1::settlement_service_server::SettlementService;
use contracts::payments::v1::{
    RefundPaymentRequest, RefundPaymentResponse, ResolvePaymentRequest, ResolvePaymentResponse,
    ResolveRefundRequest, ResolveRefundResponse, SubmitPaymentRequest, SubmitPaymentResponse,
    SubmitRefundRequest, SubmitRefundResponse,
};
use service::{Call, Operations, Runtime, Writes, new_id, now};
use tonic::{Request, Response, Status};

use self::parse::{RefundPayment, ResolvePayment, ResolveRefund, SubmitPayment, SubmitRefund};
use crate::domain::payment::{Payment, PaymentCommand};
use crate::provider::Provider;
use crate::settlement::Settlement;

/// Brings payments and refunds as far as the provider allows.
pub struct SettlementRpcs {
    payments: Writes<Payment>,
    operations: Operations,
    settlement: Settlement,
}

impl SettlementRpcs {
    pub fn on(runtime: &Runtime, provider: Provider) -> Self {
        let payments = Writes::on(runtime);
        Self {
            settlement: Settlement::new(payments.repository().clone(), provider),
            operations: Operations::on(runtime),
            payments,
        }
    }
}

#[tonic::async_trait]
impl SettlementService for SettlementRpcs {
    async fn submit_payment(
        &self,
        request: Request<SubmitPaymentRequest>,
    ) -> Result<Response<SubmitPaymentResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let SubmitPayment { payment_id } = SubmitPayment::try_from(message)?;
        let advance = |context| self.settlement.advance(payment_id, context);
        self.operations
            .perform(&call, message, advance, reply::submitted)
            .await
    }

    async fn resolve_payment(
        &self,
        request: Request<ResolvePaymentRequest>,
    ) -> Result<Response<ResolvePaymentResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ResolvePayment { payment_id } = ResolvePayment::try_from(message)?;
        let advance = |context| self.settlement.advance(payment_id, context);
        self.operations
            .perform(&call, message, advance, reply::resolved)
            .await
    }

    async fn refund_payment(
        &self,
        request: Request<RefundPaymentRequest>,
    ) -> Result<Response<RefundPaymentResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let RefundPayment { payment_id, cause } = RefundPayment::try_from(message)?;
        let refund = PaymentCommand::Refund {
            refund_id: new_id(),
            cause,
            now: now(),
        };
        let reply = |payment: &Payment, _: &[_]| reply::refunded(payment, cause);
        self.payments
            .execute(&call, message, payment_id, refund, reply)
            .await
    }

    async fn submit_refund(
        &self,
        request: Request<SubmitRefundRequest>,
    ) -> Result<Response<SubmitRefundResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let SubmitRefund {
            payment_id,
            refund_id,
        } = SubmitRefund::try_from(message)?;
        let settlement = &self.settlement;
        let advance = |context| settlement.advance_refund(payment_id, refund_id, context);
        self.operations
            .perform(&call, message, advance, reply::refund_submitted)
            .await
    }

    async fn resolve_refund(
        &self,
        request: Request<ResolveRefundRequest>,
    ) -> Result<Response<ResolveRefundResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ResolveRefund {
            payment_id,
            refund_id,
        } = ResolveRefund::try_from(message)?;
        let settlement = &self.settlement;
        let advance = |context| settlement.advance_refund(payment_id, refund_id, context);
        self.operations
            .perform(&call, message, advance, reply::refund_resolved)
            .await
    }
}
