//! What of the log the others may know: one exhaustive match, built from the event alone, so
//! that publishing again gives the same bytes.

use contracts::payments::events::v1 as pb;
use contracts::wire;
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
                created_at: Some(wire::timestamp(created_at)),
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
                succeeded_at: Some(wire::timestamp(succeeded_at)),
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
                failed_at: Some(wire::timestamp(failed_at)),
            }),
        ),
        PaymentEvent::PaymentOutcomeUnknown { unknown_since } => (
            "PaymentOutcomeUnknown",
            Event::PaymentOutcomeUnknown(pb::PaymentOutcomeUnknown {
                payment_id,
                unknown_since: Some(wire::timestamp(unknown_since)),
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
                requested_at: Some(wire::timestamp(requested_at)),
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
                succeeded_at: Some(wire::timestamp(succeeded_at)),
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
                unknown_since: Some(wire::timestamp(unknown_since)),
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

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    /// Every golden event as it would stand in the log.
    fn recorded() -> Vec<RecordedEvent> {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/payment");
        let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
        files
            .map(|file| RecordedEvent {
                position: 1,
                event_id: Uuid::from_u128(1),
                recorded_at: DateTime::UNIX_EPOCH,
                aggregate_type: "payment".to_owned(),
                aggregate_id: Uuid::from_u128(1).to_string(),
                sequence: 1,
                event_type: file
                    .file_name()
                    .to_string_lossy()
                    .split('.')
                    .next()
                    .unwrap()
                    .to_owned(),
                event_version: "1.0".to_owned(),
                payload: fs::read_to_string(file.path()).unwrap(),
                command_id: Uuid::from_u128(2),
                actor: "system".to_owned(),
                correlation_id: Uuid::from_u128(3),
                causation_id: None,
                trace_context: None,
            })
            .collect()
    }

    #[test]
    fn the_others_are_told_of_money_and_of_nothing_else() {
        let mut told = BTreeMap::new();
        for event in recorded() {
            let published = publish(&event).unwrap();
            assert_eq!(
                published.as_ref().map(|it| it.payload.clone()),
                publish(&event).unwrap().map(|it| it.payload)
            );
            if let Some(published) = published {
                assert_eq!(published.event_type, event.event_type);
                let event = pb::PaymentsEvent::decode(published.payload.as_slice()).unwrap();
                told.insert(published.event_type, event);
            }
        }
        let names: Vec<_> = told.keys().copied().collect();
        assert_eq!(
            names,
            [
                "PaymentCreated",
                "PaymentFailed",
                "PaymentOutcomeUnknown",
                "PaymentSucceeded",
                "RefundOutcomeUnknown",
                "RefundRequested",
                "RefundSucceeded",
            ]
        );
    }

    #[test]
    fn what_is_told_names_the_payment_the_payable_and_the_amount() {
        let event = recorded()
            .into_iter()
            .find(|event| event.event_type == "PaymentSucceeded")
            .unwrap();
        let published = publish(&event).unwrap().unwrap();
        let told = pb::PaymentsEvent::decode(published.payload.as_slice()).unwrap();
        let Some(Event::PaymentSucceeded(succeeded)) = told.event else {
            panic!("another event")
        };
        assert_eq!(succeeded.payment_id, Uuid::from_u128(1).to_string());
        assert_eq!(succeeded.payable_kind(), pb::PayableKind::Session);
        assert_eq!(succeeded.payable_id, Uuid::from_u128(10).to_string());
        assert_eq!(
            succeeded.amount.map(|amount| amount.minor_units),
            Some(7_500)
        );
    }
}
