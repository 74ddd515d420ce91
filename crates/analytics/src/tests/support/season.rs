//! Makes a season: a seed gives four logs whose events hang together and fall about the edges
//! of days, months and years.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, TimeZone, Timelike, Utc};
use contracts::common::v1::{Money, Role};
use contracts::identity::events::v1 as identity;
use contracts::payments::events::v1 as payments;
use contracts::scheduling::events::v1 as scheduling;
use contracts::ticketing::events::v1 as ticketing;
use contracts::wire::timestamp;
use eventsourcing::Delivered;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng, SeedableRng};
use uuid::Uuid;
use values::Zone;

use super::PublicEvent;

/// The instant on which the recount stands.
pub const AS_OF: &str = "2026-12-31T23:30:00Z";

/// Days about which things happen: clock changes of New York, ends of years, a leap day.
const EDGES: [&str; 8] = [
    "2024-02-29",
    "2024-12-31",
    "2025-03-09",
    "2025-11-02",
    "2025-12-31",
    "2026-03-08",
    "2026-11-01",
    "2026-12-30",
];

/// The logs by source.
#[derive(Default)]
pub struct Season {
    pub identity: Vec<Delivered<PublicEvent>>,
    pub scheduling: Vec<Delivered<PublicEvent>>,
    pub ticketing: Vec<Delivered<PublicEvent>>,
    pub payments: Vec<Delivered<PublicEvent>>,
}

impl Season {
    /// With the names of the logs.
    pub fn logs(&self) -> [(&'static str, Vec<Delivered<PublicEvent>>); 4] {
        [
            ("identity", self.identity.clone()),
            ("scheduling", self.scheduling.clone()),
            ("ticketing", self.ticketing.clone()),
            ("payments", self.payments.clone()),
        ]
    }

    /// All events of all logs.
    pub fn events(&self) -> impl Iterator<Item = &Delivered<PublicEvent>> {
        [
            &self.identity,
            &self.scheduling,
            &self.ticketing,
            &self.payments,
        ]
        .into_iter()
        .flatten()
    }
}

/// A season of about so many things.
pub fn season(seed: u64, size: usize, zone: Zone) -> Season {
    let mut maker = Maker {
        random: StdRng::seed_from_u64(seed),
        zone,
        season: Season::default(),
        users: Vec::new(),
        trainers: Vec::new(),
        standing: BTreeMap::new(),
        paid: Vec::new(),
    };
    for _ in 0..3 {
        maker.register();
        maker.create_trainer();
    }
    for _ in 0..size {
        match maker.random.random_range(0..11) {
            0 => drop(maker.register()),
            1 => maker.create_trainer(),
            2 | 3 => maker.log_in(),
            4 | 5 => maker.session(),
            6 => maker.camp(),
            7 | 8 => maker.payment(),
            9 => maker.account(),
            _ => maker.refund(),
        }
    }
    maker.season
}

enum Standing {
    Closed,
    Erased,
}

struct Maker {
    random: StdRng,
    zone: Zone,
    season: Season,
    users: Vec<Uuid>,
    trainers: Vec<Uuid>,
    /// What became of those accounts that are not open.
    standing: BTreeMap<Uuid, Standing>,
    paid: Vec<(Uuid, payments::PayableKind, Money)>,
}

impl Maker {
    fn register(&mut self) -> Uuid {
        let user = self.id();
        let at = self.instant();
        self.users.push(user);
        let event = identity::UserRegistered {
            user_id: user.to_string(),
            role: Role::Parent.into(),
            registered_at: Some(timestamp(at)),
        };
        self.identity(at, identity::identity_event::Event::UserRegistered(event));
        user
    }

    fn create_trainer(&mut self) {
        let trainer = self.register();
        let at = self.instant();
        self.trainers.push(trainer);
        let event = identity::TrainerCreated {
            trainer_id: trainer.to_string(),
            created_at: Some(timestamp(at)),
            ..Default::default()
        };
        self.identity(at, identity::identity_event::Event::TrainerCreated(event));
    }

