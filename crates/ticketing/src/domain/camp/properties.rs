//! No seat is ever sold twice, counted by a model that knows nothing of the aggregate.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use eventsourcing::Decide as _;
use proptest::prelude::*;
use uuid::Uuid;
use values::Money;

use super::{Camp, CampCommand, CampEvent, Day, Draft, EventType, Hold, Line, TicketTier};

const TIERS: u8 = 3;
const CHILDREN: u8 = 9;
const HOLDS: u8 = 12;

/// What a sequence is made of; holds are named by their number.
#[derive(Clone, Debug)]
enum Step {
    Hold { lines: Vec<(u8, u8)> },
    Expire { hold: u8 },
    Settle { hold: u8, payment: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::vec((0..TIERS, 0..CHILDREN), 1..5).prop_map(|lines| Step::Hold { lines }),
        2 => (0..HOLDS).prop_map(|hold| Step::Expire { hold }),
        3 => (0..HOLDS, 0..3u8).prop_map(|(hold, payment)| Step::Settle { hold, payment }),
    ]
}

fn start() -> DateTime<Utc> {
    "2027-07-10T13:00:00Z".parse().unwrap()
}

fn id<T: From<Uuid>>(kind: u128, number: u8) -> T {
    Uuid::from_u128(kind << 64 | u128::from(number)).into()
}

fn draft(capacities: [u32; TIERS as usize], max_participants: u32) -> CampCommand {
    CampCommand::Create {
        event_id: id(1, 0),
        now: start() - TimeDelta::days(30),
        draft: Box::new(Draft {
            title: "Clinic".to_owned(),
            description: String::new(),
            event_type: EventType::Clinic,
            location_id: id(2, 0),
            time_zone: "UTC".to_owned(),
            start_date: start().date_naive(),
            end_date: start().date_naive(),
            start_time: start().time(),
            end_time: (start() + TimeDelta::hours(2)).time(),
            days: vec![Day {
                starts_at: start(),
                ends_at: start() + TimeDelta::hours(2),
            }],
            max_participants,
            min_age: None,
            max_age: None,
            skill_levels: vec![],
            trainer_ids: vec![],
            tiers: (0..TIERS)
                .zip(capacities)
                .map(|(tier, capacity)| TicketTier {
                    tier_id: id(3, tier),
                    name: format!("Tier {tier}"),
                    // The last tier is free.
                    price: Money::new("EUR", i64::from(TIERS - 1 - tier) * 1_000).unwrap(),
                    capacity,
                })
                .collect(),
        }),
    }
}

fn command(step: &Step, holds: &mut u8) -> CampCommand {
    let now = start() - TimeDelta::days(1);
    match step {
        Step::Hold { lines } => {
            let hold = *holds;
            *holds += 1;
            CampCommand::Hold(Hold {
                hold_id: id(4, hold),
                parent_id: id(5, 0),
                lines: (0u8..)
                    .zip(lines)
                    .map(|(line, (tier, child))| Line {
                        ticket_id: id(6 + u128::from(line), hold),
                        tier_id: id(3, *tier),
                        child_id: id(20, *child),
                    })
                    .collect(),
                archived_child: None,
                hold_for: TimeDelta::minutes(15),
                now,
            })
        }
        Step::Expire { hold } => CampCommand::ExpireHold {
            hold_id: id(4, *hold),
            now,
        },
        Step::Settle { hold, payment } => CampCommand::SettleHold {
            hold_id: id(4, *hold),
            payment_id: id(30 + u128::from(*payment), *hold),
            now,
        },
    }
}

/// Counts by listing the live tickets of the log, one by one.
#[derive(Default)]
struct Model {
    live: BTreeMap<Uuid, (Uuid, Uuid)>,
    paid: BTreeMap<Uuid, Option<Uuid>>,
    answered: BTreeSet<Uuid>,
}

