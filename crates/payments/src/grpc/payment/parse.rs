//! The requests of `PaymentService`. Every field of a message is taken apart here, so that a new
//! one breaks the build.

use contracts::payments::v1 as pb;
use service::{Call, Fields, Page, requests_of_ids};
use tonic::Status;
use values::PaymentId;

use crate::domain::Payable;
use crate::provider::Method;
use crate::query::{PaymentCursor, PaymentFilter};
use crate::wire;

requests_of_ids! {
    read GetPayment of pb::GetPaymentRequest { payment_id: PaymentId }
}

pub struct CreatePayment {
    pub payable: Payable,
    pub payment_method: String,
}

impl TryFrom<&pb::CreatePaymentRequest> for CreatePayment {
    type Error = Status;

    fn try_from(request: &pb::CreatePaymentRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::CreatePaymentRequest {
            request_id: _,
            payable_kind,
            payable_id,
            payment_method,
        } = request;
        let kind = fields.enum_value("payable_kind", *payable_kind);
        let id = fields.id("payable_id", payable_id);
        fields.check(
            "payment_method",
            "UNKNOWN_PAYMENT_METHOD",
            payment_method.parse::<Method>(),
        );
        let kind = wire::payable_kind_of(kind);
        fields.finish_with(kind.map(|kind| Self {
            payable: Payable::new(kind, id),
            payment_method: payment_method.clone(),
        }))
    }
}

pub struct ListPayments {
    pub filter: PaymentFilter,
    pub page: Page<PaymentCursor>,
}

impl ListPayments {
    pub fn of(request: &pb::ListPaymentsRequest, call: &Call) -> Result<Self, Status> {
        let pb::ListPaymentsRequest {
            page_size: _,
            page_token: _,
            state,
            payable_kind,
            payable_id,
            user_id,
            min_position: _,
            created_from,
            created_before,
        } = request;
        let mut fields = Fields::new();
        let page = fields.page(call, request);
        let state = (*state != 0).then(|| fields.enum_value("state", *state));
        let kind = (*payable_kind != 0).then(|| fields.enum_value("payable_kind", *payable_kind));
        let list = Self {
            filter: PaymentFilter {
                user_id: fields.optional_id("user_id", user_id),
                state: state.and_then(wire::payment_state_of),
                kind: kind.and_then(wire::payable_kind_of),
                payable_id: fields.optional_id("payable_id", payable_id),
                created_from: fields.optional_timestamp("created_from", created_from.as_ref()),
                created_before: fields
                    .optional_timestamp("created_before", created_before.as_ref()),
            },
            page,
        };
        fields.finish()?;
        Ok(list)
    }
}
