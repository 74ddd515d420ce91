//! What of the log the others may know: one exhaustive match, built from the event alone, so
//! that publishing again gives the same bytes.

use contracts::payments::events::v1 as pb;
use eventsourcing::{DecodeError, Published, RecordedEvent};
use pb::payments_event::Event;
use prost::Message;

use crate::{
    domain::{PaymentsLogEvent, payment::PaymentEvent},
    grpc::convert,
};

/// The public event of an event of the log, if it has one.
pub fn publish(recorded: &RecordedEvent) -> Result<Option<Published>, DecodeError> {
    let PaymentsLogEvent::Payment(event) = PaymentsLogEvent::decode(recorded)?;
    let Some((event_type, event)) = public(&recorded.aggregate_id, event) else {
        return Ok(None);
    };
    let payload = pb::PaymentsEvent { event: Some(event) }.encode_to_vec();
    Ok(Some(Published {
        event_type,
        payload,
    }))
}

fn public(payment_id: &str, event: PaymentEvent) -> Option<(&'static str, Event)> {
    let payment_id = payment_id.to_owned();
    let event = match event {
        PaymentEvent::PaymentCreated {
            payment_id: _,
            user_id,
            payable,
            purchase: _,
            amount,
            payment_method: _,
            live,
            pay_by: _,
            created_at,
        } => (
            "PaymentCreated",
            Event::PaymentCreated(pb::PaymentCreated {
                payment_id,
                user_id: user_id.to_string(),
                payable_kind: convert::kind(payable.kind).into(),
                payable_id: payable.id.to_string(),
                amount: Some(convert::money(&amount)),
                live,
                created_at: Some(convert::timestamp(created_at)),
            }),
        ),
        PaymentEvent::PaymentSucceeded {
            payable,
            amount,
            provider_reference: _,
            succeeded_at,
        } => (
            "PaymentSucceeded",
            Event::PaymentSucceeded(pb::PaymentSucceeded {
                payment_id,
                payable_kind: convert::kind(payable.kind).into(),
                payable_id: payable.id.to_string(),
                amount: Some(convert::money(&amount)),
                succeeded_at: Some(convert::timestamp(succeeded_at)),
            }),
        ),
        PaymentEvent::PaymentFailed {
            payable,
            failure_code,
            failed_at,
        } => (
            "PaymentFailed",
            Event::PaymentFailed(pb::PaymentFailed {
                payment_id,
                payable_kind: convert::kind(payable.kind).into(),
                payable_id: payable.id.to_string(),
                failure_code,
                failed_at: Some(convert::timestamp(failed_at)),
            }),
        ),
        PaymentEvent::PaymentOutcomeUnknown { unknown_since } => (
            "PaymentOutcomeUnknown",
            Event::PaymentOutcomeUnknown(pb::PaymentOutcomeUnknown {
                payment_id,
                unknown_since: Some(convert::timestamp(unknown_since)),
            }),
        ),
        PaymentEvent::RefundRequested {
            refund_id,
            amount,
            cause: _,
            requested_at,
        } => (
            "RefundRequested",
            Event::RefundRequested(pb::RefundRequested {
                refund_id: refund_id.to_string(),
                payment_id,
                amount: Some(convert::money(&amount)),
                requested_at: Some(convert::timestamp(requested_at)),
            }),
        ),
        PaymentEvent::RefundSucceeded {
            refund_id,
            payable,
            amount,
            provider_reference: _,
            succeeded_at,
        } => (
            "RefundSucceeded",
            Event::RefundSucceeded(pb::RefundSucceeded {
                refund_id: refund_id.to_string(),
                payment_id,
                payable_kind: convert::kind(payable.kind).into(),
                payable_id: payable.id.to_string(),
                amount: Some(convert::money(&amount)),
                succeeded_at: Some(convert::timestamp(succeeded_at)),
            }),
        ),
        PaymentEvent::RefundOutcomeUnknown {
            refund_id,
            unknown_since,
        } => (
            "RefundOutcomeUnknown",
            Event::RefundOutcomeUnknown(pb::RefundOutcomeUnknown {
                refund_id: refund_id.to_string(),
                payment_id,
                unknown_since: Some(convert::timestamp(unknown_since)),
            }),
        ),
        PaymentEvent::PaymentSubmitted { .. }
        | PaymentEvent::PaymentCanceled { .. }
        | PaymentEvent::RefundDeferred { .. }
        | PaymentEvent::RefundSubmitted { .. }
        | PaymentEvent::RefundFailed { .. } => return None,
    };
    Some(event)
}
