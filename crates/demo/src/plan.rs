//! What a season attempts. Seed and size decide it before the first call; runs of the same seed and
//! size differ in nothing but their names and dates.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate, NaiveTime, Offset as _, TimeZone as _, Utc};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use uuid::Uuid;
use values::Zone;

/// Where trainers work: city, zone, currency.
pub const PLACES: [(&str, &str, &str); 4] = [
    ("New York", "America/New_York", "USD"),
    ("Berlin", "Europe/Berlin", "EUR"),
    ("Los Angeles", "America/Los_Angeles", "USD"),
    ("Tokyo", "Asia/Tokyo", "JPY"),
];

/// The zone of a place.
pub fn zone(place: usize) -> Zone {
    Zone::named(PLACES[place].1).unwrap_or_default()
}

/// The local hours at which the slots of each day start.
pub const HOURS: [u32; 3] = [13, 14, 16];

/// So many days from today lies the first bookable one, so that every session can still be
/// cancelled free of charge.
const LEAD_DAYS: u64 = 2;

/// Everything that one run attempts.
pub struct Plan {
    /// A part of all names and email addresses of this run, which no other run has.
    pub run: String,
    /// The first bookable date.
    pub first_day: NaiveDate,
    /// How many days are bookable.
    pub days: u32,
    pub trainers: Vec<TrainerPlan>,
    pub parents: Vec<ParentPlan>,
    pub rush: RushPlan,
}

pub struct TrainerPlan {
    /// Index into `PLACES`.
    pub place: usize,
    pub price_per_hour: i64,
}

/// A parent with children.
pub struct ParentPlan {
    pub children: usize,
    pub bookings: Vec<BookingPlan>,
    /// The tier of the camp in which the parent wants a ticket, and what becomes of this ticket.
    pub rush: (usize, Fate),
    /// Whether the parent registers all children for the free clinic.
    pub clinic: bool,
}

/// One session to book.
#[derive(Clone, Copy)]
pub struct BookingPlan {
    pub trainer: usize,
    /// Index into the trainer's slots, which are in the order of their start.
    pub slot: usize,
    /// How many of the parent's children take part, counted from the first.
    pub group: usize,
    pub fate: Fate,
}

/// A camp with more buyers than seats.
pub struct RushPlan {
    /// Seats of each of two tiers.
    pub capacity: i32,
    /// Seats of both tiers together.
    pub max_participants: i32,
}

/// What becomes of a session or of tickets after they are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Paid with this method.
    Paid(&'static str),
    /// The first card is declined, the second is not.
    DeclinedThenPaid,
    /// The card is declined, and the parent tries no other.
    Declined,
    /// Nobody pays, and the hold expires by itself.
    Abandoned,
    /// The session is cancelled before it is paid; tickets are abandoned instead.
    CancelledUnpaid,
    /// The session is paid, then cancelled by the parent in time; tickets are paid and kept.
    CancelledByParent,
    /// The session is paid, then cancelled by the trainer; tickets are paid and kept.
    CancelledByTrainer,
}

/// The fates in the proportions of a season. Sessions take them in turn, and so do tickets.
const FATES: [Fate; 12] = [
    Fate::Paid("sandbox_ok"),
    Fate::CancelledByParent,
    Fate::DeclinedThenPaid,
    Fate::Abandoned,
    Fate::CancelledByTrainer,
    Fate::Declined,
    Fate::CancelledUnpaid,
    Fate::Paid("sandbox_ok"),
    Fate::Paid("sandbox_ok"),
    Fate::Paid("sandbox_slow_1_ok"),
    Fate::Paid("sandbox_ok"),
    Fate::Paid("sandbox_refund_timeout_ok"),
];

impl Plan {
    pub fn new(seed: u64, parents: u32, days: u32) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let slots_each = HOURS.len() * days as usize;
        let wanted = 2 * parents as usize;
        let trainers: Vec<_> = (0..PLACES.len().max(2 * wanted / slots_each + 1))
            .map(|number| TrainerPlan {
                place: number % PLACES.len(),
                price_per_hour: random.random_range(40..120) * 100,
            })
            .collect();
        let mut free: Vec<_> = (0..trainers.len())
            .flat_map(|trainer| (0..slots_each).map(move |slot| (trainer, slot)))
            .collect();
        free.shuffle(&mut random);
        let mut sessions = FATES.iter().copied().cycle();
        let mut tickets = FATES.iter().copied().cycle();
        let parents_plan = (0..parents)
            .map(|_| parent(&mut random, &mut free, &mut sessions, &mut tickets))
            .collect();
        let capacity = i32::try_from(parents / 3).unwrap_or(i32::MAX).max(1);
        Self {
            run: Uuid::now_v7().simple().to_string()[4..16].to_owned(),
            first_day: Utc::now().date_naive() + Days::new(LEAD_DAYS),
            days,
            trainers,
            parents: parents_plan,
            rush: RushPlan {
                capacity,
                max_participants: capacity + capacity / 2,
            },
        }
    }

    /// How many steps of progress the season takes.
    pub fn steps(&self) -> u64 {
        let bookings: usize = self
            .parents
            .iter()
            .map(|parent| parent.bookings.len())
            .sum();
        (self.trainers.len() + 3 * self.parents.len() + bookings) as u64
    }

    /// The day after the last bookable one.
    pub fn end(&self) -> NaiveDate {
        self.first_day + Days::new(self.days.into())
    }
}

