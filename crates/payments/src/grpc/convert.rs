//! Between messages and the domain, and nowhere else.

use std::str::FromStr;

use contracts::{
    common::v1::{LogPosition, Money as MoneyMessage},
    payments::{events::v1 as events, v1 as pb},
    wire::timestamp,
};
use service::{Call, Fields, page::Page};
use tonic::Status;
use uuid::Uuid;

use crate::{
    SERVICE,
    domain::{
        Money, Payable, PayableKind,
        payment::{CreatePayment, PaymentState, RefundCause, RefundReason, RefundState},
    },
    provider::Method,
    query::{Filter, PayableRecord, PaymentRecord, RefundRecord},
    settlement::now,
};

/// A parsed `CreatePaymentRequest`.
pub struct Create {
    pub request_id: Uuid,
    pub payable: Payable,
    pub payment_method: String,
}

impl TryFrom<pb::CreatePaymentRequest> for Create {
    type Error = Status;

    fn try_from(request: pb::CreatePaymentRequest) -> Result<Self, Status> {
        let pb::CreatePaymentRequest {
            request_id,
            payable_kind,
            payable_id,
            payment_method,
        } = request;
        let mut fields = Fields::new();
        let request_id = fields.uuid("request_id", &request_id);
        let kind = fields.enum_value("payable_kind", payable_kind);
        let id = fields.uuid("payable_id", &payable_id);
        fields.check(
            "payment_method",
            "UNKNOWN_PAYMENT_METHOD",
            payment_method.parse::<Method>(),
        );
        let payable = of_kind(kind).map(|kind| Payable { kind, id });
        let payable = fields.finish_with(payable)?;
        Ok(Self {
            request_id,
            payable,
            payment_method,
        })
    }
}

impl Create {
    /// The command, with what the reference data says about the payable.
    pub fn command(self, payable: PayableRecord, live: bool) -> CreatePayment {
        CreatePayment {
            payment_id: Uuid::now_v7(),
            user_id: payable.user_id,
            payable: self.payable,
            purchase: payable.purchase,
            amount: payable.amount,
            payable_state: payable.state,
            pay_by: payable.expires_at,
            payment_method: self.payment_method,
            live,
            at: now(),
        }
    }
}

/// A parsed `GetPaymentRequest`.
pub struct Get {
    pub payment_id: Uuid,
    pub min_position: Option<LogPosition>,
}

impl TryFrom<pb::GetPaymentRequest> for Get {
    type Error = Status;

    fn try_from(request: pb::GetPaymentRequest) -> Result<Self, Status> {
        let pb::GetPaymentRequest {
            payment_id,
            min_position,
        } = request;
        let mut fields = Fields::new();
        let payment_id = fields.uuid("payment_id", &payment_id);
        fields.finish()?;
        Ok(Self {
            payment_id,
            min_position,
        })
    }
}

/// A parsed `ListPaymentsRequest`.
pub struct List {
    pub filter: Filter,
    pub page: Page<Uuid>,
    pub min_position: Option<LogPosition>,
}

impl TryFrom<pb::ListPaymentsRequest> for List {
    type Error = Status;

    fn try_from(request: pb::ListPaymentsRequest) -> Result<Self, Status> {
        let pb::ListPaymentsRequest {
            page_size,
            page_token,
            state,
            payable_kind,
            payable_id,
            user_id,
            min_position,
        } = request;
        let mut fields = Fields::new();
        let page = fields.page(page_size, &page_token);
        let state = (state != 0).then(|| fields.enum_value("state", state));
        let kind = (payable_kind != 0).then(|| fields.enum_value("payable_kind", payable_kind));
        let filter = Filter {
            owner: None,
            user_id: fields.optional_uuid("user_id", &user_id),
            state: state.and_then(of_state),
            kind: kind.and_then(of_kind),
            payable_id: fields.optional_uuid("payable_id", &payable_id),
        };
        fields.finish()?;
        Ok(Self {
            filter,
            page,
            min_position,
        })
    }
}

/// A parsed request about one payment, of a service.
pub struct Step {
    pub request_id: Uuid,
    pub payment_id: Uuid,
}

