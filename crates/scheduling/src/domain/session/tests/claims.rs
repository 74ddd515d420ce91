//! Whatever is done to sessions in whatever order, the claims keep everybody from being in
//! two places.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use eventsourcing::{Claim, ClaimChange, ClaimingEvent, Decide as _};
use proptest::prelude::*;
use uuid::Uuid;
use values::{Interval, PaymentId};

use super::{Acting, Place, Session, SessionCommand, SessionEvent, SessionState, at, hold_at};

/// The log's rule for claims, as plainly as it can be said.
#[derive(Default)]
struct Claims {
    held: Vec<(Claim, usize)>,
}

impl Claims {
    /// All events of a command, or none.
    fn append(&mut self, owner: usize, events: &[SessionEvent]) -> bool {
        let mut held = self.held.clone();
        for change in events.iter().flat_map(|event| event.claims("any")) {
            match change {
                ClaimChange::Acquire(claim) => {
                    if held.iter().any(|(other, _)| other.collides(&claim)) {
                        return false;
                    }
                    held.push((claim, owner));
                }
                ClaimChange::ReleaseAll => {
                    let before = held.len();
                    held.retain(|(_, holder)| *holder != owner);
                    assert!(
                        held.len() < before,
                        "only what holds something gives it back"
                    );
                }
                ClaimChange::Release(claim) => {
                    let before = held.len();
                    held.retain(|it| *it != (claim.clone(), owner));
                    assert_eq!(before, held.len() + 1, "only what is held is released");
                }
            }
        }
        self.held = held;
        true
    }
}

#[derive(Debug, Clone)]
enum Step {
    Book {
        slot: i64,
        trainer: u128,
        children: Vec<u128>,
    },
    Cancel(usize),
    Expire(usize),
    Settle(usize, u128),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let book = (
        0..6_i64,
        0..2_u128,
        proptest::sample::subsequence(vec![1, 2, 3], 1..=3),
    )
        .prop_map(|(slot, trainer, children)| Step::Book {
            slot,
            trainer,
            children,
        });
    let step = prop_oneof![
        3 => book,
        1 => (0..12_usize).prop_map(Step::Cancel),
        2 => (0..12_usize).prop_map(Step::Expire),
        2 => (0..12_usize, 0..3_u128).prop_map(|(session, payment)| Step::Settle(session, payment)),
    ];
    prop::collection::vec(step, 1..40)
}

/// Slots of 60 minutes that begin every 30 minutes: neighbours overlap.
fn place(slot: i64, trainer: u128, children: &[u128]) -> Place {
    let from = at(4_000) + TimeDelta::minutes(slot * 30);
    Place {
        schedule_id: Uuid::from_u128(300).into(),
        slot_id: Uuid::from_u64_pair(
            u64::try_from(slot).unwrap(),
            u64::try_from(trainer).unwrap(),
        )
        .into(),
        trainer_id: Uuid::from_u128(trainer).into(),
        location_id: Uuid::from_u128(302).into(),
        child_ids: children
            .iter()
            .map(|it| Uuid::from_u128(*it).into())
            .collect(),
        time: Interval::new(from, from + TimeDelta::minutes(60)).unwrap(),
    }
}

#[derive(Default)]
struct World {
    claims: Claims,
    sessions: Vec<(Place, Session)>,
    /// Payments applied or sent back, by session: each at most once.
    payments: HashMap<(usize, PaymentId), usize>,
}

impl World {
    fn book(&mut self, place: Place, now: DateTime<Utc>) {
        let session = self.sessions.len();
        self.sessions.push((place.clone(), Session::default()));
        if !self.execute(session, hold_at(place, now)) {
            self.sessions.pop();
        }
    }

    /// As the log does it: decide, append with claims, apply. False when a claim is taken.
    fn execute(&mut self, session: usize, command: SessionCommand) -> bool {
        let Some((_, state)) = self.sessions.get_mut(session) else {
            return true;
        };
        let Ok(events) = state.decide(command) else {
            return true;
        };
        if !self.claims.append(session, &events) {
            return false;
        }
        for event in events {
            let payment = match &event {
                SessionEvent::SessionPaid { payment_id, .. } => *payment_id,
                SessionEvent::SessionPaymentRejected { payment_id, .. } => Some(*payment_id),
                _ => None,
            };
            if let Some(payment_id) = payment {
                *self.payments.entry((session, payment_id)).or_default() += 1;
            }
            state.apply(event);
        }
        true
    }

    fn settle(&mut self, session: usize, payment: u128, now: DateTime<Utc>) {
        let payment_id = PaymentId::from(Uuid::from_u128(payment));
        if !self.execute(session, SessionCommand::Settle { payment_id, now }) {
            self.execute(session, SessionCommand::RejectPayment { payment_id, now });
        }
        if session < self.sessions.len() {
            assert_eq!(
                self.payments[&(session, payment_id)],
                1,
                "settled exactly once"
            );
        }
    }

    fn standing(&self) -> Vec<&Place> {
        let stands = |session: &Session| {
            session.held().is_some_and(|held| {
                matches!(held.state(), SessionState::Pending | SessionState::Paid)
            })
        };
        let standing = self.sessions.iter().filter(|(_, session)| stands(session));
        standing.map(|(place, _)| place).collect()
    }

    fn check(&self) {
        let standing = self.standing();
        for (i, one) in standing.iter().enumerate() {
            for other in &standing[..i] {
                assert_ne!(one.slot_id, other.slot_id, "a slot is booked twice");
                let same_person = one.trainer_id == other.trainer_id
                    || one.child_ids.iter().any(|it| other.child_ids.contains(it));
                assert!(
                    !(same_person && one.time.overlaps(&other.time)),
                    "somebody is in two places"
                );
            }
        }
        let claims: usize = standing.iter().map(|it| 2 + it.child_ids.len()).sum();
        assert_eq!(
            self.claims.held.len(),
            claims,
            "standing sessions hold claims, nobody else"
        );
    }
}

proptest! {
    #[test]
    fn nobody_is_in_two_places_whatever_is_booked_canceled_expired_and_settled(steps in steps()) {
        let mut world = World::default();
        for (minute, step) in (0_i64..).map(|step| step * 20).zip(steps) {
            let now = at(minute);
            match step {
                Step::Book { slot, trainer, children } => world.book(place(slot, trainer, &children), now),
                Step::Cancel(session) => {
                    world.execute(session, SessionCommand::Cancel { acting: Acting::Admin, now });
                }
                Step::Expire(session) => {
                    world.execute(session, SessionCommand::ExpireHold { now });
                }
                Step::Settle(session, payment) => world.settle(session, payment, now),
            }
            world.check();
        }
    }
}
