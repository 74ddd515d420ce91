use chrono::{DateTime, TimeDelta, Utc};
use eventsourcing::{ASK, Effect};
use serde::{Deserialize, Serialize};

/// How long after silence the provider is asked first. Each further wait is twice as long.
const FIRST: TimeDelta = TimeDelta::seconds(1);
/// The longest wait between two questions.
const LONGEST: TimeDelta = TimeDelta::seconds(60);

/// How far a charge or a refund is whose outcome has to be asked for.
///
/// The state is kept when the outcome is known: an event that comes late or twice must not
/// start the questions again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking {
    submitted: bool,
    asked: u32,
    settled: bool,
}

impl Asking {
    /// Nothing is submitted twice, nor after the outcome is known.
    pub(super) fn submit(&mut self, submit: Effect) -> Vec<Effect> {
        if self.submitted || self.settled {
            return vec![];
        }
        self.submitted = true;
        vec![submit]
    }

    /// The provider has not answered in time: it is asked later.
    pub(super) fn unknown(&mut self, since: DateTime<Utc>) -> Vec<Effect> {
        if self.settled || self.asked > 0 {
            return vec![];
        }
        vec![Effect::SetTimer {
            name: ASK,
            due: since + FIRST,
        }]
    }

    /// Asks now, and again later in case the answer is that nothing is known yet.
    pub(super) fn ask(&mut self, due: DateTime<Utc>, ask: Effect) -> Vec<Effect> {
        if self.settled {
            return vec![];
        }
        self.asked = self.asked.saturating_add(1);
        vec![
            ask,
            Effect::SetTimer {
                name: ASK,
                due: due + self.wait(),
            },
        ]
    }

    /// The outcome is known: nothing is asked any more.
    pub(super) fn settle(&mut self) -> Vec<Effect> {
        let open = !self.settled;
        self.settled = true;
        open.then_some(Effect::ClearTimer { name: ASK })
            .into_iter()
            .collect()
    }

    fn wait(&self) -> TimeDelta {
        let doubled = 1_i32
            .checked_shl(self.asked)
            .and_then(|factor| FIRST.checked_mul(factor));
        doubled
            .filter(|wait| *wait > FIRST && *wait < LONGEST)
            .unwrap_or(LONGEST)
    }
}
