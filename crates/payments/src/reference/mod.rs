//! What a command has to know of other things than its aggregate, one look-up for each command.

mod payable;

use std::sync::Arc;

use eventsourcing::Feed;
use service::{Reads, Runtime, Source};

use crate::projector::{PayableEvent, Payables};

/// Looks up what commands depend on. Cheap to clone.
#[derive(Clone)]
pub struct References {
    payables: Reads<Payables>,
    sessions: Source<Payables>,
    holds: Source<Payables>,
}

impl References {
    /// Over the read table and the feeds that it is folded from: sessions of scheduling, holds of
    /// ticketing.
    pub fn on(
        runtime: &Runtime,
        sessions: &Arc<dyn Feed<PayableEvent>>,
        holds: &Arc<dyn Feed<PayableEvent>>,
    ) -> Self {
        Self {
            payables: Reads::on(runtime),
            sessions: Source::on(runtime, sessions),
            holds: Source::on(runtime, holds),
        }
    }
}
