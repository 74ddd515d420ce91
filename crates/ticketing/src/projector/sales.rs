//! Everything that follows from ticketing's own log: events, tiers, tickets and registrations.

use eventsourcing::{Delivered, FoldError, Keys, Projection};
use values::{HoldId, PaymentId};

use super::listings::{EventTrainerRow, ListingRow, TierRow};
use super::tickets::{HoldRow, RegistrationRow, RegistrationStatus, TicketRow, UserTicketRow};
use crate::domain::TicketingLogEvent;
use crate::domain::camp::{
    CampEvent, EventCreated, EventState, HeldTicket, HoldState, TicketStatus,
};

eventsourcing::tables! {
    pub struct SalesTables {
        listings: ListingRow,
        trainers: EventTrainerRow,
        tiers: TierRow,
        holds: HoldRow,
        tickets: TicketRow,
        user_tickets: UserTicketRow,
        registrations: RegistrationRow,
    }
}

/// Events and their sale, folded from ticketing's own log.
pub struct Sales;

impl Projection for Sales {
    const NAME: &'static str = "sales";
    const FOLD_VERSION: i32 = 2;
    type Event = TicketingLogEvent;
    type Tables = SalesTables;

    fn keys(&self, event: &Delivered<TicketingLogEvent>) -> Keys {
        Keys::one(&event.aggregate_id)
    }

    fn fold(
        &self,
        event: &Delivered<TicketingLogEvent>,
        tables: &mut SalesTables,
    ) -> Result<(), FoldError> {
        let TicketingLogEvent::Camp(event) = &event.event;
        match event {
            CampEvent::EventCreated(created) => drafted(created, tables),
            CampEvent::EventPublished {
                event_id,
                published_at,
            } => {
                let listing = tables.listings.get_mut(event_id);
                let listing = expected(listing, "event", event_id)?;
                listing.state = EventState::Published;
                listing.published_at = Some(*published_at);
                Ok(())
            }
            CampEvent::TicketsHeld {
                hold_id,
                event_id,
                parent_id,
                tickets,
                total,
                hold_expires_at,
                held_at,
            } => {
                let hold = HoldRow {
                    id: *hold_id,
                    event_id: *event_id,
                    user_id: *parent_id,
                    total_minor_units: total.minor_units(),
                    currency_code: total.currency_code().to_owned(),
                    state: HoldState::Held,
                    payment_id: None,
                    expires_at: *hold_expires_at,
                    held_at: *held_at,
                };
                let rows = each(tickets, |ticket| {
                    let tier = tables.tiers.get_mut(&ticket.tier_id);
                    let tier = expected(tier, "tier", &ticket.tier_id)?;
                    tier.held += 1;
                    let ticket = TicketRow::pending(ticket, &hold, &tier.r#type);
                    tables.user_tickets.insert(UserTicketRow::of(&ticket));
                    let registration = RegistrationRow::pending(&ticket);
                    tables.registrations.insert(registration);
                    tables.tickets.insert(ticket);
                    Ok(())
                });
                tables.holds.insert(hold);
                rows
            }
            CampEvent::TicketsConfirmed {
                hold_id,
                tickets,
                payment_id,
                reinstated,
                ..
            } => {
                let hold = settle(*hold_id, HoldState::Confirmed, *payment_id, tables);
                let tickets = each(tickets, |ticket| {
                    let sold = Sold::find(ticket, tables)?;
                    sold.tier.total_amount += 1;
                    if !reinstated {
                        sold.tier.held -= 1;
                    }
                    sold.ticket.payment_id = *payment_id;
                    sold.mark(TicketStatus::Active, RegistrationStatus::Paid);
                    Ok(())
                });
                hold.and(tickets)
            }
            CampEvent::TicketHoldExpired {
                hold_id, tickets, ..
            } => {
                let hold = settle(*hold_id, HoldState::Expired, None, tables);
                let tickets = each(tickets, |ticket| {
                    let sold = Sold::find(ticket, tables)?;
                    sold.tier.held -= 1;
                    sold.mark(TicketStatus::Canceled, RegistrationStatus::Canceled);
                    Ok(())
                });
                hold.and(tickets)
            }
            CampEvent::TicketPaymentRejected { .. } => Ok(()),
        }
    }
}

fn drafted(created: &EventCreated, tables: &mut SalesTables) -> Result<(), FoldError> {
    let event_id = created.event_id;
    tables.listings.insert(ListingRow::drafted(created)?);
    for trainer_id in created.draft.trainer_ids.iter().copied() {
        tables.trainers.insert(EventTrainerRow {
            event_id,
            trainer_id,
        });
    }
    for (ordinal, tier) in (0..).zip(&created.draft.tiers) {
        let tier = TierRow::unsold(event_id, ordinal, tier)?;
        tables.tiers.insert(tier);
    }
    Ok(())
}

fn settle(
    id: HoldId,
    state: HoldState,
    payment_id: Option<PaymentId>,
    tables: &mut SalesTables,
) -> Result<(), FoldError> {
    let hold = expected(tables.holds.get_mut(&id), "hold", &id)?;
    hold.state = state;
    hold.payment_id = payment_id;
    Ok(())
}

/// The rows of a ticket, and that of its tier.
struct Sold<'a> {
    tier: &'a mut TierRow,
    ticket: &'a mut TicketRow,
    user_ticket: &'a mut UserTicketRow,
    registration: &'a mut RegistrationRow,
}

impl<'a> Sold<'a> {
    /// Looks for all of them before it says that one is missing.
    fn find(ticket: &HeldTicket, tables: &'a mut SalesTables) -> Result<Self, FoldError> {
        let (id, tier_id) = (ticket.ticket_id, ticket.tier_id);
        let tier = tables.tiers.get_mut(&tier_id);
        let ticket = tables.tickets.get_mut(&id);
        let user_ticket = tables.user_tickets.get_mut(&id);
        let registration = tables.registrations.get_mut(&id);
        Ok(Self {
            tier: expected(tier, "tier", &tier_id)?,
            ticket: expected(ticket, "ticket", &id)?,
            user_ticket: expected(user_ticket, "user ticket", &id)?,
            registration: expected(registration, "registration", &id)?,
        })
    }

    fn mark(self, ticket: TicketStatus, registration: RegistrationStatus) {
        self.ticket.status = ticket;
        self.user_ticket.status = ticket;
        self.registration.status = registration;
    }
}

/// Folds every ticket, also after one whose rows are not there: all rows that an event changes are
/// looked for at once, and so loaded at once.
fn each(
    tickets: &[HeldTicket],
    fold: impl FnMut(&HeldTicket) -> Result<(), FoldError>,
) -> Result<(), FoldError> {
    tickets.iter().map(fold).fold(Ok(()), Result::and)
}

/// A row that earlier events of the same log must have made.
fn expected<T>(row: Option<T>, what: &str, id: &impl ToString) -> Result<T, FoldError> {
    row.ok_or_else(|| FoldError::missing(what, id))
}
