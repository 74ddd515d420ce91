//! Everything that ticketing's own log says: events, tiers, tickets and registrations.

use eventsourcing::{AnyTable, Delivered, FoldError, Projection, Table, TableSet};
use uuid::Uuid;

use super::{
    listings,
    rows::{
        EventListing, EventRegistration, EventTicket, EventTrainer, Ticket, TicketHold, UserTicket,
    },
    tickets,
};
use crate::domain::{
    TicketingLogEvent,
    event::{EventEvent, HeldTicket},
};

/// Folds ticketing's own log.
pub struct Sales;

/// The tables that it writes.
#[derive(Default)]
pub struct SalesTables {
    pub(super) listings: Table<EventListing>,
    pub(super) trainers: Table<EventTrainer>,
    pub(super) tiers: Table<EventTicket>,
    pub(super) registrations: Table<EventRegistration>,
    pub(super) tickets: Table<Ticket>,
    pub(super) user_tickets: Table<UserTicket>,
    pub(super) holds: Table<TicketHold>,
}

impl TableSet for SalesTables {
    fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![
            &mut self.listings,
            &mut self.trainers,
            &mut self.tiers,
            &mut self.registrations,
            &mut self.tickets,
            &mut self.user_tickets,
            &mut self.holds,
        ]
    }
}

impl Projection for Sales {
    const NAME: &'static str = "sales";
    const FOLD_VERSION: i32 = 1;
    type Event = TicketingLogEvent;
    type Tables = SalesTables;

    fn key(&self, delivered: &Delivered<TicketingLogEvent>) -> String {
        delivered.aggregate_id.clone()
    }

    fn touch(&self, delivered: &Delivered<TicketingLogEvent>, tables: &mut SalesTables) {
        let TicketingLogEvent::Event(event) = &delivered.event;
        match event {
            EventEvent::EventPublished { event_id, .. } => {
                tables.listings.touch(event_id.uuid());
            }
            EventEvent::TicketsHeld { tickets, .. } => touch_tiers(tickets, tables),
            EventEvent::TicketsConfirmed {
                hold_id, tickets, ..
            }
            | EventEvent::TicketHoldExpired {
                hold_id, tickets, ..
            } => touch_hold(hold_id.uuid(), tickets, tables),
            EventEvent::EventCreated(_) | EventEvent::TicketPaymentRejected { .. } => {}
        }
    }

    fn fold(
        &self,
        delivered: &Delivered<TicketingLogEvent>,
        tables: &mut SalesTables,
    ) -> Result<(), FoldError> {
        let TicketingLogEvent::Event(event) = &delivered.event;
        match event {
            EventEvent::EventCreated(created) => listings::created(created, tables),
            EventEvent::EventPublished {
                event_id,
                published_at,
            } => listings::published(event_id.uuid(), *published_at, tables),
            EventEvent::TicketsHeld { .. } => tickets::held(event, tables),
            EventEvent::TicketsConfirmed {
                hold_id,
                tickets,
                payment_id,
                reinstated,
                ..
            } => {
                let payment = payment_id.map(crate::domain::PaymentId::uuid);
                tickets::confirmed(hold_id.uuid(), tickets, payment, *reinstated, tables)
            }
            EventEvent::TicketHoldExpired {
                hold_id, tickets, ..
            } => tickets::expired(hold_id.uuid(), tickets, tables),
            EventEvent::TicketPaymentRejected { .. } => Ok(()),
        }
    }
}

fn touch_tiers(tickets: &[HeldTicket], tables: &mut SalesTables) {
    for ticket in tickets {
        tables.tiers.touch(ticket.tier_id.uuid());
    }
}

fn touch_hold(hold_id: Uuid, tickets: &[HeldTicket], tables: &mut SalesTables) {
    tables.holds.touch(hold_id);
    touch_tiers(tickets, tables);
    for ticket in tickets {
        let id = ticket.ticket_id.uuid();
        tables.tickets.touch(id);
        tables.user_tickets.touch(id);
        tables.registrations.touch(id);
    }
}

/// A row that earlier events of the same log must have made.
pub(super) fn expected<T>(row: Option<T>, what: &str, id: Uuid) -> Result<T, FoldError> {
    row.ok_or_else(|| FoldError::missing(what, &id))
}
