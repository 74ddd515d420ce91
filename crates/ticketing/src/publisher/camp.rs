use contracts::ticketing::events::v1 as public;
use contracts::ticketing::events::v1::ticketing_event::Event;
use contracts::wire::{money, optional_id, timestamp};

use crate::domain::camp::{CampEvent, Day, EventCreated, HeldTicket};

pub fn camp(event: &CampEvent) -> Event {
    match event {
        CampEvent::EventCreated(created) => Event::EventCreated(event_created(created)),
        CampEvent::EventPublished {
            event_id,
            published_at,
        } => Event::EventPublished(public::EventPublished {
            event_id: event_id.to_string(),
            published_at: Some(timestamp(*published_at)),
        }),
        CampEvent::TicketsHeld {
            hold_id,
            event_id,
            parent_id,
            tickets,
            total,
            hold_expires_at,
            held_at,
        } => Event::TicketsHeld(public::TicketsHeld {
            hold_id: hold_id.to_string(),
            event_id: event_id.to_string(),
            parent_id: parent_id.to_string(),
            tickets: tickets.iter().map(held_ticket).collect(),
            total: Some(money(total)),
            hold_expires_at: Some(timestamp(*hold_expires_at)),
            held_at: Some(timestamp(*held_at)),
        }),
        CampEvent::TicketsConfirmed {
            hold_id,
            event_id,
            tickets: _,
            payment_id,
            reinstated: _,
            confirmed_at,
        } => Event::TicketsConfirmed(public::TicketsConfirmed {
            hold_id: hold_id.to_string(),
            event_id: event_id.to_string(),
            payment_id: optional_id(*payment_id),
            confirmed_at: Some(timestamp(*confirmed_at)),
        }),
        CampEvent::TicketHoldExpired {
            hold_id,
            event_id,
            tickets: _,
            expired_at,
        } => Event::TicketHoldExpired(public::TicketHoldExpired {
            hold_id: hold_id.to_string(),
            event_id: event_id.to_string(),
            expired_at: Some(timestamp(*expired_at)),
        }),
        CampEvent::TicketPaymentRejected {
            hold_id,
            event_id,
            payment_id,
            rejected_at,
        } => Event::TicketPaymentRejected(public::TicketPaymentRejected {
            hold_id: hold_id.to_string(),
            event_id: event_id.to_string(),
            payment_id: payment_id.to_string(),
            rejected_at: Some(timestamp(*rejected_at)),
        }),
    }
}

fn event_created(created: &EventCreated) -> public::EventCreated {
    let EventCreated {
        event_id,
        draft,
        starts_at,
        ends_at,
        created_at,
    } = created;
    public::EventCreated {
        event_id: event_id.to_string(),
        starts_at: Some(timestamp(*starts_at)),
        ends_at: Some(timestamp(*ends_at)),
        time_zone: draft.time_zone.clone(),
        trainer_ids: draft.trainer_ids.iter().map(ToString::to_string).collect(),
        created_at: Some(timestamp(*created_at)),
        days: draft.days.iter().map(event_day).collect(),
    }
}

fn event_day(day: &Day) -> public::EventDay {
    public::EventDay {
        starts_at: Some(timestamp(day.starts_at)),
        ends_at: Some(timestamp(day.ends_at)),
    }
}

fn held_ticket(ticket: &HeldTicket) -> public::HeldTicket {
    public::HeldTicket {
        ticket_id: ticket.ticket_id.to_string(),
        tier_id: ticket.tier_id.to_string(),
        child_id: ticket.child_id.to_string(),
        price: Some(money(&ticket.price)),
    }
}
