use values::{ChildId, HoldId, TierId};

/// Why a camp refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CampError {
    /// There is no such event.
    #[error("there is no such event")]
    NotFound,
    /// The event has no such tier.
    #[error("the event has no tier {0}")]
    TierNotFound(TierId),
    /// The event has no such hold.
    #[error("the event has no hold {0}")]
    HoldNotFound(HoldId),
    /// Two tiers of a draft have the same name.
    #[error("the event has a tier named {0:?} already")]
    TierNameTaken(String),
    /// The child takes part in nothing new.
    #[error("child {0} was archived")]
    ChildArchived(ChildId),
    /// It is a draft, or it has started.
    #[error("the event is not on sale")]
    NotOnSale,
    /// It has begun before it was published.
    #[error("the event has begun: what lies in the past cannot be offered")]
    Past,
    /// No ticket was asked for, or tickets of several currencies.
    #[error("the tickets have no common price")]
    NoTotal,
    /// The tier has fewer places left than were asked for.
    #[error("tier {0} has not enough places left")]
    TierSoldOut(TierId),
    /// The event as a whole has fewer places left than were asked for.
    #[error("the event has not enough places left")]
    SoldOut,
    /// The child takes part already, or would twice.
    #[error("child {0} has a live registration for this event")]
    ChildRegistered(ChildId),
}
