//! Who gets the places: holds, their end and their payments. Payments arrive late, twice, or side
//! by side; none of that is refused.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use values::{HoldId, Money, PaymentId, TierId};

use super::aggregate::{Terms, TicketHold};
use super::{Camp, CampError, CampEvent, HeldTicket, Hold, HoldState, Line};

impl Camp {
    /// Takes every place that is asked for or none; tickets that cost nothing stand at once.
    pub(super) fn hold(&self, terms: &Terms, asked: Hold) -> Result<Vec<CampEvent>, CampError> {
        let Hold {
            hold_id,
            parent_id,
            lines,
            archived_child,
            hold_for,
            now,
        } = asked;
        if self.holds.contains_key(&hold_id) {
            return Ok(vec![]);
        }
        if let Some(child_id) = archived_child {
            return Err(CampError::ChildArchived(child_id));
        }
        if !self.is_on_sale(terms, now) {
            return Err(CampError::NotOnSale);
        }
        let tickets = lines.into_iter().map(|line| self.ticket(line));
        let tickets = tickets.collect::<Result<Vec<_>, _>>()?;
        self.fits(terms, &tickets)?;

        let event_id = terms.event_id;
        let prices = tickets.iter().map(|ticket| &ticket.price);
        let total = Money::sum(prices).ok_or(CampError::NoTotal)?;
        let confirmed = total.is_zero().then(|| CampEvent::TicketsConfirmed {
            hold_id,
            event_id,
            tickets: tickets.clone(),
            payment_id: None,
            reinstated: false,
            confirmed_at: now,
        });
        let held = CampEvent::TicketsHeld {
            hold_id,
            event_id,
            parent_id,
            tickets,
            total,
            hold_expires_at: now + hold_for,
            held_at: now,
        };
        Ok(std::iter::once(held).chain(confirmed).collect())
    }

    /// Gives the places of a hold back. It is due when its timer says so: a clock that runs behind
    /// the timer's must not keep the places for ever.
    pub(super) fn expire(
        &self,
        terms: &Terms,
        hold_id: HoldId,
        now: DateTime<Utc>,
    ) -> Result<Vec<CampEvent>, CampError> {
        let hold = self.find(hold_id)?;
        Ok(match hold.state {
            HoldState::Confirmed | HoldState::Expired => vec![],
            HoldState::Held => vec![CampEvent::TicketHoldExpired {
                hold_id,
                event_id: terms.event_id,
                tickets: hold.tickets.clone(),
                expired_at: now.max(hold.expires_at),
            }],
        })
    }

    /// Pays for a hold; takes its places again after it ran out, if they are free and the event is
    /// not over; rejects any other payment.
    pub(super) fn settle(
        &self,
        terms: &Terms,
        hold_id: HoldId,
        payment_id: PaymentId,
        now: DateTime<Utc>,
    ) -> Result<Vec<CampEvent>, CampError> {
        let hold = self.find(hold_id)?;
        if hold.payment == Some(payment_id) || hold.rejected.contains(&payment_id) {
            return Ok(vec![]);
        }
        let event_id = terms.event_id;
        let confirmed = |reinstated| CampEvent::TicketsConfirmed {
            hold_id,
            event_id,
            tickets: hold.tickets.clone(),
            payment_id: Some(payment_id),
            reinstated,
            confirmed_at: now,
        };
        let reinstates = now < terms.ends_at && self.fits(terms, &hold.tickets).is_ok();
        Ok(vec![match hold.state {
            HoldState::Held => confirmed(false),
            HoldState::Expired if reinstates => confirmed(true),
            HoldState::Expired | HoldState::Confirmed => CampEvent::TicketPaymentRejected {
                hold_id,
                event_id,
                payment_id,
                rejected_at: now,
            },
        }])
    }

    fn find(&self, hold_id: HoldId) -> Result<&TicketHold, CampError> {
        let hold = self.holds.get(&hold_id);
        hold.ok_or(CampError::HoldNotFound(hold_id))
    }

    fn ticket(&self, line: Line) -> Result<HeldTicket, CampError> {
        let tier = self.tiers.get(&line.tier_id);
        let tier = tier.ok_or(CampError::TierNotFound(line.tier_id))?;
        Ok(HeldTicket {
            ticket_id: line.ticket_id,
            tier_id: line.tier_id,
            child_id: line.child_id,
            price: tier.price.clone(),
        })
    }

    /// Whether all of the tickets can be taken: no child twice, no tier nor the event overfull.
    fn fits(&self, terms: &Terms, tickets: &[HeldTicket]) -> Result<(), CampError> {
        let mut children = HashSet::with_capacity(tickets.len());
        let mut asked: HashMap<TierId, u32> = HashMap::with_capacity(tickets.len());
        for ticket in tickets {
            let HeldTicket {
                tier_id, child_id, ..
            } = *ticket;
            if self.registrations.contains_key(&child_id) || !children.insert(child_id) {
                return Err(CampError::ChildRegistered(child_id));
            }
            let asked = asked.entry(tier_id).or_default();
            *asked += 1;
            let tier = self.tiers.get(&tier_id);
            let tier = tier.ok_or(CampError::TierNotFound(tier_id))?;
            if *asked > tier.capacity.saturating_sub(tier.taken) {
                return Err(CampError::TierSoldOut(tier_id));
            }
        }
        let left = terms.max_participants.saturating_sub(self.taken);
        if tickets.len() > left as usize {
            return Err(CampError::SoldOut);
        }
        Ok(())
    }
}
