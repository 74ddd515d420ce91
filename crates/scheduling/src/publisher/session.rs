use contracts::scheduling::events::v1 as public;
use contracts::scheduling::events::v1::scheduling_event::Event;
use contracts::wire::{money, optional_id, timestamp};

use crate::domain::session::SessionEvent;
use crate::wire;

pub fn session(event: &SessionEvent) -> Option<Event> {
    Some(match event {
        SessionEvent::SessionHeld {
            session_id,
            place,
            parent_id,
            price,
            hold_expires_at,
            held_at,
            ..
        } => Event::SessionHeld(public::SessionHeld {
            session_id: session_id.to_string(),
            slot_id: place.slot_id.to_string(),
            trainer_id: place.trainer_id.to_string(),
            parent_id: parent_id.to_string(),
            child_ids: place.child_ids.iter().map(ToString::to_string).collect(),
            location_id: place.location_id.to_string(),
            starts_at: Some(timestamp(place.time.from())),
            ends_at: Some(timestamp(place.time.to())),
            price: Some(money(price)),
            hold_expires_at: Some(timestamp(*hold_expires_at)),
            held_at: Some(timestamp(*held_at)),
        }),
        SessionEvent::SessionHoldExpired {
            session_id,
            slot,
            expired_at,
        } => Event::SessionHoldExpired(public::SessionHoldExpired {
            session_id: session_id.to_string(),
            expired_at: Some(timestamp(*expired_at)),
            slot_id: slot.slot_id.to_string(),
        }),
        // Its payment is in the same command, and public.
        SessionEvent::SessionReinstated { .. } => return None,
        SessionEvent::SessionPaid {
            session_id,
            slot,
            payment_id,
            paid_at,
        } => Event::SessionPaid(public::SessionPaid {
            session_id: session_id.to_string(),
            payment_id: optional_id(*payment_id),
            paid_at: Some(timestamp(*paid_at)),
            slot_id: slot.slot_id.to_string(),
        }),
        SessionEvent::SessionCanceled {
            session_id,
            slot,
            freed,
            canceled_by,
            late,
            refund_payment_id,
            canceled_at,
        } => Event::SessionCanceled(public::SessionCanceled {
            session_id: session_id.to_string(),
            canceled_by: wire::canceled_by(*canceled_by).into(),
            late: *late,
            refund_payment_id: optional_id(*refund_payment_id),
            canceled_at: Some(timestamp(*canceled_at)),
            slot_id: optional_id(freed.then_some(slot.slot_id)),
        }),
        SessionEvent::SessionCompleted {
            session_id,
            trainer_id,
            starts_at,
            completed_at,
        } => Event::SessionCompleted(public::SessionCompleted {
            session_id: session_id.to_string(),
            trainer_id: trainer_id.to_string(),
            starts_at: Some(timestamp(*starts_at)),
            completed_at: Some(timestamp(*completed_at)),
        }),
        SessionEvent::SessionPaymentRejected {
            session_id,
            payment_id,
            rejected_at,
        } => Event::SessionPaymentRejected(public::SessionPaymentRejected {
            session_id: session_id.to_string(),
            payment_id: payment_id.to_string(),
            rejected_at: Some(timestamp(*rejected_at)),
        }),
    })
}
