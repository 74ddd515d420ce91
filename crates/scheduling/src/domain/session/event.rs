use chrono::{DateTime, TimeDelta, Utc};
use eventsourcing::{Claim, ClaimChange, ClaimingEvent, DomainEvent};
use serde::{Deserialize, Serialize};
use values::{
    ChildId, Interval, LocalTimes, LocationId, Money, PaymentId, ScheduleId, SessionId, SlotId,
    TrainerId, UserId,
};

/// The scope of the claim on a slot.
pub const SLOT_SCOPE: &str = "slot";
/// The scope of the claim on a trainer's time.
pub const TRAINER_SCOPE: &str = "trainer";
/// The scope of the claims on the children's time.
pub const CHILD_SCOPE: &str = "child";

/// What happened to a session.
#[derive(
    Debug, Clone, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames,
)]
pub enum SessionEvent {
    /// It holds its slot.
    SessionHeld {
        session_id: SessionId,
        /// The slot, the trainer and the children.
        place: Place,
        /// What the clock at the location shows.
        local: LocalTimes,
        /// The parent who booked.
        parent_id: UserId,
        /// What has to be paid.
        price: Money,
        /// The rules for giving it up.
        policy: CancellationPolicy,
        hold_expires_at: DateTime<Utc>,
        held_at: DateTime<Utc>,
    },
    /// The hold ran out; the place is free again.
    SessionHoldExpired {
        session_id: SessionId,
        slot: BookedSlot,
        expired_at: DateTime<Utc>,
    },
    /// After the hold ran out it got its place back; its payment follows.
    SessionReinstated {
        session_id: SessionId,
        place: Place,
        reinstated_at: DateTime<Utc>,
    },
    /// It was paid for, or is free of charge, and stands.
    SessionPaid {
        session_id: SessionId,
        slot: BookedSlot,
        /// The payment; none when it is free of charge.
        payment_id: Option<PaymentId>,
        paid_at: DateTime<Utc>,
    },
    /// It was given up.
    SessionCanceled {
        session_id: SessionId,
        slot: BookedSlot,
        /// Whether it had its place until now; it had not if the hold had run out.
        freed: bool,
        canceled_by: CanceledBy,
        /// Whether it was later than the policy allows a parent.
        late: bool,
        /// The payment that goes back.
        refund_payment_id: Option<PaymentId>,
        canceled_at: DateTime<Utc>,
    },
    SessionCompleted {
        session_id: SessionId,
        trainer_id: TrainerId,
        starts_at: DateTime<Utc>,
        completed_at: DateTime<Utc>,
    },
    /// A payment for it goes back: its place is gone, it was given up, or it is paid.
    SessionPaymentRejected {
        session_id: SessionId,
        payment_id: PaymentId,
        rejected_at: DateTime<Utc>,
    },
}

impl SessionEvent {
    /// The session that it happened to.
    pub fn session_id(&self) -> SessionId {
        match self {
            Self::SessionHeld { session_id, .. }
            | Self::SessionHoldExpired { session_id, .. }
            | Self::SessionReinstated { session_id, .. }
            | Self::SessionPaid { session_id, .. }
            | Self::SessionCanceled { session_id, .. }
            | Self::SessionCompleted { session_id, .. }
            | Self::SessionPaymentRejected { session_id, .. } => *session_id,
        }
    }
}

/// A slot, and the window that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedSlot {
    pub schedule_id: ScheduleId,
    pub slot_id: SlotId,
}

/// What a session claims.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    pub schedule_id: ScheduleId,
    pub slot_id: SlotId,
    pub trainer_id: TrainerId,
    pub location_id: LocationId,
    /// The children, distinct, the main child first.
    pub child_ids: Vec<ChildId>,
    pub time: Interval,
}

impl Place {
    /// The slot of it.
    pub fn slot(&self) -> BookedSlot {
        BookedSlot {
            schedule_id: self.schedule_id,
            slot_id: self.slot_id,
        }
    }

    fn claims(&self) -> Vec<Claim> {
        let interval = |scope, key: String| Claim::Interval {
            scope,
            key,
            from: self.time.from(),
            to: self.time.to(),
        };
        let slot = Claim::Unique {
            scope: SLOT_SCOPE,
            key: self.slot_id.to_string(),
        };
        let trainer = interval(TRAINER_SCOPE, self.trainer_id.to_string());
        let children = self.child_ids.iter();
        let children = children.map(|id| interval(CHILD_SCOPE, id.to_string()));
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
    pub fn is_late(self, starts_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        now > starts_at - TimeDelta::hours(i64::from(self.notice_hours))
    }
}

/// On whose behalf a session was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CanceledBy {
    Parent,
    Trainer,
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
    const FOLD_VERSION: i32 = 2;

    fn claims(&self, _aggregate_id: &str) -> Vec<ClaimChange> {
        match self {
            Self::SessionHeld { place, .. } | Self::SessionReinstated { place, .. } => place
                .claims()
                .into_iter()
                .map(ClaimChange::Acquire)
                .collect(),
            Self::SessionHoldExpired { .. } | Self::SessionCanceled { freed: true, .. } => {
                vec![ClaimChange::ReleaseAll]
            }
            Self::SessionCanceled { freed: false, .. }
            | Self::SessionPaid { .. }
            | Self::SessionCompleted { .. }
            | Self::SessionPaymentRejected { .. } => vec![],
        }
    }
}
