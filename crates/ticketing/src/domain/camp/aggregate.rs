use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use eventsourcing::Decide;
use serde::{Deserialize, Serialize};
use values::{ChildId, EventId, HoldId, Money, PaymentId, TierId, text};

use super::{CampCommand, CampError, CampEvent, Draft, EventCreated, HeldTicket, HoldState};

/// An event and its sale.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Camp {
    /// What its sale goes by; `None` before it is drafted.
    terms: Option<Terms>,
    published: bool,
    /// Places sold and held over all tiers.
    pub(super) taken: u32,
    pub(super) tiers: HashMap<TierId, TierSale>,
    /// The hold by which a child takes part.
    pub(super) registrations: HashMap<ChildId, HoldId>,
    pub(super) holds: HashMap<HoldId, TicketHold>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Terms {
    pub event_id: EventId,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub max_participants: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct TierSale {
    pub price: Money,
    pub capacity: u32,
    /// Places sold and held.
    pub taken: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct TicketHold {
    pub tickets: Vec<HeldTicket>,
    pub expires_at: DateTime<Utc>,
    pub state: HoldState,
    /// The payment that paid for it.
    pub payment: Option<PaymentId>,
    /// The payments for it that have to go back.
    pub rejected: Vec<PaymentId>,
}

impl Camp {
    /// How far a hold is; `None` if the event has no hold of that id.
    pub fn hold_state(&self, hold_id: HoldId) -> Option<HoldState> {
        self.holds.get(&hold_id).map(|hold| hold.state)
    }

    /// Whether this payment is the one that paid for the hold.
    pub fn is_paid_by(&self, hold_id: HoldId, payment_id: PaymentId) -> bool {
        self.holds
            .get(&hold_id)
            .is_some_and(|hold| hold.payment == Some(payment_id))
    }

    pub(super) fn is_on_sale(&self, terms: &Terms, now: DateTime<Utc>) -> bool {
        self.published && now < terms.starts_at
    }
}

impl Decide for Camp {
    const TYPE: &'static str = "event";
    type Command = CampCommand;
    type Event = CampEvent;
    type Error = CampError;

    fn decide(&self, command: CampCommand) -> Result<Vec<CampEvent>, CampError> {
        let Some(terms) = &self.terms else {
            return match command {
                CampCommand::Create {
                    event_id,
                    draft,
                    now,
                } => created(event_id, *draft, now).map(|event| vec![event]),
                _ => Err(CampError::NotFound),
            };
        };
        match command {
            CampCommand::Create { .. } => Ok(vec![]),
            CampCommand::Publish { .. } if self.published => Ok(vec![]),
            CampCommand::Publish { now } if terms.starts_at <= now => Err(CampError::Past),
            CampCommand::Publish { now } => Ok(vec![CampEvent::EventPublished {
                event_id: terms.event_id,
                published_at: now,
            }]),
            CampCommand::Hold(hold) => self.hold(terms, hold),
            CampCommand::ExpireHold { hold_id, now } => self.expire(terms, hold_id, now),
            CampCommand::SettleHold {
                hold_id,
                payment_id,
                now,
            } => self.settle(terms, hold_id, payment_id, now),
        }
    }

    fn apply(&mut self, event: CampEvent) {
        match event {
            CampEvent::EventCreated(created) => self.drafted(*created),
            CampEvent::EventPublished { .. } => self.published = true,
            CampEvent::TicketsHeld {
                hold_id,
                tickets,
                hold_expires_at,
                ..
            } => {
                self.take(hold_id, &tickets);
                let hold = TicketHold {
                    tickets,
                    expires_at: hold_expires_at,
                    state: HoldState::Held,
                    payment: None,
                    rejected: vec![],
                };
                self.holds.insert(hold_id, hold);
            }
            CampEvent::TicketsConfirmed {
                hold_id,
                tickets,
                payment_id,
                reinstated,
                ..
            } => {
                if reinstated {
                    self.take(hold_id, &tickets);
                }
                if let Some(hold) = self.holds.get_mut(&hold_id) {
                    hold.state = HoldState::Confirmed;
                    hold.payment = payment_id;
                }
            }
            CampEvent::TicketHoldExpired {
                hold_id, tickets, ..
            } => {
                self.free(&tickets);
                if let Some(hold) = self.holds.get_mut(&hold_id) {
                    hold.state = HoldState::Expired;
                }
            }
            CampEvent::TicketPaymentRejected {
                hold_id,
                payment_id,
                ..
            } => {
                if let Some(hold) = self.holds.get_mut(&hold_id) {
                    hold.rejected.push(payment_id);
                }
            }
        }
    }
}

fn created(event_id: EventId, draft: Draft, now: DateTime<Utc>) -> Result<CampEvent, CampError> {
    let mut names = HashSet::new();
    for tier in &draft.tiers {
        if !names.insert(text::unique_key(&tier.name)) {
            return Err(CampError::TierNameTaken(tier.name.clone()));
        }
    }
    let (starts, ends) = (
        draft.days.iter().map(|day| day.starts_at).min(),
        draft.days.iter().map(|day| day.ends_at).max(),
    );
    Ok(CampEvent::EventCreated(Box::new(EventCreated {
        event_id,
        draft,
        starts_at: starts.unwrap_or(now),
        ends_at: ends.unwrap_or(now),
        created_at: now,
    })))
}

impl Camp {
    fn drafted(&mut self, created: EventCreated) {
        self.terms = Some(Terms {
            event_id: created.event_id,
            starts_at: created.starts_at,
            ends_at: created.ends_at,
            max_participants: created.draft.max_participants,
        });
        for tier in created.draft.tiers {
            let sale = TierSale {
                price: tier.price,
                capacity: tier.capacity,
                taken: 0,
            };
            self.tiers.insert(tier.tier_id, sale);
        }
    }

    fn take(&mut self, hold_id: HoldId, tickets: &[HeldTicket]) {
        for ticket in tickets {
            self.taken += 1;
            self.registrations.insert(ticket.child_id, hold_id);
            if let Some(tier) = self.tiers.get_mut(&ticket.tier_id) {
                tier.taken += 1;
            }
        }
    }

    fn free(&mut self, tickets: &[HeldTicket]) {
        for ticket in tickets {
            self.taken = self.taken.saturating_sub(1);
            self.registrations.remove(&ticket.child_id);
            if let Some(tier) = self.tiers.get_mut(&ticket.tier_id) {
                tier.taken = tier.taken.saturating_sub(1);
            }
        }
    }
}