impl Step {
    fn parse(request_id: &str, payment_id: &str) -> Result<Self, Status> {
        let mut fields = Fields::new();
        let request_id = fields.uuid("request_id", request_id);
        let payment_id = fields.uuid("payment_id", payment_id);
        fields.finish()?;
        Ok(Self {
            request_id,
            payment_id,
        })
    }
}

impl TryFrom<pb::SubmitPaymentRequest> for Step {
    type Error = Status;

    fn try_from(request: pb::SubmitPaymentRequest) -> Result<Self, Status> {
        let pb::SubmitPaymentRequest {
            request_id,
            payment_id,
        } = request;
        Self::parse(&request_id, &payment_id)
    }
}

impl TryFrom<pb::ResolvePaymentRequest> for Step {
    type Error = Status;

    fn try_from(request: pb::ResolvePaymentRequest) -> Result<Self, Status> {
        let pb::ResolvePaymentRequest {
            request_id,
            payment_id,
        } = request;
        Self::parse(&request_id, &payment_id)
    }
}

/// A parsed request about one refund, of a service.
pub struct RefundStep {
    pub payment: Step,
    pub refund_id: Uuid,
}

impl RefundStep {
    fn parse(request_id: &str, payment_id: &str, refund_id: &str) -> Result<Self, Status> {
        let mut fields = Fields::new();
        let payment = Step {
            request_id: fields.uuid("request_id", request_id),
            payment_id: fields.uuid("payment_id", payment_id),
        };
        let refund_id = fields.uuid("refund_id", refund_id);
        fields.finish()?;
        Ok(Self { payment, refund_id })
    }
}

impl TryFrom<pb::SubmitRefundRequest> for RefundStep {
    type Error = Status;

    fn try_from(request: pb::SubmitRefundRequest) -> Result<Self, Status> {
        let pb::SubmitRefundRequest {
            request_id,
            payment_id,
            refund_id,
        } = request;
        Self::parse(&request_id, &payment_id, &refund_id)
    }
}

impl TryFrom<pb::ResolveRefundRequest> for RefundStep {
    type Error = Status;

    fn try_from(request: pb::ResolveRefundRequest) -> Result<Self, Status> {
        let pb::ResolveRefundRequest {
            request_id,
            payment_id,
            refund_id,
        } = request;
        Self::parse(&request_id, &payment_id, &refund_id)
    }
}

/// A parsed `RefundPaymentRequest`.
pub struct Refund {
    pub request_id: Uuid,
    pub payment_id: Uuid,
    pub cause: RefundCause,
}

impl TryFrom<pb::RefundPaymentRequest> for Refund {
    type Error = Status;

    fn try_from(request: pb::RefundPaymentRequest) -> Result<Self, Status> {
        let pb::RefundPaymentRequest {
            request_id,
            payment_id,
            reason,
            cause_event_id,
        } = request;
        let mut fields = Fields::new();
        let request_id = fields.uuid("request_id", &request_id);
        let payment_id = fields.uuid("payment_id", &payment_id);
        let event_id = fields.uuid("cause_event_id", &cause_event_id);
        let reason = of_refund_reason(fields.enum_value("reason", reason));
        let cause = reason.map(|reason| RefundCause { event_id, reason });
        let cause = fields.finish_with(cause)?;
        Ok(Self {
            request_id,
            payment_id,
            cause,
        })
    }
}

/// Whose payments the caller sees: its own, or all.
pub fn owner(call: &Call) -> Option<Uuid> {
    if call.is_admin() {
        None
    } else {
        Some(call.user_id().unwrap_or_default())
    }
}

/// A position of the log of payments.
pub fn position(position: i64) -> LogPosition {
    LogPosition {
        service: SERVICE.to_owned(),
        position,
    }
}

pub fn money(money: &Money) -> MoneyMessage {
    MoneyMessage {
        currency_code: money.currency().to_owned(),
        minor_units: money.minor_units(),
    }
}

pub fn kind(kind: PayableKind) -> events::PayableKind {
    match kind {
        PayableKind::Session => events::PayableKind::Session,
        PayableKind::TicketHold => events::PayableKind::TicketHold,
    }
}

fn of_kind(kind: events::PayableKind) -> Option<PayableKind> {
    match kind {
        events::PayableKind::Unspecified => None,
        events::PayableKind::Session => Some(PayableKind::Session),
        events::PayableKind::TicketHold => Some(PayableKind::TicketHold),
    }
}

