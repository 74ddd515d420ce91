use values::ChildId;

use super::SessionState;

/// Why a session refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// There is none, or whoever asks has no part in it.
    #[error("there is no such session")]
    NotFound,
    /// Its id is in use.
    #[error("the session exists already")]
    Exists,
    /// Nobody to give it to, or somebody twice.
    #[error("a session is for one child or for several distinct ones")]
    ChildrenNotDistinct,
    /// The trainer takes no new bookings at all.
    #[error("the trainer takes no new bookings")]
    TrainerNotBookable,
    /// A child takes part in nothing new.
    #[error("child {child_id} was archived")]
    ChildArchived { child_id: ChildId },
    /// The trainer takes no groups of that size.
    #[error("the trainer has no price for {participants} children")]
    NoGroupPrice { participants: usize },
    /// The price is beyond all bounds.
    #[error("the price is too large")]
    PriceTooLarge,
    /// It is too late for this.
    #[error("the slot has begun")]
    Begun,
    /// Its state does not allow this.
    #[error("the session is {state}")]
    State { state: SessionState },
    /// It is too early to end the hold.
    #[error("the hold still has time")]
    HoldRunning,
    /// It is too early to say that it took place.
    #[error("the session has not ended yet")]
    NotOver,
}
