//! The answers of `TicketService`.

use contracts::ticketing::v1 as pb;
use contracts::wire::{amount, money, optional_id, timestamp};
use values::{HoldId, PaymentId};

use crate::domain::camp::{Camp, CampEvent, HeldTicket};
use crate::projector::TicketRow;
use crate::query::HoldView;
use crate::wire::{hold_state, ticket_status};

pub fn held(_: &Camp, events: &[CampEvent]) -> pb::HoldTicketsResponse {
    let Some(CampEvent::TicketsHeld {
        hold_id,
        tickets,
        total,
        hold_expires_at,
        ..
    }) = events.first()
    else {
        return pb::HoldTicketsResponse::default();
    };
    let state = if total.is_zero() {
        pb::HoldState::Confirmed
    } else {
        pb::HoldState::Held
    };
    pb::HoldTicketsResponse {
        hold_id: hold_id.to_string(),
        tickets: tickets.iter().map(held_ticket).collect(),
        total: Some(money(total)),
        state: state.into(),
        hold_expires_at: Some(timestamp(*hold_expires_at)),
        position: None,
    }
}

fn held_ticket(ticket: &HeldTicket) -> pb::HeldTicket {
    pb::HeldTicket {
        ticket_id: ticket.ticket_id.to_string(),
        tier_id: ticket.tier_id.to_string(),
        child_id: ticket.child_id.to_string(),
        price: Some(money(&ticket.price)),
    }
}

pub fn expired(camp: &Camp, hold_id: HoldId) -> pb::ExpireTicketHoldResponse {
    pb::ExpireTicketHoldResponse {
        state: state_of(camp, hold_id),
        position: None,
    }
}

pub fn settled(
    camp: &Camp,
    hold_id: HoldId,
    payment_id: PaymentId,
) -> pb::SettleTicketHoldResponse {
    let outcome = if camp.is_paid_by(hold_id, payment_id) {
        pb::SettlementOutcome::Confirmed
    } else {
        pb::SettlementOutcome::Rejected
    };
    pb::SettleTicketHoldResponse {
        outcome: outcome.into(),
        state: state_of(camp, hold_id),
        position: None,
    }
}

fn state_of(camp: &Camp, hold_id: HoldId) -> i32 {
    let state = camp.hold_state(hold_id).map(hold_state);
    state.unwrap_or_default().into()
}

impl From<TicketRow> for pb::Ticket {
    fn from(row: TicketRow) -> Self {
        Self {
            ticket_id: row.id.to_string(),
            hold_id: row.hold_id.to_string(),
            user_id: row.user_id.to_string(),
            event_id: row.event_id.to_string(),
            tier_id: row.event_ticket_id.to_string(),
            r#type: row.r#type,
            child_id: row.child_id.to_string(),
            price: Some(amount(row.currency_code, row.price_minor_units)),
            status: ticket_status(row.status).into(),
            payment_id: optional_id(row.payment_id),
            hold_expires_at: Some(timestamp(row.hold_expires_at)),
            held_at: Some(timestamp(row.held_at)),
        }
    }
}

impl From<HoldView> for pb::TicketHold {
    fn from(HoldView { hold, tickets }: HoldView) -> Self {
        Self {
            hold_id: hold.id.to_string(),
            user_id: hold.user_id.to_string(),
            event_id: hold.event_id.to_string(),
            state: hold_state(hold.state).into(),
            total: Some(amount(hold.currency_code, hold.total_minor_units)),
            payment_id: optional_id(hold.payment_id),
            hold_expires_at: Some(timestamp(hold.expires_at)),
            held_at: Some(timestamp(hold.held_at)),
            tickets: tickets.into_iter().map(Into::into).collect(),
        }
    }
}
