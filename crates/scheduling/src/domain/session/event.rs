use chrono::{DateTime, TimeDelta, Utc};
use eventsourcing::{Claim, ClaimChange, ClaimingEvent, DomainEvent};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Interval, LocalTimes, Money};

/// The scope of the claim on a slot.
pub const SLOT_SCOPE: &str = "slot";
/// The scope of the claim on a trainer's time.
pub const TRAINER_SCOPE: &str = "trainer";
/// The scope of the claims on the children's time.
pub const CHILD_SCOPE: &str = "child";

/// What happened to a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, strum::IntoStaticStr)]
pub enum SessionEvent {
    /// It holds its slot.
    SessionHeld {
        /// The slot, the trainer and the children.
        place: Place,
        /// What the clock at the location shows.
        local: LocalTimes,
        /// Who booked.
        parent_id: Uuid,
        /// What has to be paid.
        price: Money,
        /// The rules for giving it up.
        policy: CancellationPolicy,
        /// When the hold runs out.
        hold_expires_at: DateTime<Utc>,
        /// When.
        held_at: DateTime<Utc>,
    },
    /// The hold ran out; the place is free again.
    SessionHoldExpired {
        /// What it had.
        place: Place,
        /// When.
        expired_at: DateTime<Utc>,
    },
    /// After the hold ran out it got its place back; its payment follows.
    SessionReinstated {
        /// What it has again.
        place: Place,
        /// When.
        reinstated_at: DateTime<Utc>,
    },
    /// It was paid for, or is free, and stands.
    SessionPaid {
        /// What it has.
        place: Place,
        /// The payment; none when it is free.
        payment_id: Option<Uuid>,
        /// When.
        paid_at: DateTime<Utc>,
    },
    /// It was given up.
    SessionCanceled {
        /// What it had.
        place: Place,
        /// Whether it had its place until now; not if the hold had run out.
        freed: bool,
        /// By whom.
        canceled_by: CanceledBy,
        /// Whether it was later than the policy allows a parent.
        late: bool,
        /// The payment that goes back.
        refund_payment_id: Option<Uuid>,
        /// When.
        canceled_at: DateTime<Utc>,
    },
    /// It took place.
    SessionCompleted {
        /// What it had.
        place: Place,
        /// When that was said.
        completed_at: DateTime<Utc>,
    },
    /// A payment for it goes back: its place is gone, it was given up, or it is paid.
    SessionPaymentRejected {
        /// The payment.
        payment_id: Uuid,
        /// When.
        rejected_at: DateTime<Utc>,
    },
}

/// What a session claims.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The window of the slot.
    pub schedule_id: Uuid,
    /// The slot.
    pub slot_id: Uuid,
    /// The trainer.
    pub trainer_id: Uuid,
    /// Where.
    pub location_id: Uuid,
    /// The children, distinct, the main child first.
    pub child_ids: Vec<Uuid>,
    /// From when to when.
    pub time: Interval,
}

impl Place {
    fn claims(&self) -> Vec<Claim> {
        let interval = |scope, id: &Uuid| Claim::Interval {
            scope,
            key: id.to_string(),
            from: self.time.from(),
            to: self.time.to(),
        };
        let slot = Claim::Unique {
            scope: SLOT_SCOPE,
            key: self.slot_id.to_string(),
        };
        let trainer = interval(TRAINER_SCOPE, &self.trainer_id);
        let children = self.child_ids.iter().map(|id| interval(CHILD_SCOPE, id));
        [slot, trainer].into_iter().chain(children).collect()
    }
}

/// The rules for giving a session up, as they were when it was booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancellationPolicy {
    /// Whole hours before the start until which a parent gets everything back.
    pub notice_hours: u32,
}

impl CancellationPolicy {
    /// Whether it is too late to get the money of a session that starts then back.
    pub fn is_late(&self, starts_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        now > starts_at - TimeDelta::hours(i64::from(self.notice_hours))
    }
}

/// On whose behalf a session was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CanceledBy {
    /// The parent's.
    Parent,
    /// The trainer's.
    Trainer,
    /// An admin's.
    Admin,
}

impl DomainEvent for SessionEvent {
    fn event_type(&self) -> String {
        <&str>::from(self).to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl ClaimingEvent for SessionEvent {
    fn claims(&self, _aggregate_id: &str) -> Vec<ClaimChange> {
        match self {
            Self::SessionHeld { place, .. } | Self::SessionReinstated { place, .. } => place
                .claims()
                .into_iter()
                .map(ClaimChange::Acquire)
                .collect(),
            Self::SessionHoldExpired { place, .. }
            | Self::SessionCanceled {
                place, freed: true, ..
            } => place
                .claims()
                .into_iter()
                .map(ClaimChange::Release)
                .collect(),
            Self::SessionCanceled { freed: false, .. }
            | Self::SessionPaid { .. }
            | Self::SessionCompleted { .. }
            | Self::SessionPaymentRejected { .. } => vec![],
        }
    }
}
