use contracts::payments::v1::{self as pb, settlement_service_server};
use eventsourcing::Repository;
use prost::Message;
use service::{Call, internal};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{
    convert::{self, Refund, RefundStep, Step},
    errors,
};
use crate::{
    domain::payment::{Payment, PaymentCommand},
    settlement::{Settlement, now},
};

/// What the processes call.
pub struct SettlementService {
    /// Executes commands.
    pub repository: Repository<Payment>,
    /// Speaks with the provider.
    pub settlement: Settlement,
}

#[tonic::async_trait]
impl settlement_service_server::SettlementService for SettlementService {
    async fn submit_payment(
        &self,
        request: Request<pb::SubmitPaymentRequest>,
    ) -> Result<Response<pb::SubmitPaymentResponse>, Status> {
        let call = Call::of(&request);
        let message = request.into_inner();
        let step = Step::try_from(message.clone())?;
        let context = call.context("SubmitPayment", step.request_id, &message);

        let settled = self
            .settlement
            .advance(step.payment_id, &context)
            .await
            .map_err(errors::settling)?;

        Ok(Response::new(pb::SubmitPaymentResponse {
            state: convert::payment_state(settled.state).into(),
            position: Some(convert::position(settled.position)),
        }))
    }

    async fn resolve_payment(
        &self,
        request: Request<pb::ResolvePaymentRequest>,
    ) -> Result<Response<pb::ResolvePaymentResponse>, Status> {
        let call = Call::of(&request);
        let message = request.into_inner();
        let step = Step::try_from(message.clone())?;
        let context = call.context("ResolvePayment", step.request_id, &message);

        let settled = self
            .settlement
            .advance(step.payment_id, &context)
            .await
            .map_err(errors::settling)?;

        Ok(Response::new(pb::ResolvePaymentResponse {
            state: convert::payment_state(settled.state).into(),
            position: Some(convert::position(settled.position)),
        }))
    }

    async fn refund_payment(
        &self,
        request: Request<pb::RefundPaymentRequest>,
    ) -> Result<Response<pb::RefundPaymentResponse>, Status> {
        let call = Call::of(&request);
        let message = request.into_inner();
        let Refund {
            request_id,
            payment_id,
            cause,
        } = Refund::try_from(message.clone())?;
        let context = call.context("RefundPayment", request_id, &message);

        let command = PaymentCommand::Refund {
            refund_id: Uuid::now_v7(),
            cause,
            at: now(),
        };
        let committed = self
            .repository
            .execute(&payment_id.to_string(), context, command, |payment, _| {
                refunded(payment, cause.event_id)
            })
            .await
            .map_err(errors::executing)?;

        let mut reply =
            pb::RefundPaymentResponse::decode(committed.reply.as_slice()).map_err(internal)?;
        reply.position = Some(convert::position(committed.position));
        Ok(Response::new(reply))
    }

    async fn submit_refund(
        &self,
        request: Request<pb::SubmitRefundRequest>,
    ) -> Result<Response<pb::SubmitRefundResponse>, Status> {
        let call = Call::of(&request);
        let message = request.into_inner();
        let RefundStep { payment, refund_id } = RefundStep::try_from(message.clone())?;
        let context = call.context("SubmitRefund", payment.request_id, &message);

        let advanced = self
            .settlement
            .advance_refund(payment.payment_id, refund_id, &context)
            .await;
        let settled = advanced.map_err(errors::settling)?;

        Ok(Response::new(pb::SubmitRefundResponse {
            state: convert::refund_state(settled.state).into(),
            position: Some(convert::position(settled.position)),
        }))
    }

    async fn resolve_refund(
        &self,
        request: Request<pb::ResolveRefundRequest>,
    ) -> Result<Response<pb::ResolveRefundResponse>, Status> {
        let call = Call::of(&request);
        let message = request.into_inner();
        let RefundStep { payment, refund_id } = RefundStep::try_from(message.clone())?;
        let context = call.context("ResolveRefund", payment.request_id, &message);

        let advanced = self
            .settlement
            .advance_refund(payment.payment_id, refund_id, &context)
            .await;
        let settled = advanced.map_err(errors::settling)?;

        Ok(Response::new(pb::ResolveRefundResponse {
            state: convert::refund_state(settled.state).into(),
            position: Some(convert::position(settled.position)),
        }))
    }
}

/// The answer that is stored with the request id.
fn refunded(payment: &Payment, cause: Uuid) -> Vec<u8> {
    let refund = payment.refund_for(cause);
    let reply = pb::RefundPaymentResponse {
        refund_id: refund
            .map(|refund| refund.refund_id.to_string())
            .unwrap_or_default(),
        amount: refund.map(|refund| convert::money(&refund.amount)),
        payment_state: payment
            .state()
            .map(convert::payment_state)
            .unwrap_or_default()
            .into(),
        position: None,
    };
    reply.encode_to_vec()
}
