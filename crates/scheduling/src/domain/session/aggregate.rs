use chrono::{DateTime, TimeDelta, Utc};
use eventsourcing::Decide;
use serde::{Deserialize, Serialize};
use values::{Money, PaymentId, SessionId, UserId};

use super::event::{CanceledBy, CancellationPolicy, Place, SessionEvent};
use super::{Acting, Hold, SessionCommand, SessionError};

/// How far the clocks of two machines may differ: a timer that fires so much early by ours
/// still ends the hold.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(5);

/// A session; nothing before it is held.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Session {
    held: Option<Held>,
}

/// A session from its hold on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Held {
    pub(super) session_id: SessionId,
    pub(super) state: SessionState,
    pub(super) place: Place,
    parent_id: UserId,
    price: Money,
    policy: CancellationPolicy,
    hold_expires_at: DateTime<Utc>,
    pub(super) payment_id: Option<PaymentId>,
    pub(super) rejected_payments: Vec<PaymentId>,
    refund_due: bool,
}

/// What became of a session.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::Display,
    strum::EnumIter,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SessionState {
    /// Holds its place, not paid.
    Pending,
    Paid,
    Completed,
    Canceled,
    /// The hold ran out.
    Expired,
}

impl Session {
    /// The session, `None` before it is held.
    pub fn held(&self) -> Option<&Held> {
        self.held.as_ref()
    }
}

impl Hold {
    /// Holds the place; what is free stands at once.
    fn decide(self) -> Result<Vec<SessionEvent>, SessionError> {
        if self.now >= self.place.time.from() {
            return Err(SessionError::Begun);
        }
        if !self.trainer_bookable {
            return Err(SessionError::TrainerNotBookable);
        }
        if let Some(child_id) = self.archived_child {
            return Err(SessionError::ChildArchived { child_id });
        }
        let price = self.price()?;
        let stands = (price.minor_units() == 0).then(|| SessionEvent::SessionPaid {
            session_id: self.session_id,
            slot: self.place.slot(),
            payment_id: None,
            paid_at: self.now,
        });
        let held = SessionEvent::SessionHeld {
            session_id: self.session_id,
            price,
            hold_expires_at: self.now + self.hold_for,
            held_at: self.now,
            place: self.place,
            local: self.local,
            parent_id: self.parent_id,
            policy: self.policy,
        };
        Ok([Some(held), stands].into_iter().flatten().collect())
    }

    /// By the hour for one child; the trainer's exact row for a group. A row from a time when the
    /// trainer charged in another currency is none any more.
    fn price(&self) -> Result<Money, SessionError> {
        let children = &self.place.child_ids;
        let is_distinct = |(i, child)| !children[..i].contains(child);
        if children.is_empty() || !children.iter().enumerate().all(is_distinct) {
            return Err(SessionError::ChildrenNotDistinct);
        }
        if children.len() == 1 {
            return self
                .price_per_hour
                .per_hour_for(self.place.time.minutes())
                .ok_or(SessionError::PriceTooLarge);
        }
        let currency = self.price_per_hour.currency_code();
        let row = self.group_price.as_ref();
        let row = row.filter(|price| price.currency_code() == currency);
        row.cloned().ok_or(SessionError::NoGroupPrice {
            participants: children.len(),
        })
    }
}

impl Held {
    /// What became of it.
    pub fn state(&self) -> SessionState {
        self.state
    }

    pub fn price(&self) -> &Money {
        &self.price
    }

    /// The rules for giving it up.
    pub fn policy(&self) -> CancellationPolicy {
        self.policy
    }

    /// When the hold runs out, or did.
    pub fn hold_expires_at(&self) -> DateTime<Utc> {
        self.hold_expires_at
    }

    /// The payment that paid for it.
    pub fn payment_id(&self) -> Option<PaymentId> {
        self.payment_id
    }

    /// Whether it was given up and its payment has to go back.
    pub fn refund_due(&self) -> bool {
        self.refund_due
    }

    fn canceled_by(&self, acting: Acting) -> Result<CanceledBy, SessionError> {
        match acting {
            Acting::Parent(id) if id == self.parent_id => Ok(CanceledBy::Parent),
            Acting::Trainer(id) if id == self.place.trainer_id => Ok(CanceledBy::Trainer),
            Acting::Admin => Ok(CanceledBy::Admin),
            Acting::Parent(_) | Acting::Trainer(_) => Err(SessionError::NotFound),
        }
    }

