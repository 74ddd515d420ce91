//! Events to commands: one state machine a file. Pure; the runtime stores the state, the
//! timers and the outgoing commands with the checkpoint, and sends a command until it is taken.

mod asking;
pub mod charge;
pub mod refund;
pub mod refund_submission;
#[cfg(test)]
mod testing;

/// The service that the commands go to.
const PAYMENTS: &str = "payments";
