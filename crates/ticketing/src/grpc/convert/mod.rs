//! Requests to commands, rows and facts to messages.

mod requests;
mod views;

pub(super) use requests::{
    caller, create_event, expire_ticket_hold, get_event, hold_tickets, list_events, list_tickets,
    location_id, publish_event, settle_ticket_hold,
};
pub(super) use views::{held_ticket, hold_state, money};