pub fn payment_state(state: PaymentState) -> pb::PaymentState {
    match state {
        PaymentState::Created => pb::PaymentState::Created,
        PaymentState::Processing => pb::PaymentState::Processing,
        PaymentState::Succeeded => pb::PaymentState::Succeeded,
        PaymentState::Failed => pb::PaymentState::Failed,
        PaymentState::Canceled => pb::PaymentState::Canceled,
        PaymentState::Unknown => pb::PaymentState::Unknown,
    }
}

fn of_state(state: pb::PaymentState) -> Option<PaymentState> {
    match state {
        pb::PaymentState::Unspecified => None,
        pb::PaymentState::Created => Some(PaymentState::Created),
        pb::PaymentState::Processing => Some(PaymentState::Processing),
        pb::PaymentState::Succeeded => Some(PaymentState::Succeeded),
        pb::PaymentState::Failed => Some(PaymentState::Failed),
        pb::PaymentState::Canceled => Some(PaymentState::Canceled),
        pb::PaymentState::Unknown => Some(PaymentState::Unknown),
    }
}

pub fn refund_state(state: RefundState) -> pb::RefundState {
    match state {
        RefundState::Requested => pb::RefundState::Requested,
        RefundState::Submitted => pb::RefundState::Submitted,
        RefundState::Unknown => pb::RefundState::Unknown,
        RefundState::Succeeded => pb::RefundState::Succeeded,
        RefundState::Failed => pb::RefundState::Failed,
    }
}

pub fn refund_reason(reason: RefundReason) -> pb::RefundReason {
    match reason {
        RefundReason::SessionCanceled => pb::RefundReason::SessionCanceled,
        RefundReason::SessionPaymentRejected => pb::RefundReason::SessionPaymentRejected,
        RefundReason::TicketPaymentRejected => pb::RefundReason::TicketPaymentRejected,
    }
}

fn of_refund_reason(reason: pb::RefundReason) -> Option<RefundReason> {
    match reason {
        pb::RefundReason::Unspecified => None,
        pb::RefundReason::SessionCanceled => Some(RefundReason::SessionCanceled),
        pb::RefundReason::SessionPaymentRejected => Some(RefundReason::SessionPaymentRejected),
        pb::RefundReason::TicketPaymentRejected => Some(RefundReason::TicketPaymentRejected),
    }
}

/// A word of a read table as the enum it was written from; `None` for a foreign one.
fn word<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

impl From<PaymentRecord> for pb::Payment {
    fn from(row: PaymentRecord) -> Self {
        let kind = word(&row.kind).map(kind).unwrap_or_default();
        let state = word(&row.status).map(payment_state).unwrap_or_default();
        let money = |minor_units| MoneyMessage {
            currency_code: row.currency.clone(),
            minor_units,
        };
        Self {
            payment_id: row.id.to_string(),
            user_id: row.user_id.to_string(),
            payable_kind: kind.into(),
            payable_id: row.payable_id.to_string(),
            amount: Some(money(row.amount)),
            refunded: Some(money(row.refunded)),
            state: state.into(),
            failure_code: row.failure_code.unwrap_or_default(),
            payment_method: row.payment_method,
            provider_reference: row.stripe_payment_id.unwrap_or_default(),
            live: row.live,
            trainer_id: row.trainer_id.map(|id| id.to_string()).unwrap_or_default(),
            event_id: row.event_id.map(|id| id.to_string()).unwrap_or_default(),
            created_at: Some(timestamp(row.created_at)),
            updated_at: Some(timestamp(row.updated_at)),
            refunds: row.refunds.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<RefundRecord> for pb::Refund {
    fn from(row: RefundRecord) -> Self {
        let reason = word(&row.reason).map(refund_reason).unwrap_or_default();
        let state = word(&row.state).map(refund_state).unwrap_or_default();
        Self {
            refund_id: row.id.to_string(),
            payment_id: row.payment_id.to_string(),
            amount: Some(MoneyMessage {
                currency_code: row.currency,
                minor_units: row.amount,
            }),
            reason: reason.into(),
            cause_event_id: row.cause_event_id.to_string(),
            state: state.into(),
            failure_code: row.failure_code.unwrap_or_default(),
            requested_at: Some(timestamp(row.requested_at)),
            updated_at: Some(timestamp(row.updated_at)),
        }
    }
}
