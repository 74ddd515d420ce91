use chrono::{DateTime, TimeDelta, Utc};
use values::{ChildId, LocalTimes, Money, PaymentId, SessionId, TrainerId, UserId};

use super::event::{CancellationPolicy, Place};

/// What can be asked of a session.
#[derive(Debug, Clone)]
pub enum SessionCommand {
    Hold(Box<Hold>),
    Cancel {
        acting: Acting,
        now: DateTime<Utc>,
    },
    Complete {
        acting: Acting,
        now: DateTime<Utc>,
    },
    /// The time of the hold is up.
    ExpireHold {
        now: DateTime<Utc>,
    },
    /// A payment for it succeeded. After the hold ran out this tries to claim the place
    /// again.
    Settle {
        payment_id: PaymentId,
        now: DateTime<Utc>,
    },
    /// A payment for it succeeded, but somebody else has the place.
    RejectPayment {
        payment_id: PaymentId,
        now: DateTime<Utc>,
    },
}

/// Everything a hold depends on.
#[derive(Debug, Clone)]
pub struct Hold {
    pub session_id: SessionId,
    /// The slot, the trainer and the children.
    pub place: Place,
    /// What the clock at the location shows.
    pub local: LocalTimes,
    pub parent_id: UserId,
    /// Whether the trainer takes new bookings.
    pub trainer_bookable: bool,
    /// A child that takes part in nothing new.
    pub archived_child: Option<ChildId>,
    /// The trainer's price of an hour for one child.
    pub price_per_hour: Money,
    /// The trainer's price for exactly so many children, if there is one.
    pub group_price: Option<Money>,
    /// The rules for giving it up.
    pub policy: CancellationPolicy,
    /// How long the hold lives.
    pub hold_for: TimeDelta,
    pub now: DateTime<Utc>,
}

/// Who acts on a session. It is unknown to parents and trainers who have no part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    Parent(UserId),
    Trainer(TrainerId),
    Admin,
}
