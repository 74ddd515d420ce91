use chrono::{DateTime, TimeDelta, Utc};
use values::{ChildId, EventId, HoldId, PaymentId, TicketId, TierId, UserId};

use super::Draft;

/// What can be asked of a camp.
#[derive(Clone, Debug)]
pub enum CampCommand {
    /// Draft it.
    Create {
        event_id: EventId,
        draft: Box<Draft>,
        now: DateTime<Utc>,
    },
    /// Put it on sale.
    Publish { now: DateTime<Utc> },
    /// Take places, all or none.
    Hold(Hold),
    /// Let go of a hold whose time is over.
    ExpireHold { hold_id: HoldId, now: DateTime<Utc> },
    /// Bring a hold together with a payment that succeeded for it.
    SettleHold {
        hold_id: HoldId,
        payment_id: PaymentId,
        now: DateTime<Utc>,
    },
}

/// Everything that a hold depends on.
#[derive(Clone, Debug)]
pub struct Hold {
    pub hold_id: HoldId,
    /// The parent who takes the places.
    pub parent_id: UserId,
    /// For whom, at least one; the children are the parent's.
    pub lines: Vec<Line>,
    /// A child that takes part in nothing new.
    pub archived_child: Option<ChildId>,
    /// How long the hold lives.
    pub hold_for: TimeDelta,
    pub now: DateTime<Utc>,
}

/// One ticket that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_field_names,
    reason = "each is the id of something else"
)]
pub struct Line {
    /// The id of the ticket, should it be granted.
    pub ticket_id: TicketId,
    pub tier_id: TierId,
    pub child_id: ChildId,
}