    /// An account is closed, opened again, erased, or of another role.
    fn account(&mut self) {
        use identity::identity_event::Event;
        let user = self.user();
        let (user_id, at) = (user.to_string(), self.instant());
        let when = Some(timestamp(at));
        let role = Role::Trainer.into();
        let event = match (self.standing.get(&user), self.random.random_range(0..4)) {
            (Some(Standing::Erased), _) => return,
            (standing, 0) => {
                let was_active = standing.is_none();
                self.standing.insert(user, Standing::Erased);
                Event::UserErased(identity::UserErased {
                    user_id,
                    role,
                    was_active,
                    erased_at: when,
                })
            }
            (_, 1) => {
                let roles = [Role::Parent, Role::Trainer];
                Event::UserRoleChanged(identity::UserRoleChanged {
                    user_id,
                    role: (*roles.choose(&mut self.random).unwrap()).into(),
                    changed_at: when,
                })
            }
            (None, _) => {
                self.standing.insert(user, Standing::Closed);
                Event::UserDeactivated(identity::UserDeactivated {
                    user_id,
                    role,
                    deactivated_at: when,
                })
            }
            (Some(Standing::Closed), _) => {
                self.standing.remove(&user);
                Event::UserReactivated(identity::UserReactivated {
                    user_id,
                    role,
                    reactivated_at: when,
                })
            }
        };
        self.identity(at, event);
    }

    fn log_in(&mut self) {
        let at = self.instant();
        let event = identity::UserLoggedIn {
            user_id: self.user().to_string(),
            logged_in_at: Some(timestamp(at)),
        };
        self.identity(at, identity::identity_event::Event::UserLoggedIn(event));
    }

    fn session(&mut self) {
        let (session, trainer) = (self.id(), self.trainer());
        let (held_at, starts_at) = (self.instant(), self.instant());
        let held = scheduling::SessionHeld {
            session_id: session.to_string(),
            trainer_id: trainer.to_string(),
            starts_at: Some(timestamp(starts_at)),
            held_at: Some(timestamp(held_at)),
            ..Default::default()
        };
        self.scheduling(
            held_at,
            scheduling::scheduling_event::Event::SessionHeld(held),
        );
        if self.random.random_bool(0.6) {
            let at = starts_at + Duration::minutes(self.random.random_range(60..4000));
            let completed = scheduling::SessionCompleted {
                session_id: session.to_string(),
                trainer_id: trainer.to_string(),
                starts_at: Some(timestamp(starts_at)),
                completed_at: Some(timestamp(at)),
            };
            self.scheduling(
                at,
                scheduling::scheduling_event::Event::SessionCompleted(completed),
            );
        }
        if self.random.random_bool(0.2) {
            let at = self.instant();
            let event = scheduling::ScheduleOpened::default();
            self.scheduling(
                at,
                scheduling::scheduling_event::Event::ScheduleOpened(event),
            );
        }
    }

    fn camp(&mut self) {
        let event = self.id();
        let (created_at, first) = (self.instant(), self.instant());
        let days: Vec<_> = (0..self.random.random_range(1..4))
            .map(|day| {
                let starts_at = first + Duration::hours(24 * day);
                ticketing::EventDay {
                    starts_at: Some(timestamp(starts_at)),
                    ends_at: Some(timestamp(starts_at + Duration::hours(6))),
                }
            })
            .collect();
        let trainer_ids = vec![self.trainer().to_string(), self.trainer().to_string()];
        let created = ticketing::EventCreated {
            event_id: event.to_string(),
            starts_at: days[0].starts_at,
            ends_at: days.last().and_then(|day| day.ends_at),
            time_zone: "Europe/Berlin".to_owned(),
            trainer_ids,
            created_at: Some(timestamp(created_at)),
            days,
        };
        self.ticketing(
            created_at,
            ticketing::ticketing_event::Event::EventCreated(created),
        );
        if self.random.random_bool(0.7) {
            let at = self.instant();
            let published = ticketing::EventPublished {
                event_id: event.to_string(),
                published_at: Some(timestamp(at)),
            };
            self.ticketing(
                at,
                ticketing::ticketing_event::Event::EventPublished(published),
            );
        }
    }

    fn payment(&mut self) {
        let payment = self.id();
        let kind = *[
            payments::PayableKind::Session,
            payments::PayableKind::TicketHold,
        ]
        .choose(&mut self.random)
        .unwrap();
        let amount = Money {
            currency_code: if self.random.random_bool(0.8) {
                "USD"
            } else {
                "EUR"
            }
            .to_owned(),
            // Somebody asks for the most that may be asked for, and is paid.
            minor_units: if self.random.random_bool(0.05) {
                values::Money::MOST_SET
            } else {
                self.random.random_range(0..20_000)
            },
        };
        let (created_at, at) = (self.instant(), self.instant());
        let created = payments::PaymentCreated {
            payment_id: payment.to_string(),
            user_id: self.user().to_string(),
            payable_kind: kind.into(),
            payable_id: self.id().to_string(),
            amount: Some(amount.clone()),
            live: self.random.random_bool(0.5),
            created_at: Some(timestamp(created_at)),
        };
        self.payments(
            created_at,
            payments::payments_event::Event::PaymentCreated(created),
        );
        if self.random.random_bool(0.3) {
            let failed = payments::PaymentFailed {
                payment_id: payment.to_string(),
                payable_kind: kind.into(),
                failed_at: Some(timestamp(at)),
                ..Default::default()
            };
            self.payments(at, payments::payments_event::Event::PaymentFailed(failed));
        } else {
            self.paid.push((payment, kind, amount.clone()));
            let succeeded = payments::PaymentSucceeded {
                payment_id: payment.to_string(),
                payable_kind: kind.into(),
                payable_id: String::new(),
                amount: Some(amount),
                succeeded_at: Some(timestamp(at)),
            };
            self.payments(
                at,
                payments::payments_event::Event::PaymentSucceeded(succeeded),
            );
        }
    }

