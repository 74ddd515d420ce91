//! What ticketing tells the others: private events to public ones.

use contracts::{
    common::v1::Money as PublicMoney,
    ticketing::events::v1::{self as public, ticketing_event::Event as Public},
    wire::timestamp,
};
use eventsourcing::{DecodeError, Published, RecordedEvent};
use prost::Message;

use crate::domain::{
    Money, TicketingLogEvent,
    event::{Day, EventCreated, EventEvent, HeldTicket},
};

/// The public form of a recorded event, made from its fields alone: a replay publishes the
/// same bytes.
///
/// # Errors
/// When the payload cannot be read.
pub fn publish(recorded: &RecordedEvent) -> Result<Option<Published>, DecodeError> {
    Ok(TicketingLogEvent::decode(recorded)?
        .and_then(|TicketingLogEvent::Event(event)| public_event(event))
        .map(|event| Published {
            event_type: name(&event),
            payload: public::TicketingEvent { event: Some(event) }.encode_to_vec(),
        }))
}

fn name(event: &Public) -> &'static str {
    match event {
        Public::EventCreated(_) => "EventCreated",
        Public::EventPublished(_) => "EventPublished",
        Public::TicketsHeld(_) => "TicketsHeld",
        Public::TicketsConfirmed(_) => "TicketsConfirmed",
        Public::TicketHoldExpired(_) => "TicketHoldExpired",
        Public::TicketPaymentRejected(_) => "TicketPaymentRejected",
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "an event that stays private maps to None"
)]
fn public_event(event: EventEvent) -> Option<Public> {
    Some(match event {
        EventEvent::EventCreated(created) => Public::EventCreated(event_created(*created)),
        EventEvent::EventPublished {
            event_id,
            published_at,
        } => Public::EventPublished(public::EventPublished {
            event_id: event_id.to_string(),
            published_at: Some(timestamp(published_at)),
        }),
        EventEvent::TicketsHeld {
            hold_id,
            event_id,
            parent_id,
            tickets,
            total,
            hold_expires_at,
            held_at,
        } => Public::TicketsHeld(public::TicketsHeld {
            hold_id: hold_id.to_string(),
            event_id: event_id.to_string(),
            parent_id: parent_id.to_string(),
            tickets: tickets.into_iter().map(held_ticket).collect(),
            total: Some(money(total)),
            hold_expires_at: Some(timestamp(hold_expires_at)),
            held_at: Some(timestamp(held_at)),
        }),
        EventEvent::TicketsConfirmed {
            hold_id,
            event_id,
            tickets: _,
            payment_id,
            reinstated: _,
            confirmed_at,
        } => Public::TicketsConfirmed(public::TicketsConfirmed {
            hold_id: hold_id.to_string(),
            event_id: event_id.to_string(),
            payment_id: payment_id.map_or_else(String::new, |id| id.to_string()),
            confirmed_at: Some(timestamp(confirmed_at)),
        }),
        EventEvent::TicketHoldExpired {
            hold_id,
            event_id,
            tickets: _,
            expired_at,
        } => Public::TicketHoldExpired(public::TicketHoldExpired {
            hold_id: hold_id.to_string(),
            event_id: event_id.to_string(),
            expired_at: Some(timestamp(expired_at)),
        }),
        EventEvent::TicketPaymentRejected {
            hold_id,
            event_id,
            payment_id,
            rejected_at,
        } => Public::TicketPaymentRejected(public::TicketPaymentRejected {
            hold_id: hold_id.to_string(),
            event_id: event_id.to_string(),
            payment_id: payment_id.to_string(),
            rejected_at: Some(timestamp(rejected_at)),
        }),
    })
}

fn event_created(created: EventCreated) -> public::EventCreated {
    public::EventCreated {
        event_id: created.event_id.to_string(),
        starts_at: Some(timestamp(created.starts_at)),
        ends_at: Some(timestamp(created.ends_at)),
        time_zone: created.time_zone,
        trainer_ids: created
            .trainer_ids
            .iter()
            .map(ToString::to_string)
            .collect(),
        created_at: Some(timestamp(created.created_at)),
        days: created.days.into_iter().map(event_day).collect(),
    }
}

fn event_day(day: Day) -> public::EventDay {
    public::EventDay {
        starts_at: Some(timestamp(day.starts_at)),
        ends_at: Some(timestamp(day.ends_at)),
    }
}

fn held_ticket(ticket: HeldTicket) -> public::HeldTicket {
    public::HeldTicket {
        ticket_id: ticket.ticket_id.to_string(),
        tier_id: ticket.tier_id.to_string(),
        child_id: ticket.child_id.to_string(),
        price: Some(money(ticket.price)),
    }
}

fn money(money: Money) -> PublicMoney {
    PublicMoney {
        currency_code: money.currency_code,
        minor_units: money.minor_units,
    }
}
