//! Payments and their settlement.

use contracts::payments::{
    events::v1::PayableKind,
    v1::{
        CreatePaymentRequest, GetPaymentRequest, ListPaymentsRequest, RefundPaymentRequest,
        RefundReason, ResolvePaymentRequest, ResolveRefundRequest, SubmitPaymentRequest,
        SubmitRefundRequest,
    },
};
use e2e::people::id;
use prost::Message as _;

use super::rows::{Row, guarded};

const HERE: &[&str] = &["payments"];

#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    guarded(HERE, "/divinetime.payments.v1.PaymentService/CreatePayment", b"ANNRRRR", |w| {
        CreatePaymentRequest {
            request_id: id(),
            payable_kind: PayableKind::Session.into(),
            payable_id: w.payable_session_id.clone(),
            payment_method: "sandbox_ok".to_owned(),
        }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.payments.v1.PaymentService/GetPayment", b"ANNRRAR", |w| {
        GetPaymentRequest { payment_id: w.payment_id.clone(), min_position: None }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.payments.v1.PaymentService/ListPayments", b"AAARRAR", |_| ListPaymentsRequest::default().encode_to_vec()),
    guarded(HERE, "/divinetime.payments.v1.SettlementService/SubmitPayment", b"RRRRRRA", |w| {
        SubmitPaymentRequest { request_id: id(), payment_id: w.payment_id.clone() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.payments.v1.SettlementService/ResolvePayment", b"RRRRRRA", |w| {
        ResolvePaymentRequest { request_id: id(), payment_id: w.payment_id.clone() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.payments.v1.SettlementService/RefundPayment", b"RRRRRRA", |w| {
        RefundPaymentRequest {
            request_id: id(),
            payment_id: w.failed_payment_id.clone(),
            reason: RefundReason::SessionCanceled.into(),
            cause_event_id: id(),
        }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.payments.v1.SettlementService/SubmitRefund", b"RRRRRRA", |w| {
        SubmitRefundRequest { request_id: id(), payment_id: w.refunded_payment_id.clone(), refund_id: w.refund_id.clone() }.encode_to_vec()
    }),
    guarded(HERE, "/divinetime.payments.v1.SettlementService/ResolveRefund", b"RRRRRRA", |w| {
        ResolveRefundRequest { request_id: id(), payment_id: w.refunded_payment_id.clone(), refund_id: w.refund_id.clone() }.encode_to_vec()
    }),
];
