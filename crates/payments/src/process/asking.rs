use chrono::{DateTime, TimeDelta, Utc};
use eventsourcing::Effect;
use serde::{Deserialize, Serialize};

/// The timer until the provider is asked again.
pub(super) const ASK: &str = "ask";

/// How long after silence the provider is asked first. Then twice as long each time.
const FIRST: TimeDelta = TimeDelta::seconds(1);
/// The longest wait between two questions.
const LONGEST: TimeDelta = TimeDelta::seconds(60);

/// Where an operation stands whose outcome has to be asked for.
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
    /// The operation has to be submitted: `send`, once.
    pub(super) fn submit(&mut self, send: impl FnOnce() -> Effect) -> Vec<Effect> {
        if self.submitted || self.settled {
            return Vec::new();
        }
        self.submitted = true;
        vec![send()]
    }

    /// The provider did not say in time.
    pub(super) fn unknown(&mut self, since: DateTime<Utc>) -> Vec<Effect> {
        if self.settled || self.asked > 0 {
            return Vec::new();
        }
        vec![Effect::SetTimer {
            name: ASK,
            due: since + FIRST,
        }]
    }

    /// It is time to ask: `send`, and set the clock for when that brings nothing.
    pub(super) fn ask(&mut self, due: DateTime<Utc>, send: impl FnOnce() -> Effect) -> Vec<Effect> {
        if self.settled {
            return Vec::new();
        }
        self.asked = self.asked.saturating_add(1);
        vec![
            send(),
            Effect::SetTimer {
                name: ASK,
                due: due + self.wait(),
            },
        ]
    }

    /// The outcome is known.
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
