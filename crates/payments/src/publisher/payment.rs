use contracts::payments::events::v1 as public;
use contracts::payments::events::v1::payments_event::Event;
use contracts::wire::{money, timestamp};

use crate::domain::payment::PaymentEvent;
use crate::wire::payable_kind;

/// The public event of an event of a payment, if it has one.
pub fn payment(event: &PaymentEvent) -> Option<Event> {
    Some(match event {
        PaymentEvent::PaymentCreated {
            payment_id,
            user_id,
            payable,
            purchase: _,
            amount,
            payment_method: _,
            live,
            pay_by: _,
            created_at,
        } => Event::PaymentCreated(public::PaymentCreated {
            payment_id: payment_id.to_string(),
            user_id: user_id.to_string(),
            payable_kind: payable_kind(payable.kind()).into(),
            payable_id: payable.id().to_string(),
            amount: Some(money(amount)),
            live: *live,
            created_at: Some(timestamp(*created_at)),
        }),
        PaymentEvent::PaymentSucceeded {
            payment_id,
            payable,
            amount,
            provider_reference: _,
            succeeded_at,
        } => Event::PaymentSucceeded(public::PaymentSucceeded {
            payment_id: payment_id.to_string(),
            payable_kind: payable_kind(payable.kind()).into(),
            payable_id: payable.id().to_string(),
            amount: Some(money(amount)),
            succeeded_at: Some(timestamp(*succeeded_at)),
        }),
        PaymentEvent::PaymentFailed {
            payment_id,
            payable,
            failure_code,
            failed_at,
        } => Event::PaymentFailed(public::PaymentFailed {
            payment_id: payment_id.to_string(),
            payable_kind: payable_kind(payable.kind()).into(),
            payable_id: payable.id().to_string(),
            failure_code: failure_code.clone(),
            failed_at: Some(timestamp(*failed_at)),
        }),
        PaymentEvent::PaymentOutcomeUnknown {
            payment_id,
            unknown_since,
        } => Event::PaymentOutcomeUnknown(public::PaymentOutcomeUnknown {
            payment_id: payment_id.to_string(),
            unknown_since: Some(timestamp(*unknown_since)),
        }),
        PaymentEvent::RefundRequested {
            payment_id,
            refund_id,
            amount,
            cause: _,
            requested_at,
        } => Event::RefundRequested(public::RefundRequested {
            refund_id: refund_id.to_string(),
            payment_id: payment_id.to_string(),
            amount: Some(money(amount)),
            requested_at: Some(timestamp(*requested_at)),
        }),
        PaymentEvent::RefundSucceeded {
            payment_id,
            refund_id,
            payable,
            amount,
            provider_reference: _,
            succeeded_at,
        } => Event::RefundSucceeded(public::RefundSucceeded {
            refund_id: refund_id.to_string(),
            payment_id: payment_id.to_string(),
            payable_kind: payable_kind(payable.kind()).into(),
            payable_id: payable.id().to_string(),
            amount: Some(money(amount)),
            succeeded_at: Some(timestamp(*succeeded_at)),
        }),
        PaymentEvent::RefundOutcomeUnknown {
            payment_id,
            refund_id,
            unknown_since,
        } => Event::RefundOutcomeUnknown(public::RefundOutcomeUnknown {
            refund_id: refund_id.to_string(),
            payment_id: payment_id.to_string(),
            unknown_since: Some(timestamp(*unknown_since)),
        }),
        PaymentEvent::PaymentSubmitted { .. }
        | PaymentEvent::PaymentCanceled { .. }
        | PaymentEvent::RefundDeferred { .. }
        | PaymentEvent::RefundSubmitted { .. }
        | PaymentEvent::RefundFailed { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use chrono::DateTime;
    use contracts::payments::events::v1::PaymentsEvent;
    use eventsourcing::RecordedEvent;
    use prost::Message as _;
    use uuid::Uuid;

    use super::*;
    use crate::publisher::publish;

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
                let event = PaymentsEvent::decode(published.payload.as_slice()).unwrap();
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
        let told = PaymentsEvent::decode(published.payload.as_slice()).unwrap();
        let Some(Event::PaymentSucceeded(succeeded)) = told.event else {
            panic!("another event")
        };
        assert_eq!(succeeded.payment_id, Uuid::from_u128(1).to_string());
        assert_eq!(succeeded.payable_kind(), public::PayableKind::Session);
        assert_eq!(succeeded.payable_id, Uuid::from_u128(10).to_string());
        assert_eq!(
            succeeded.amount.map(|amount| amount.minor_units),
            Some(7_500)
        );
    }
}
