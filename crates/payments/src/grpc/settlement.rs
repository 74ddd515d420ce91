//! `SettlementService`, which the processes call.

mod parse;
mod reply;

use contracts::WriteRpc;
use contracts::payments::v1::settlement_service_server::SettlementService;
use contracts::payments::v1::{
    RefundPaymentRequest, RefundPaymentResponse, ResolvePaymentRequest, ResolvePaymentResponse,
    ResolveRefundRequest, ResolveRefundResponse, SubmitPaymentRequest, SubmitPaymentResponse,
    SubmitRefundRequest, SubmitRefundResponse,
};
use service::{Call, Runtime, Writes, context, new_id, now};
use tonic::{Request, Response, Status};
use values::{PaymentId, RefundId};

use self::parse::{RefundPayment, ResolvePayment, ResolveRefund, SubmitPayment, SubmitRefund};
use super::refusals::settling;
use crate::domain::payment::{Payment, PaymentCommand, PaymentState, RefundState};
use crate::provider::Provider;
use crate::settlement::{Settled, Settlement};

/// Brings payments and refunds as far as the provider allows.
pub struct SettlementRpcs {
    payments: Writes<Payment>,
    settlement: Settlement,
}

impl SettlementRpcs {
    pub fn on(runtime: &Runtime, provider: Provider) -> Self {
        let payments = Writes::on(runtime);
        Self {
            settlement: Settlement::new(payments.repository().clone(), provider),
            payments,
        }
    }

    async fn advance(
        &self,
        call: &Call,
        message: &impl WriteRpc,
        payment_id: PaymentId,
    ) -> Result<Settled<PaymentState>, Status> {
        let context = context(call, message)?;
        let settled = self.settlement.advance(payment_id, &context).await;
        settled.map_err(settling)
    }

    async fn advance_refund(
        &self,
        call: &Call,
        message: &impl WriteRpc,
        (payment_id, refund_id): (PaymentId, RefundId),
    ) -> Result<Settled<RefundState>, Status> {
        let context = context(call, message)?;
        let settlement = &self.settlement;
        let settled = settlement.advance_refund(payment_id, refund_id, &context);
        settled.await.map_err(settling)
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
        let settled = self.advance(&call, message, payment_id).await?;
        Ok(Response::new(settled.into()))
    }

    async fn resolve_payment(
        &self,
        request: Request<ResolvePaymentRequest>,
    ) -> Result<Response<ResolvePaymentResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ResolvePayment { payment_id } = ResolvePayment::try_from(message)?;
        let settled = self.advance(&call, message, payment_id).await?;
        Ok(Response::new(settled.into()))
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
        let refund = (payment_id, refund_id);
        let settled = self.advance_refund(&call, message, refund).await?;
        Ok(Response::new(settled.into()))
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
        let refund = (payment_id, refund_id);
        let settled = self.advance_refund(&call, message, refund).await?;
        Ok(Response::new(settled.into()))
    }
}