    fn refund(&mut self) {
        let Some((payment, kind, amount)) = self.paid.choose(&mut self.random).cloned() else {
            return self.payment();
        };
        let at = self.instant();
        let refund = payments::RefundSucceeded {
            refund_id: self.id().to_string(),
            payment_id: payment.to_string(),
            payable_kind: kind.into(),
            payable_id: String::new(),
            amount: Some(Money {
                minor_units: amount.minor_units / 2,
                ..amount
            }),
            succeeded_at: Some(timestamp(at)),
        };
        self.payments(at, payments::payments_event::Event::RefundSucceeded(refund));
    }

    /// Near an edge; now and then exactly on local midnight or the microsecond before.
    fn instant(&mut self) -> DateTime<Utc> {
        let edge: NaiveDate = EDGES.choose(&mut self.random).unwrap().parse().unwrap();
        let minutes = self.random.random_range(-2 * 24 * 60..2 * 24 * 60);
        let local = edge.and_time(NaiveTime::MIN) + Duration::minutes(minutes);
        let near = self.zone.from_utc_datetime(&local);
        let midnight = self
            .zone
            .with_ymd_and_hms(near.year(), near.month(), near.day(), 0, 0, 0)
            .earliest();
        match (self.random.random_range(0..10), midnight) {
            (0, Some(midnight)) => midnight.to_utc(),
            (1, Some(midnight)) => midnight.to_utc() - Duration::microseconds(1),
            _ => near.to_utc().with_nanosecond(123_456_000).unwrap(),
        }
    }

    fn id(&mut self) -> Uuid {
        Uuid::from_u128(self.random.random())
    }

    fn user(&mut self) -> Uuid {
        *self.users.choose(&mut self.random).unwrap()
    }

    fn trainer(&mut self) -> Uuid {
        *self.trainers.choose(&mut self.random).unwrap()
    }

    fn identity(&mut self, at: DateTime<Utc>, event: identity::identity_event::Event) {
        let next = self.season.identity.len();
        let delivered = self.delivered("identity", next, at, PublicEvent::Identity(event));
        self.season.identity.push(delivered);
    }

    fn scheduling(&mut self, at: DateTime<Utc>, event: scheduling::scheduling_event::Event) {
        let next = self.season.scheduling.len();
        let delivered = self.delivered("scheduling", next, at, PublicEvent::Scheduling(event));
        self.season.scheduling.push(delivered);
    }

    fn ticketing(&mut self, at: DateTime<Utc>, event: ticketing::ticketing_event::Event) {
        let next = self.season.ticketing.len();
        let delivered = self.delivered("ticketing", next, at, PublicEvent::Ticketing(event));
        self.season.ticketing.push(delivered);
    }

    fn payments(&mut self, at: DateTime<Utc>, event: payments::payments_event::Event) {
        let next = self.season.payments.len();
        let delivered = self.delivered("payments", next, at, PublicEvent::Payments(event));
        self.season.payments.push(delivered);
    }

    /// Recorded at once or days later; by a user, a service or the system.
    fn delivered(
        &mut self,
        source: &'static str,
        next: usize,
        at: DateTime<Utc>,
        event: PublicEvent,
    ) -> Delivered<PublicEvent> {
        let late = if self.random.random_bool(0.2) {
            self.random.random_range(0..100_000)
        } else {
            0
        };
        let actor = match self.random.random_range(0..3) {
            0 if !self.users.is_empty() => format!("user:{}", self.user()),
            1 => "service:payments".to_owned(),
            _ => "system".to_owned(),
        };
        Delivered {
            source,
            position: 3 * i64::try_from(next).unwrap() + 1,
            event_id: self.id(),
            recorded_at: at + Duration::minutes(late),
            actor,
            aggregate_id: self.id().to_string(),
            sequence: 1,
            correlation_id: Uuid::nil(),
            trace_context: None,
            event,
        }
    }
}
