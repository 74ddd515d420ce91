mod parse;
mod reply;

use contracts::payments::v1::payment_service_server::PaymentService;
use contracts::payments::v1::{
    CreatePaymentRequest, CreatePaymentResponse, GetPaymentRequest, GetPaymentResponse,
    ListPaymentsRequest, ListPaymentsResponse,
};
use service::{Call, Reads, Runtime, Writes, new_id, not_found, now};
use tonic::{Request, Response, Status};

use self::parse::{CreatePayment, GetPayment, ListPayments};
use super::{WHO_HAS_PAYMENTS, acting};
use crate::domain::payment::{NewPayment, Payment, PaymentCommand};
use crate::projector::Payments;
use crate::provider::Provider;
use crate::query::{self, PaymentCursor};
use crate::reference::References;

/// Opens and shows payments.
pub struct PaymentRpcs {
    payments: Writes<Payment>,
    list: Reads<Payments>,
    references: References,
    /// Whether the provider moves real money.
    live: bool,
}

impl PaymentRpcs {
    pub fn on(runtime: &Runtime, references: &References, provider: &Provider) -> Self {
        Self {
            payments: Writes::on(runtime),
            list: Reads::on(runtime),
            references: references.clone(),
            live: provider.is_live(),
        }
    }
}

#[tonic::async_trait]
impl PaymentService for PaymentRpcs {
    async fn create_payment(
        &self,
        request: Request<CreatePaymentRequest>,
    ) -> Result<Response<CreatePaymentResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let CreatePayment {
            payable,
            payment_method,
        } = CreatePayment::try_from(message)?;
        let user_id = call.parent(WHO_HAS_PAYMENTS)?;
        let held = self.references.payable(user_id, payable).await?;
        let payment_id = new_id();
        let create = PaymentCommand::Create(NewPayment {
            payment_id,
            user_id,
            payable,
            purchase: held.purchase,
            amount: held.amount,
            payable_state: held.state,
            pay_by: held.expires_at,
            payment_method,
            live: self.live,
            now: now(),
        });
        let reply = |payment: &Payment, _: &[_]| reply::created(payment_id, payment);
        self.payments
            .create(&call, message, payment_id, create, reply)
            .await
    }

    async fn get_payment(
        &self,
        request: Request<GetPaymentRequest>,
    ) -> Result<Response<GetPaymentResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let GetPayment { payment_id } = GetPayment::try_from(message)?;
        let acting = acting(&call)?;
        let look = |pool| query::payment(pool, acting, payment_id);
        let payment = self.list.read(&call, message, look).await?;
        let payment = payment.ok_or_else(|| not_found("payment", &payment_id.to_string()))?;
        Ok(Response::new(GetPaymentResponse {
            payment: Some(payment.into()),
        }))
    }

    async fn list_payments(
        &self,
        request: Request<ListPaymentsRequest>,
    ) -> Result<Response<ListPaymentsResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListPayments { filter, page } = ListPayments::of(message, &call)?;
        let acting = acting(&call)?;
        let look = |pool| query::payments(pool, acting, &filter, &page);
        let rows = self.list.read(&call, message, look).await?;
        let (payments, next_page_token) = page.cut(rows, PaymentCursor::of);
        Ok(Response::new(ListPaymentsResponse {
            payments,
            next_page_token,
        }))
    }
}