impl Model {
    fn observe(&mut self, event: &CampEvent) {
        match event {
            CampEvent::EventCreated(_) | CampEvent::EventPublished { .. } => {}
            CampEvent::TicketsHeld { tickets, .. } => {
                for ticket in tickets {
                    let place = (ticket.tier_id.uuid(), ticket.child_id.uuid());
                    assert!(self.live.insert(ticket.ticket_id.uuid(), place).is_none());
                }
            }
            CampEvent::TicketsConfirmed {
                hold_id,
                tickets,
                payment_id,
                reinstated,
                ..
            } => {
                for ticket in tickets {
                    let place = (ticket.tier_id.uuid(), ticket.child_id.uuid());
                    let was_live = self.live.insert(ticket.ticket_id.uuid(), place).is_some();
                    assert_eq!(was_live, !reinstated);
                }
                let payment = payment_id.map(values::PaymentId::uuid);
                assert!(
                    self.paid.insert(hold_id.uuid(), payment).is_none(),
                    "confirmed twice"
                );
                assert!(payment.is_none_or(|payment| self.answered.insert(payment)));
            }
            CampEvent::TicketHoldExpired {
                hold_id, tickets, ..
            } => {
                assert!(
                    !self.paid.contains_key(&hold_id.uuid()),
                    "a paid hold never expires"
                );
                for ticket in tickets {
                    assert!(self.live.remove(&ticket.ticket_id.uuid()).is_some());
                }
            }
            CampEvent::TicketPaymentRejected { payment_id, .. } => {
                assert!(
                    self.answered.insert(payment_id.uuid()),
                    "one answer for each payment"
                );
            }
        }
    }

    fn taken(&self, tier: u8) -> usize {
        self.live
            .values()
            .filter(|(of, _)| *of == id::<Uuid>(3, tier))
            .count()
    }

    fn is_free(&self, lines: &[(u8, u8)], capacities: [u32; 3], max_participants: u32) -> bool {
        let children: BTreeSet<_> = lines.iter().map(|(_, child)| child).collect();
        let tiers_fit = (0..TIERS).zip(capacities).all(|(tier, capacity)| {
            let asked = lines.iter().filter(|(of, _)| *of == tier).count();
            self.taken(tier) + asked <= capacity as usize
        });
        let unregistered = lines.iter().all(|(_, child)| {
            self.live
                .values()
                .all(|(_, registered)| *registered != id::<Uuid>(20, *child))
        });
        children.len() == lines.len()
            && tiers_fit
            && unregistered
            && self.live.len() + lines.len() <= max_participants as usize
    }
}

fn run(camp: &mut Camp, command: CampCommand) -> Option<Vec<CampEvent>> {
    let happened = camp.decide(command).ok()?;
    for one in &happened {
        camp.apply(one.clone());
    }
    Some(happened)
}

proptest! {
    #[test]
    fn no_sequence_of_holds_expiries_and_payments_oversells(
        capacities in [1u32..4, 1u32..4, 1u32..4],
        max_participants in 1u32..9,
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut camp = Camp::default();
        run(&mut camp, draft(capacities, max_participants)).unwrap();
        run(&mut camp, CampCommand::Publish { now: start() - TimeDelta::days(20) }).unwrap();

        let mut model = Model::default();
        let mut log = Vec::new();
        let mut holds = 0;
        for step in &steps {
            let fits = match step {
                Step::Hold { lines } => Some(model.is_free(lines, capacities, max_participants)),
                _ => None,
            };
            let decided = run(&mut camp, command(step, &mut holds));
            if let Some(fits) = fits {
                prop_assert_eq!(decided.is_some(), fits, "granted exactly when it fits: {:?}", step);
            }
            for happened in decided.unwrap_or_default() {
                model.observe(&happened);
                log.push(happened);
            }
            for (tier, capacity) in (0..TIERS).zip(capacities) {
                prop_assert!(model.taken(tier) <= capacity as usize);
            }
            prop_assert!(model.live.len() <= max_participants as usize);
            let children: BTreeSet<_> = model.live.values().map(|(_, child)| child).collect();
            prop_assert_eq!(children.len(), model.live.len());
        }

        let mut replayed = draft_and_publish(capacities, max_participants);
        for happened in log {
            replayed.apply(happened);
        }
        prop_assert_eq!(serde_json::to_value(&replayed).unwrap(), serde_json::to_value(&camp).unwrap());
    }
}

fn draft_and_publish(capacities: [u32; 3], max_participants: u32) -> Camp {
    let mut camp = Camp::default();
    run(&mut camp, draft(capacities, max_participants)).unwrap();
    run(
        &mut camp,
        CampCommand::Publish {
            now: start() - TimeDelta::days(20),
        },
    )
    .unwrap();
    camp
}
