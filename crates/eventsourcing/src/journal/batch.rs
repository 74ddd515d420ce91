//! Choosing what goes into one batch, and the hash of it.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use ring::digest::{Context as Hasher, SHA256};
use uuid::Uuid;

use super::{Decided, Entry};
use crate::claims::Claim;

/// Upper bounds of one batch: what a flush of a few milliseconds can carry.
const MAX_COMMANDS: usize = 2_048;
const MAX_EVENTS: usize = 8_192;

/// Takes from the queue, in order, what may go into one batch.
///
/// Two commands that touch the same claim or carry the same request id never share a batch,
/// so that each refusal has its cause in what was committed before. A command that gives back all
/// claims of its aggregate comes before any that takes one, for it does not say which it gives back.
/// What is left behind
/// takes the later commands of its aggregate with it, and goes first the next time. So does
/// what was decided on top of a batch under way, which is what `is_busy` says.
pub(super) fn take(queue: &mut VecDeque<Entry>, is_busy: impl Fn(&Entry) -> bool) -> Vec<Entry> {
    let mut taken = Vec::with_capacity(queue.len().min(MAX_COMMANDS));
    let mut touched = Touched::default();
    let mut left = VecDeque::new();
    let mut events = 0;
    while let Some(entry) = queue.pop_front() {
        if taken.len() >= MAX_COMMANDS || events >= MAX_EVENTS {
            queue.push_front(entry);
            break;
        }
        match entry.decided() {
            _ if is_busy(&entry) => left.push_back(entry),
            Some(decided) if !touched.admit(decided) => left.push_back(entry),
            // A confirmation waits for whatever of its aggregate was left behind.
            None if left.iter().any(|l| Arc::ptr_eq(&l.lineage, &entry.lineage)) => {
                left.push_back(entry);
            }
            decided => {
                events += decided.map_or(0, |d| d.events.len());
                taken.push(entry);
            }
        }
    }
    while let Some(entry) = left.pop_back() {
        queue.push_front(entry);
    }
    taken
}

/// What the commands of a batch touch so far.
#[derive(Default)]
struct Touched {
    requests: HashSet<Uuid>,
    claims: HashMap<(&'static str, String), Vec<Claim>>,
    acquires: bool,
    left_behind: HashSet<(&'static str, Arc<str>)>,
}

impl Touched {
    fn admit(&mut self, decided: &Decided) -> bool {
        let collides = decided.claims.iter().any(|change| match change.claim() {
            None => self.acquires,
            Some(claim) => self
                .claims
                .get(&(claim.scope(), claim.key().to_owned()))
                .is_some_and(|others| others.iter().any(|other| other.collides(claim))),
        });
        let repeated = decided
            .context
            .request
            .is_some_and(|request| self.requests.contains(&request.id));
        let follows = !self.left_behind.is_empty()
            && self
                .left_behind
                .contains(&(decided.aggregate_type, decided.aggregate_id.clone()));
        if collides || repeated || follows {
            self.left_behind
                .insert((decided.aggregate_type, decided.aggregate_id.clone()));
            return false;
        }
        for change in &decided.claims {
            self.acquires |= change.acquired().is_some();
            let Some(claim) = change.claim() else {
                continue;
            };
            self.claims
                .entry((claim.scope(), claim.key().to_owned()))
                .or_default()
                .push(claim.clone());
        }
        if let Some(request) = decided.context.request {
            self.requests.insert(request.id);
        }
        true
    }
}

/// The SHA-256 of everything of a command that is stored with its events. The chain of
/// batches hashes these; `verify` computes them again from the table.
pub(crate) struct Digest(Hasher);

impl Digest {
    pub(crate) fn of_command(
        command_id: Uuid,
        actor: &str,
        correlation_id: Uuid,
        causation_id: Option<Uuid>,
        trace_context: Option<&str>,
    ) -> Self {
        let mut digest = Self(Hasher::new(&SHA256));
        digest.0.update(command_id.as_bytes());
        digest.0.update(correlation_id.as_bytes());
        digest.0.update(causation_id.unwrap_or_default().as_bytes());
        digest.text(actor);
        digest.text(trace_context.unwrap_or_default());
        digest
    }

    #[expect(clippy::too_many_arguments, reason = "one for each stored column")]
    pub(crate) fn event(
        &mut self,
        aggregate_type: &str,
        aggregate_id: &str,
        sequence: i64,
        event_type: &str,
        event_version: &str,
        payload: &str,
        event_id: Uuid,
    ) {
        self.0.update(event_id.as_bytes());
        self.0.update(&sequence.to_be_bytes());
        for text in [
            aggregate_type,
            aggregate_id,
            event_type,
            event_version,
            payload,
        ] {
            self.text(text);
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }

    fn text(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_be_bytes());
        self.0.update(text.as_bytes());
    }
}
