//! How an event decides, and what it remembers.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use cqrs_es::{Aggregate, event_sink::EventSink};
use serde::{Deserialize, Serialize};

use super::{
    command::{CreateEvent, EventCommand, HoldTickets, NewTier},
    error::EventError,
    event::{EventCreated, EventEvent, HeldTicket, Tier},
};
use crate::domain::{ChildId, EventId, HoldId, Money, PaymentId, TierId};

/// An event and its sale.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Event {
    /// What was drafted; nothing before that.
    draft: Option<Draft>,
    published: bool,
    /// Places sold and held over all tiers.
    taken: u32,
    tiers: HashMap<TierId, TierSale>,
    /// The hold by which a child takes part.
    registrations: HashMap<ChildId, HoldId>,
    holds: HashMap<HoldId, Hold>,
}

/// How far a hold is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldState {
    /// It waits for its payment.
    Held,
    /// Its tickets stand.
    Confirmed,
    /// It ran out; its places are free again.
    Expired,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Draft {
    event_id: EventId,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    max_participants: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct TierSale {
    price: Money,
    capacity: u32,
    /// Places sold and held.
    taken: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Hold {
    tickets: Vec<HeldTicket>,
    expires_at: DateTime<Utc>,
    state: HoldState,
    /// What paid for it.
    payment: Option<PaymentId>,
    /// Payments that came for it in vain.
    rejected: Vec<PaymentId>,
}

impl Aggregate for Event {
    const TYPE: &'static str = "event";
    type Command = EventCommand;
    type Event = EventEvent;
    type Error = EventError;
    type Services = ();

    async fn handle(
        &mut self,
        command: EventCommand,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), EventError> {
        for event in self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: EventEvent) {
        match event {
            EventEvent::EventCreated(created) => self.drafted(*created),
            EventEvent::EventPublished { .. } => self.published = true,
            EventEvent::TicketsHeld {
                hold_id,
                tickets,
                hold_expires_at,
                ..
            } => {
                self.take(hold_id, &tickets);
                let hold = Hold {
                    tickets,
                    expires_at: hold_expires_at,
                    state: HoldState::Held,
                    payment: None,
                    rejected: Vec::new(),
                };
                self.holds.insert(hold_id, hold);
            }
            EventEvent::TicketsConfirmed {
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
            EventEvent::TicketHoldExpired {
                hold_id, tickets, ..
            } => {
                self.free(&tickets);
                if let Some(hold) = self.holds.get_mut(&hold_id) {
                    hold.state = HoldState::Expired;
                }
            }
            EventEvent::TicketPaymentRejected {
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

/// What answers are made of.
impl Event {
    /// How far a hold is; `None` if the event has none by that id.
    pub fn hold_state(&self, hold_id: HoldId) -> Option<HoldState> {
        self.holds.get(&hold_id).map(|hold| hold.state)
    }

    /// Whether this payment is the one that paid for the hold.
    pub fn is_paid_by(&self, hold_id: HoldId, payment_id: PaymentId) -> bool {
        self.holds
            .get(&hold_id)
            .is_some_and(|hold| hold.payment == Some(payment_id))
    }
}

/// The decisions.
impl Event {
    fn decide(&self, command: EventCommand) -> Result<Vec<EventEvent>, EventError> {
        let Some(draft) = &self.draft else {
            return match command {
                EventCommand::Create(create) => Ok(vec![created(*create)?]),
                _ => Err(EventError::NotFound),
            };
        };
        match command {
            EventCommand::Create(_) => Ok(Vec::new()),
            EventCommand::Publish { .. } if self.published => Ok(Vec::new()),
            EventCommand::Publish { at } => Ok(vec![EventEvent::EventPublished {
                event_id: draft.event_id,
                published_at: at,
            }]),
            EventCommand::Hold(request) => self.hold(draft, request),
            EventCommand::ExpireHold { hold_id, at } => self.expire(draft, hold_id, at),
            EventCommand::SettleHold {
                hold_id,
                payment_id,
                at,
            } => self.settle(draft, hold_id, payment_id, at),
        }
    }

    fn hold(&self, draft: &Draft, request: HoldTickets) -> Result<Vec<EventEvent>, EventError> {
        let HoldTickets {
            hold_id,
            parent_id,
            lines,
            expires_at,
            at,
        } = request;
        if self.holds.contains_key(&hold_id) {
            return Ok(Vec::new());
        }
        if !self.published || at >= draft.starts_at {
            return Err(EventError::NotOnSale);
        }
        let tickets = lines
            .into_iter()
            .map(|line| {
                let tier = self
                    .tiers
                    .get(&line.tier_id)
                    .ok_or(EventError::TierNotFound(line.tier_id))?;
                Ok(HeldTicket {
                    ticket_id: line.ticket_id,
                    tier_id: line.tier_id,
                    child_id: line.child_id,
                    price: tier.price.clone(),
                })
            })
            .collect::<Result<Vec<_>, EventError>>()?;
        self.fits(draft, &tickets)?;

        let event_id = draft.event_id;
        let total = total(&tickets);
        let confirmed = total.is_zero().then(|| EventEvent::TicketsConfirmed {
            hold_id,
            event_id,
            tickets: tickets.clone(),
            payment_id: None,
            reinstated: false,
            confirmed_at: at,
        });
        let held = EventEvent::TicketsHeld {
            hold_id,
            event_id,
            parent_id,
            tickets,
            total,
            hold_expires_at: expires_at,
            held_at: at,
        };
        Ok(std::iter::once(held).chain(confirmed).collect())
    }

    /// The timer of the hold is what says that it is due; a clock that runs behind the timer's
    /// must not keep the places for ever.
    fn expire(
        &self,
        draft: &Draft,
        hold_id: HoldId,
        at: DateTime<Utc>,
    ) -> Result<Vec<EventEvent>, EventError> {
        let hold = self
            .holds
            .get(&hold_id)
            .ok_or(EventError::HoldNotFound(hold_id))?;
        match hold.state {
            HoldState::Confirmed | HoldState::Expired => Ok(Vec::new()),
            HoldState::Held => Ok(vec![EventEvent::TicketHoldExpired {
                hold_id,
                event_id: draft.event_id,
                tickets: hold.tickets.clone(),
                expired_at: at.max(hold.expires_at),
            }]),
        }
    }

    fn settle(
        &self,
        draft: &Draft,
        hold_id: HoldId,
        payment_id: PaymentId,
        at: DateTime<Utc>,
    ) -> Result<Vec<EventEvent>, EventError> {
        let hold = self
            .holds
            .get(&hold_id)
            .ok_or(EventError::HoldNotFound(hold_id))?;
        if hold.payment == Some(payment_id) || hold.rejected.contains(&payment_id) {
            return Ok(Vec::new());
        }
        let event_id = draft.event_id;
        let confirmed = |reinstated| EventEvent::TicketsConfirmed {
            hold_id,
            event_id,
            tickets: hold.tickets.clone(),
            payment_id: Some(payment_id),
            reinstated,
            confirmed_at: at,
        };
        let reinstates = at < draft.ends_at && self.fits(draft, &hold.tickets).is_ok();
        Ok(vec![match hold.state {
            HoldState::Held => confirmed(false),
            HoldState::Expired if reinstates => confirmed(true),
            HoldState::Expired | HoldState::Confirmed => EventEvent::TicketPaymentRejected {
                hold_id,
                event_id,
                payment_id,
                rejected_at: at,
            },
        }])
    }

    /// Whether all of the tickets can be taken: no child twice, no tier nor the event overfull.
    fn fits(&self, draft: &Draft, tickets: &[HeldTicket]) -> Result<(), EventError> {
        let mut children = HashSet::with_capacity(tickets.len());
        let mut asked: HashMap<TierId, u32> = HashMap::with_capacity(tickets.len());
        for ticket in tickets {
            if self.registrations.contains_key(&ticket.child_id)
                || !children.insert(ticket.child_id)
            {
                return Err(EventError::ChildRegistered(ticket.child_id));
            }
            let asked = asked.entry(ticket.tier_id).or_default();
            *asked += 1;
            let tier = self
                .tiers
                .get(&ticket.tier_id)
                .ok_or(EventError::TierNotFound(ticket.tier_id))?;
            if *asked > tier.capacity.saturating_sub(tier.taken) {
                return Err(EventError::TierSoldOut(ticket.tier_id));
            }
        }
        if tickets.len() > draft.max_participants.saturating_sub(self.taken) as usize {
            return Err(EventError::SoldOut);
        }
        Ok(())
    }
}

/// What events change.
impl Event {
    fn drafted(&mut self, created: EventCreated) {
        self.draft = Some(Draft {
            event_id: created.event_id,
            starts_at: created.starts_at,
            ends_at: created.ends_at,
            max_participants: created.max_participants,
        });
        self.tiers = created
            .tiers
            .into_iter()
            .map(
                |Tier {
                     tier_id,
                     price,
                     capacity,
                     name: _,
                 }| {
                    (
                        tier_id,
                        TierSale {
                            price,
                            capacity,
                            taken: 0,
                        },
                    )
                },
            )
            .collect();
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

fn created(create: CreateEvent) -> Result<EventEvent, EventError> {
    let mut names = HashSet::new();
    for tier in &create.tiers {
        if !names.insert(tier.name.to_lowercase()) {
            return Err(EventError::TierNameTaken(tier.name.clone()));
        }
    }
    let CreateEvent {
        event_id,
        title,
        description,
        event_type,
        location_id,
        time_zone,
        ..
    } = create;
    let starts_at = create
        .days
        .iter()
        .map(|day| day.starts_at)
        .min()
        .unwrap_or(create.at);
    let ends_at = create
        .days
        .iter()
        .map(|day| day.ends_at)
        .max()
        .unwrap_or(create.at);
    Ok(EventEvent::EventCreated(Box::new(EventCreated {
        event_id,
        title,
        description,
        event_type,
        location_id,
        time_zone,
        start_date: create.start_date,
        end_date: create.end_date,
        start_time: create.start_time,
        end_time: create.end_time,
        days: create.days,
        starts_at,
        ends_at,
        max_participants: create.max_participants,
        min_age: create.min_age,
        max_age: create.max_age,
        skill_levels: create.skill_levels,
        trainer_ids: create.trainer_ids,
        tiers: create
            .tiers
            .into_iter()
            .map(
                |NewTier {
                     tier_id,
                     name,
                     price,
                     capacity,
                 }| Tier {
                    tier_id,
                    name,
                    price,
                    capacity,
                },
            )
            .collect(),
        created_at: create.at,
    })))
}

/// The sum of the tickets' prices, which are all of one currency.
fn total(tickets: &[HeldTicket]) -> Money {
    Money {
        minor_units: tickets.iter().map(|ticket| ticket.price.minor_units).sum(),
        currency_code: tickets
            .first()
            .map_or_else(String::new, |ticket| ticket.price.currency_code.clone()),
    }
}
