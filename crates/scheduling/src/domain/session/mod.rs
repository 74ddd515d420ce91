//! A session: one slot of a trainer for one child or a group.
//!
//! ```text
//!            Settle               Complete
//! PENDING ------------> PAID -----------------> COMPLETED
//!   |  \                 | \
//!   |   \ Cancel         |  Cancel
//!   |    '---> CANCELED <-'
//!   | ExpireHold   ^
//!   v              | Cancel
//! EXPIRED ---------'
//!    '---------> PAID (Settle: reinstated, if the place is still free)
//! ```
//!
//! What is free is PAID from the hold on. PENDING, PAID and COMPLETED sessions hold claims on the slot, the trainer's time and
//! each child's time.

mod aggregate;
mod command;
mod error;
mod event;
mod settlement;
#[cfg(test)]
mod tests;

pub use aggregate::{Held, Session, SessionState};
pub use command::{Acting, Hold, SessionCommand};
pub use error::SessionError;
pub use event::{
    BookedSlot, CHILD_SCOPE, CanceledBy, CancellationPolicy, Place, SLOT_SCOPE, SessionEvent,
    TRAINER_SCOPE,
};