fn parent(
    random: &mut StdRng,
    free: &mut Vec<(usize, usize)>,
    sessions: &mut impl Iterator<Item = Fate>,
    tickets: &mut impl Iterator<Item = Fate>,
) -> ParentPlan {
    let children = random.random_range(1..=3);
    let mut taken = BTreeSet::new();
    let mut bookings = Vec::new();
    for _ in 0..2 {
        // At least a day lies between two bookings, so that no child is in two places in any zone.
        let apart = |slot: usize| {
            let day = slot / HOURS.len();
            !taken.contains(&day)
                && !taken.contains(&(day + 1))
                && !taken.contains(&day.wrapping_sub(1))
        };
        let Some(place) = free.iter().rposition(|(_, slot)| apart(*slot)) else {
            break;
        };
        let (trainer, slot) = free.swap_remove(place);
        taken.insert(slot / HOURS.len());
        bookings.push(BookingPlan {
            trainer,
            slot,
            group: random.random_range(1..=children),
            fate: sessions.next().unwrap_or(Fate::Abandoned),
        });
    }
    ParentPlan {
        children,
        bookings,
        rush: (
            random.random_range(0..2),
            tickets.next().unwrap_or(Fate::Abandoned),
        ),
        clinic: random.random_bool(0.5),
    }
}

/// The next date, from a day on, on which the clocks of a zone go forward (or back). `None`
/// where they never do.
pub fn clock_change(zone: Zone, from: NaiveDate, forward: bool) -> Option<NaiveDate> {
    let offset = |day: NaiveDate| {
        let noon = day.and_time(NaiveTime::from_hms_opt(12, 0, 0)?);
        Some(zone.offset_from_utc_datetime(&noon).fix().local_minus_utc())
    };
    from.iter_days().take(400).find(|day| {
        let before = day.pred_opt().and_then(offset);
        match (before, offset(*day)) {
            (Some(before), Some(after)) if forward => after > before,
            (Some(before), Some(after)) => after < before,
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bookings(plan: &Plan) -> Vec<(usize, usize, usize, Fate)> {
        plan.parents
            .iter()
            .flat_map(|parent| &parent.bookings)
            .map(|booking| (booking.trainer, booking.slot, booking.group, booking.fate))
            .collect()
    }

    #[test]
    fn the_same_seed_attempts_the_same() {
        assert_eq!(
            bookings(&Plan::new(5, 40, 20)),
            bookings(&Plan::new(5, 40, 20))
        );
        assert_ne!(
            bookings(&Plan::new(5, 40, 20)),
            bookings(&Plan::new(6, 40, 20))
        );
    }

    #[test]
    fn no_slot_is_booked_twice_and_no_family_is_in_two_places() {
        for seed in 0..20 {
            let plan = Plan::new(seed, 100, 14);
            let mut slots = BTreeSet::new();
            for parent in &plan.parents {
                let days: Vec<_> = parent
                    .bookings
                    .iter()
                    .map(|booking| booking.slot / 3)
                    .collect();
                assert!(days.windows(2).all(|pair| pair[0].abs_diff(pair[1]) > 1));
                for booking in &parent.bookings {
                    assert!(slots.insert((booking.trainer, booking.slot)));
                    assert!(booking.group <= parent.children);
                }
            }
        }
    }

    #[test]
    fn the_default_season_meets_every_fate_and_the_smallest_has_a_paid_session() {
        let default: Vec<_> = bookings(&Plan::new(1, 60, 30))
            .iter()
            .map(|it| it.3)
            .collect();
        assert!(FATES.iter().all(|fate| default.contains(fate)));
        let smallest: Vec<_> = bookings(&Plan::new(1, 4, 7))
            .iter()
            .map(|it| it.3)
            .collect();
        assert_eq!(smallest[0], Fate::Paid("sandbox_ok"));
    }

    #[test]
    fn clock_changes_are_found_where_there_are_any() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        let new_york = Zone::new_york();
        assert_eq!(
            clock_change(new_york, date("2026-01-01"), true),
            Some(date("2026-03-08"))
        );
        assert_eq!(
            clock_change(new_york, date("2026-03-09"), false),
            Some(date("2026-11-01"))
        );
        assert_eq!(
            clock_change(Zone::named("Asia/Tokyo").unwrap(), date("2026-01-01"), true),
            None
        );
    }
}
