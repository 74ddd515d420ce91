//! From private events to public ones. A match over every event, from its fields alone: a
//! replay publishes the same bytes.

use contracts::common::v1::Money as PublicMoney;
use contracts::scheduling::events::v1 as public;
use contracts::scheduling::events::v1::scheduling_event::Event;
use contracts::wire::timestamp;
use eventsourcing::{DecodeError, Published, RecordedEvent};
use prost::Message;

use crate::domain::location::LocationEvent;
use crate::domain::schedule::{ScheduleEvent, Slot};
use crate::domain::session::{CanceledBy, SessionEvent};
use crate::domain::trainer_calendar::TrainerCalendarEvent;
use crate::domain::{Money, SchedulingLogEvent};

/// The public event of a recorded one, if it has one.
pub fn publish(recorded: &RecordedEvent) -> Result<Option<Published>, DecodeError> {
    let event = SchedulingLogEvent::decode(recorded)?;
    Ok(
        public_event(&recorded.aggregate_id, event).map(|(event_type, event)| Published {
            event_type,
            payload: public::SchedulingEvent { event: Some(event) }.encode_to_vec(),
        }),
    )
}

fn public_event(aggregate_id: &str, event: SchedulingLogEvent) -> Option<(&'static str, Event)> {
    match event {
        SchedulingLogEvent::Location(event) => Some(location(aggregate_id, event)),
        SchedulingLogEvent::TrainerCalendar(event) => trainer_calendar(aggregate_id, &event),
        SchedulingLogEvent::Schedule(event) => Some(schedule(aggregate_id, &event)),
        SchedulingLogEvent::Session(event) => session(aggregate_id, *event),
    }
}

fn location(location_id: &str, event: LocationEvent) -> (&'static str, Event) {
    let LocationEvent::LocationCreated {
        name, time_zone, ..
    } = event;
    let created = public::LocationCreated {
        location_id: location_id.to_owned(),
        name,
        time_zone,
    };
    ("LocationCreated", Event::LocationCreated(created))
}

fn trainer_calendar(
    trainer_id: &str,
    event: &TrainerCalendarEvent,
) -> Option<(&'static str, Event)> {
    match event {
        TrainerCalendarEvent::TrainerLocationAssigned { location_id, .. } => {
            let assigned = public::TrainerLocationAssigned {
                trainer_id: trainer_id.to_owned(),
                location_id: location_id.to_string(),
            };
            Some((
                "TrainerLocationAssigned",
                Event::TrainerLocationAssigned(assigned),
            ))
        }
        TrainerCalendarEvent::GroupPriceSet { .. } => None,
    }
}

fn schedule(schedule_id: &str, event: &ScheduleEvent) -> (&'static str, Event) {
    let ScheduleEvent::ScheduleOpened {
        trainer_id,
        window,
        slots,
        ..
    } = event;
    let opened = public::ScheduleOpened {
        schedule_id: schedule_id.to_owned(),
        trainer_id: trainer_id.to_string(),
        starts_at: Some(timestamp(window.from())),
        ends_at: Some(timestamp(window.to())),
        slot_count: i32::try_from(slots.len()).unwrap_or(i32::MAX),
        slots: slots.iter().map(opened_slot).collect(),
    };
    ("ScheduleOpened", Event::ScheduleOpened(opened))
}

fn opened_slot(slot: &Slot) -> public::OpenedSlot {
    public::OpenedSlot {
        slot_id: slot.slot_id.to_string(),
        location_id: slot.location_id.to_string(),
        starts_at: Some(timestamp(slot.time.from())),
        ends_at: Some(timestamp(slot.time.to())),
    }
}

fn session(session_id: &str, event: SessionEvent) -> Option<(&'static str, Event)> {
    let event_type = <&'static str>::from(&event);
    let session_id = session_id.to_owned();
    let event = match event {
        SessionEvent::SessionHeld {
            place,
            parent_id,
            price,
            hold_expires_at,
            held_at,
            ..
        } => Event::SessionHeld(public::SessionHeld {
            session_id,
            slot_id: place.slot_id.to_string(),
            trainer_id: place.trainer_id.to_string(),
            parent_id: parent_id.to_string(),
            child_ids: place.child_ids.iter().map(ToString::to_string).collect(),
            location_id: place.location_id.to_string(),
            starts_at: Some(timestamp(place.time.from())),
            ends_at: Some(timestamp(place.time.to())),
            price: Some(money(&price)),
            hold_expires_at: Some(timestamp(hold_expires_at)),
            held_at: Some(timestamp(held_at)),
        }),
        SessionEvent::SessionHoldExpired { place, expired_at } => {
            Event::SessionHoldExpired(public::SessionHoldExpired {
                session_id,
                expired_at: Some(timestamp(expired_at)),
                slot_id: place.slot_id.to_string(),
            })
        }
        // Its payment is in the same command, and public.
        SessionEvent::SessionReinstated { .. } => return None,
        SessionEvent::SessionPaid {
            place,
            payment_id,
            paid_at,
        } => Event::SessionPaid(public::SessionPaid {
            session_id,
            payment_id: payment_id.map(|it| it.to_string()).unwrap_or_default(),
            paid_at: Some(timestamp(paid_at)),
            slot_id: place.slot_id.to_string(),
        }),
        SessionEvent::SessionCanceled {
            place,
            freed,
            canceled_by,
            late,
            refund_payment_id,
            canceled_at,
        } => Event::SessionCanceled(public::SessionCanceled {
            session_id,
            canceled_by: by(canceled_by).into(),
            late,
            refund_payment_id: refund_payment_id
                .map(|it| it.to_string())
                .unwrap_or_default(),
            canceled_at: Some(timestamp(canceled_at)),
            slot_id: if freed {
                place.slot_id.to_string()
            } else {
                String::new()
            },
        }),
        SessionEvent::SessionCompleted {
            place,
            completed_at,
        } => Event::SessionCompleted(public::SessionCompleted {
            session_id,
            trainer_id: place.trainer_id.to_string(),
            starts_at: Some(timestamp(place.time.from())),
            completed_at: Some(timestamp(completed_at)),
        }),
        SessionEvent::SessionPaymentRejected {
            payment_id,
            rejected_at,
        } => Event::SessionPaymentRejected(public::SessionPaymentRejected {
            session_id,
            payment_id: payment_id.to_string(),
            rejected_at: Some(timestamp(rejected_at)),
        }),
    };
    Some((event_type, event))
}

fn by(canceled_by: CanceledBy) -> public::CanceledBy {
    match canceled_by {
        CanceledBy::Parent => public::CanceledBy::Parent,
        CanceledBy::Trainer => public::CanceledBy::Trainer,
        CanceledBy::Admin => public::CanceledBy::Admin,
    }
}

fn money(money: &Money) -> PublicMoney {
    PublicMoney {
        currency_code: money.currency_code().to_owned(),
        minor_units: money.minor_units(),
    }
}

#[cfg(test)]
#[path = "publisher_tests.rs"]
mod tests;
