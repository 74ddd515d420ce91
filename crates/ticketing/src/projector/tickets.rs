//! Tickets, registrations and holds, and what they take from their tiers.

use eventsourcing::FoldError;
use uuid::Uuid;

use super::{
    rows::{EventRegistration, Ticket, TicketHold, UserTicket},
    sales::{SalesTables, expected},
};
use crate::domain::event::{EventEvent, HeldTicket};

pub(super) fn held(event: &EventEvent, tables: &mut SalesTables) -> Result<(), FoldError> {
    let EventEvent::TicketsHeld {
        hold_id,
        event_id,
        parent_id,
        tickets,
        total,
        hold_expires_at,
        held_at,
    } = event
    else {
        return Ok(());
    };
    for held in tickets {
        let tier_id = held.tier_id.uuid();
        let tier = expected(tables.tiers.get_mut(&tier_id), "tier", tier_id)?;
        tier.held += 1;
        let ticket = Ticket {
            id: held.ticket_id.uuid(),
            hold_id: hold_id.uuid(),
            user_id: parent_id.uuid(),
            event_id: event_id.uuid(),
            event_ticket_id: tier_id,
            child_id: held.child_id.uuid(),
            price_minor_units: held.price.minor_units,
            currency_code: held.price.currency_code.clone(),
            r#type: tier.r#type.clone(),
            capacity: 1,
            status: "PENDING".to_owned(),
            payment_id: None,
            hold_expires_at: *hold_expires_at,
            held_at: *held_at,
        };
        tables.user_tickets.insert(UserTicket {
            id: ticket.id,
            user_id: ticket.user_id,
            ticket_id: ticket.id,
            event_ticket_id: tier_id,
            child_id: ticket.child_id,
            status: ticket.status.clone(),
            refund_id: None,
        });
        tables.registrations.insert(EventRegistration {
            id: ticket.id,
            event_id: ticket.event_id,
            child_id: ticket.child_id,
            status: "PENDING".to_owned(),
        });
        tables.tickets.insert(ticket);
    }
    tables.holds.insert(TicketHold {
        id: hold_id.uuid(),
        event_id: event_id.uuid(),
        user_id: parent_id.uuid(),
        total_minor_units: total.minor_units,
        currency_code: total.currency_code.clone(),
        state: "HELD".to_owned(),
        payment_id: None,
        expires_at: *hold_expires_at,
    });
    Ok(())
}

pub(super) fn confirmed(
    hold_id: Uuid,
    tickets: &[HeldTicket],
    payment_id: Option<Uuid>,
    reinstated: bool,
    tables: &mut SalesTables,
) -> Result<(), FoldError> {
    for held in tickets {
        let tier_id = held.tier_id.uuid();
        let tier = expected(tables.tiers.get_mut(&tier_id), "tier", tier_id)?;
        tier.total_amount += 1;
        if !reinstated {
            tier.held -= 1;
        }
        let id = held.ticket_id.uuid();
        mark(id, "ACTIVE", "PAID", tables)?;
        expected(tables.tickets.get_mut(&id), "ticket", id)?.payment_id = payment_id;
    }
    let hold = expected(tables.holds.get_mut(&hold_id), "hold", hold_id)?;
    "CONFIRMED".clone_into(&mut hold.state);
    hold.payment_id = payment_id;
    Ok(())
}

pub(super) fn expired(
    hold_id: Uuid,
    tickets: &[HeldTicket],
    tables: &mut SalesTables,
) -> Result<(), FoldError> {
    for held in tickets {
        let tier_id = held.tier_id.uuid();
        expected(tables.tiers.get_mut(&tier_id), "tier", tier_id)?.held -= 1;
        mark(held.ticket_id.uuid(), "CANCELED", "CANCELED", tables)?;
    }
    let hold = expected(tables.holds.get_mut(&hold_id), "hold", hold_id)?;
    "EXPIRED".clone_into(&mut hold.state);
    Ok(())
}

fn mark(
    id: Uuid,
    ticket_status: &str,
    registration_status: &str,
    tables: &mut SalesTables,
) -> Result<(), FoldError> {
    let ticket = expected(tables.tickets.get_mut(&id), "ticket", id)?;
    ticket_status.clone_into(&mut ticket.status);
    let user_ticket = expected(tables.user_tickets.get_mut(&id), "user ticket", id)?;
    ticket_status.clone_into(&mut user_ticket.status);
    let registration = expected(tables.registrations.get_mut(&id), "registration", id)?;
    registration_status.clone_into(&mut registration.status);
    Ok(())
}
