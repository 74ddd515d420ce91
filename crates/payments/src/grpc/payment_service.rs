use std::sync::Arc;

use contracts::payments::v1::{self as pb, payment_service_server};
use contracts::wire;
use eventsourcing::{Checkpoints, Feed, Projection, Repository};
use prost::Message;
use service::{Call, checkpoint_status, internal, not_found, reached};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{
    convert::{self, Create, Get, List},
    errors,
};
use crate::{
    domain::{
        Payable, PayableKind,
        payment::{Payment, PaymentCommand},
    },
    projector::{
        payables::{PayableEvent, Payables},
        payments::Payments,
    },
    query::{PayableQuery, PayableRecord, PaymentQuery},
};

/// What parents and admins call.
pub struct PaymentService {
    /// Executes commands.
    pub repository: Repository<Payment>,
    /// Reads payments.
    pub payments: PaymentQuery,
    /// Reads what can be paid.
    pub payables: PayableQuery,
    /// How far the read tables are.
    pub checkpoints: Checkpoints,
    /// Where sessions are told of.
    pub sessions: Arc<dyn Feed<PayableEvent>>,
    /// Where holds of tickets are told of.
    pub holds: Arc<dyn Feed<PayableEvent>>,
    /// Whether the provider moves real money.
    pub live: bool,
}

#[tonic::async_trait]
impl payment_service_server::PaymentService for PaymentService {
    async fn create_payment(
        &self,
        request: Request<pb::CreatePaymentRequest>,
    ) -> Result<Response<pb::CreatePaymentResponse>, Status> {
        let call = Call::of(&request);
        let message = request.into_inner();
        let create = Create::try_from(message.clone())?;
        let context = call.context("CreatePayment", create.request_id, &message);
        let payable = self.payable(&call, create.payable).await?;
        let command = create.command(payable, self.live);

        let id = command.payment_id.to_string();
        let committed = self
            .repository
            .create(
                &id,
                context,
                PaymentCommand::Create(command),
                |payment, _| created(&id, payment),
            )
            .await
            .map_err(errors::executing)?;

        let mut reply =
            pb::CreatePaymentResponse::decode(committed.reply.as_slice()).map_err(internal)?;
        reply.position = Some(convert::position(committed.position));
        Ok(Response::new(reply))
    }

    async fn get_payment(
        &self,
        request: Request<pb::GetPaymentRequest>,
    ) -> Result<Response<pb::GetPaymentResponse>, Status> {
        let call = Call::of(&request);
        let get = Get::try_from(request.into_inner())?;
        reached(
            &self.checkpoints,
            Payments::NAME,
            get.min_position.as_slice(),
            &call,
        )
        .await?;

        let payment = self
            .payments
            .get(get.payment_id, convert::owner(&call))
            .await
            .map_err(internal)?;
        let payment = payment.ok_or_else(|| not_found("payment", &get.payment_id.to_string()))?;

        Ok(Response::new(pb::GetPaymentResponse {
            payment: Some(payment.into()),
        }))
    }

    async fn list_payments(
        &self,
        request: Request<pb::ListPaymentsRequest>,
    ) -> Result<Response<pb::ListPaymentsResponse>, Status> {
        let call = Call::of(&request);
        let mut list = List::try_from(request.into_inner())?;
        list.filter.owner = convert::owner(&call);
        reached(
            &self.checkpoints,
            Payments::NAME,
            list.min_position.as_slice(),
            &call,
        )
        .await?;

        let rows = self
            .payments
            .list(&list.filter, list.page.after, list.page.limit())
            .await;
        let mut payments = rows.map_err(internal)?;
        let next_page_token = list.page.next_token(&mut payments, |payment| payment.id);

        let payments = payments.into_iter().map(Into::into).collect();
        Ok(Response::new(pb::ListPaymentsResponse {
            payments,
            next_page_token,
        }))
    }
}

impl PaymentService {
    /// What the caller holds. A miss is definite: the reference data is brought up to date
    /// before anything is said not to exist.
    async fn payable(&self, call: &Call, payable: Payable) -> Result<PayableRecord, Status> {
        let user_id = call.user_id().unwrap_or_default();
        if let Some(known) = self.held_by(user_id, payable).await? {
            return Ok(known);
        }
        let owner = match payable.kind {
            PayableKind::Session => &self.sessions,
            PayableKind::TicketHold => &self.holds,
        };
        self.checkpoints
            .catch_up(Payables::NAME, owner.as_ref())
            .await
            .map_err(checkpoint_status)?;
        let known = self.held_by(user_id, payable).await?;
        known.ok_or_else(|| not_found("payable", &payable.to_string()))
    }

    async fn held_by(
        &self,
        user_id: Uuid,
        payable: Payable,
    ) -> Result<Option<PayableRecord>, Status> {
        self.payables
            .held_by(user_id, payable)
            .await
            .map_err(internal)
    }
}

/// The answer that is stored with the request id.
fn created(id: &str, payment: &Payment) -> Vec<u8> {
    let reply = pb::CreatePaymentResponse {
        payment_id: id.to_owned(),
        amount: payment.amount().map(convert::money),
        state: payment
            .state()
            .map(convert::payment_state)
            .unwrap_or_default()
            .into(),
        pay_by: payment.pay_by().map(wire::timestamp),
        position: None,
    };
    reply.encode_to_vec()
}