    /// What nothing brings back is left as it is; before its start a payment would bring back a
    /// session whose hold has run out.
    fn cancel(
        &self,
        acting: Acting,
        now: DateTime<Utc>,
    ) -> Result<Vec<SessionEvent>, SessionError> {
        let canceled_by = self.canceled_by(acting)?;
        let by_parent = canceled_by == CanceledBy::Parent;
        match self.state {
            SessionState::Canceled => return Ok(vec![]),
            SessionState::Expired if now >= self.place.time.from() => return Ok(vec![]),
            SessionState::Completed => return Err(SessionError::State { state: self.state }),
            SessionState::Paid if by_parent && now >= self.place.time.from() => {
                return Err(SessionError::Begun);
            }
            SessionState::Pending | SessionState::Paid | SessionState::Expired => {}
        }
        let late = self.policy.is_late(self.place.time.from(), now);
        let goes_back = !(by_parent && late);
        Ok(vec![SessionEvent::SessionCanceled {
            session_id: self.session_id,
            slot: self.place.slot(),
            freed: self.state != SessionState::Expired,
            canceled_by,
            late,
            refund_payment_id: self.payment_id.filter(|_| goes_back),
            canceled_at: now,
        }])
    }

    fn complete(
        &self,
        acting: Acting,
        now: DateTime<Utc>,
    ) -> Result<Vec<SessionEvent>, SessionError> {
        if self.canceled_by(acting)? == CanceledBy::Parent {
            return Err(SessionError::NotFound);
        }
        match self.state {
            SessionState::Completed => Ok(vec![]),
            SessionState::Paid if now < self.place.time.to() => Err(SessionError::NotOver),
            SessionState::Paid => Ok(vec![SessionEvent::SessionCompleted {
                session_id: self.session_id,
                trainer_id: self.place.trainer_id,
                starts_at: self.place.time.from(),
                completed_at: now,
            }]),
            state => Err(SessionError::State { state }),
        }
    }

    fn expire(&self, now: DateTime<Utc>) -> Result<Vec<SessionEvent>, SessionError> {
        match self.state {
            SessionState::Pending if now + CLOCK_TOLERANCE < self.hold_expires_at => {
                Err(SessionError::HoldRunning)
            }
            SessionState::Pending => Ok(vec![SessionEvent::SessionHoldExpired {
                session_id: self.session_id,
                slot: self.place.slot(),
                expired_at: now.max(self.hold_expires_at),
            }]),
            _ => Ok(vec![]),
        }
    }
}

impl Decide for Session {
    const TYPE: &'static str = "session";
    type Command = SessionCommand;
    type Event = SessionEvent;
    type Error = SessionError;

    fn decide(&self, command: SessionCommand) -> Result<Vec<SessionEvent>, SessionError> {
        let held = self.held.as_ref();
        if let SessionCommand::Hold(hold) = command {
            return match held {
                Some(_) => Err(SessionError::Exists),
                None => hold.decide(),
            };
        }
        let held = held.ok_or(SessionError::NotFound)?;
        match command {
            SessionCommand::Hold(_) => Err(SessionError::Exists),
            SessionCommand::Cancel { acting, now } => held.cancel(acting, now),
            SessionCommand::Complete { acting, now } => held.complete(acting, now),
            SessionCommand::ExpireHold { now } => held.expire(now),
            SessionCommand::Settle { payment_id, now } => Ok(held.settle(payment_id, now)),
            SessionCommand::RejectPayment { payment_id, now } => {
                Ok(held.reject_payment(payment_id, now))
            }
        }
    }

    fn apply(&mut self, event: SessionEvent) {
        match (event, &mut self.held) {
            (
                SessionEvent::SessionHeld {
                    session_id,
                    place,
                    parent_id,
                    price,
                    policy,
                    hold_expires_at,
                    ..
                },
                _,
            ) => {
                self.held = Some(Held {
                    session_id,
                    state: SessionState::Pending,
                    place,
                    parent_id,
                    price,
                    policy,
                    hold_expires_at,
                    payment_id: None,
                    rejected_payments: vec![],
                    refund_due: false,
                });
            }
            (event, Some(held)) => held.apply(&event),
            (_, None) => {}
        }
    }
}

impl Held {
    fn apply(&mut self, event: &SessionEvent) {
        match event {
            SessionEvent::SessionHeld { .. } => {}
            SessionEvent::SessionHoldExpired { .. } => self.state = SessionState::Expired,
            SessionEvent::SessionReinstated { .. } => self.state = SessionState::Pending,
            SessionEvent::SessionPaid { payment_id, .. } => {
                self.state = SessionState::Paid;
                self.payment_id = *payment_id;
            }
            SessionEvent::SessionCanceled {
                refund_payment_id, ..
            } => {
                self.state = SessionState::Canceled;
                self.refund_due = refund_payment_id.is_some();
            }
            SessionEvent::SessionCompleted { .. } => self.state = SessionState::Completed,
            SessionEvent::SessionPaymentRejected { payment_id, .. } => {
                self.rejected_payments.push(*payment_id);
            }
        }
    }
}
