//! Counts a season from its events alone, period by period, as the definitions read.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use contracts::payments::events::v1::PayableKind;
use eventsourcing::Delivered;
use values::Zone;

use super::PublicEvent;
use super::season::Season;
use super::told::{Told, instant, times};
use crate::basis::Basis;
use crate::query::Figures;

type Amounts = BTreeMap<String, i64>;

/// The figures of the period `[from, to)` of local days.
pub fn recount(
    season: &Season,
    basis: Basis,
    id: String,
    (from, to): (NaiveDate, NaiveDate),
    as_of: DateTime<Utc>,
) -> Figures {
    let (start, end) = (midnight(basis.zone, from), midnight(basis.zone, to));
    let within = |at: DateTime<Utc>| start <= at && at < end;
    let real = payments_that_count(season, basis);

    let mut figures = empty(id, from);
    let mut users = BTreeSet::new();
    let mut trainers = BTreeSet::new();
    let mut late: Vec<DateTime<Utc>> = Vec::new();
    for delivered in season.events() {
        let (happened_at, counted_at) = times(delivered);
        let counts = within(counted_at);
        let here = i64::from(counts);
        if let Some(user) = delivered.actor.strip_prefix("user:")
            && within(happened_at)
        {
            users.insert(user.to_owned());
        }
        let is_fact = match Told::by(&delivered.event) {
            Told::SignedUp(_) => {
                figures.new_users += here;
                true
            }
            Told::LoggedIn(user) => {
                if counts {
                    users.insert(user.to_owned());
                }
                false
            }
            Told::GotProfile(_) => {
                figures.new_trainers += here;
                true
            }
            Told::Closed(_) | Told::Reopened(_) => true,
            Told::Erased { was_active, .. } => was_active,
            Told::SessionBooked => {
                figures.total_sessions += here;
                true
            }
            Told::SessionTookPlace(completed) => {
                figures.completed_sessions += here;
                if counts {
                    trainers.insert(completed.trainer_id.clone());
                }
                true
            }
            Told::Drafted(created) => {
                figures.total_events += here;
                // A draft does not take place.
                if is_published(season, &created.event_id) {
                    let ends_at = instant(created.ends_at.as_ref());
                    figures.completed_events += i64::from(within(ends_at) && ends_at <= as_of);
                    for day in &created.days {
                        let starts_at = instant(day.starts_at.as_ref());
                        if within(starts_at) && instant(day.ends_at.as_ref()) <= as_of {
                            trainers.extend(created.trainer_ids.iter().cloned());
                        }
                    }
                }
                true
            }
            Told::Paid(paid) if real.contains(&paid.payment_id) => {
                figures.successful_payments += here;
                let amount = paid.amount.as_ref().unwrap();
                add(
                    &mut figures,
                    paid.payable_kind(),
                    (counts, counted_at < end),
                    (&amount.currency_code, amount.minor_units),
                );
                true
            }
            Told::NotPaid(payment) if real.contains(payment) => {
                figures.failed_payments += here;
                true
            }
            Told::Refunded(refund) if real.contains(&refund.payment_id) => {
                let amount = refund.amount.as_ref().unwrap();
                add(
                    &mut figures,
                    refund.payable_kind(),
                    (counts, counted_at < end),
                    (&amount.currency_code, -amount.minor_units),
                );
                true
            }
            Told::Paid(_)
            | Told::NotPaid(_)
            | Told::Refunded(_)
            | Told::GotRole { .. }
            | Told::OnSale(_)
            | Told::PaymentOpened(_)
            | Told::Nothing => false,
        };
        if is_fact && counts && delivered.recorded_at >= end {
            late.push(delivered.recorded_at);
        }
    }
    for (delivered, (user, trainer)) in standing(season) {
        let (_, counted_at) = times(delivered);
        figures.total_users += user * i64::from(counted_at < end);
        figures.total_trainers += trainer * i64::from(counted_at < end);
        // A new profile is a fact already.
        let is_new = matches!(Told::by(&delivered.event), Told::GotProfile(_));
        if trainer != 0 && !is_new && within(counted_at) && delivered.recorded_at >= end {
            late.push(delivered.recorded_at);
        }
    }
    figures.active_users = i64::try_from(users.len()).unwrap();
    figures.active_trainers = i64::try_from(trainers.len()).unwrap();
    figures.late_facts = i64::try_from(late.len()).unwrap();
    figures.corrected_at = late.into_iter().max();
    figures
}

/// How many active users and active trainers more or less there are after each of identity's
/// events.
fn standing(season: &Season) -> Vec<(&Delivered<PublicEvent>, (i64, i64))> {
    let mut open: BTreeMap<&str, bool> = BTreeMap::new();
    let mut no_trainers = BTreeSet::new();
    let mut profiles = BTreeSet::new();
    let mut changes = Vec::new();
    for delivered in &season.identity {
        let told = Told::by(&delivered.event);
        let (Told::SignedUp(user)
        | Told::GotProfile(user)
        | Told::Closed(user)
        | Told::Reopened(user)
        | Told::Erased { user, .. }
        | Told::GotRole { user, .. }) = told
        else {
            continue;
        };
        let is_open = |open: &BTreeMap<&str, bool>| open.get(user).copied().unwrap_or(false);
        let trains =
            |open: &BTreeMap<&str, bool>, profiles: &BTreeSet<&str>, no: &BTreeSet<&str>| {
                is_open(open) && profiles.contains(user) && !no.contains(user)
            };
        let before = (is_open(&open), trains(&open, &profiles, &no_trainers));
        match told {
            Told::SignedUp(_) | Told::Reopened(_) => {
                open.insert(user, true);
            }
            Told::Closed(_) | Told::Erased { .. } => {
                open.insert(user, false);
            }
            Told::GotRole { is_trainer, .. } if is_trainer => {
                no_trainers.remove(user);
            }
            Told::GotRole { .. } => {
                no_trainers.insert(user);
            }
            _ => {
                profiles.insert(user);
            }
        }
        let after = (is_open(&open), trains(&open, &profiles, &no_trainers));
        let change = |before, after| i64::from(after) - i64::from(before);
        let change = (change(before.0, after.0), change(before.1, after.1));
        changes.push((delivered, change));
    }
    changes
}

/// The first instant of a local day.
fn midnight(zone: Zone, day: NaiveDate) -> DateTime<Utc> {
    let mut local = day.and_time(NaiveTime::MIN);
    loop {
        match zone.from_local_datetime(&local).earliest() {
            Some(instant) => return instant.to_utc(),
            None => local += Duration::minutes(15),
        }
    }
}

fn payments_that_count(season: &Season, basis: Basis) -> BTreeSet<String> {
    let opened = season.payments.iter();
    let opened = opened.filter_map(|delivered| match Told::by(&delivered.event) {
        Told::PaymentOpened(created) => Some(created),
        _ => None,
    });
    opened
        .filter(|created| created.live || basis.counts_sandbox)
        .map(|created| created.payment_id.clone())
        .collect()
}

fn is_published(season: &Season, event_id: &str) -> bool {
    let mut told = season.ticketing.iter().map(|it| Told::by(&it.event));
    told.any(|told| matches!(told, Told::OnSale(published) if published == event_id))
}

fn add(
    figures: &mut Figures,
    kind: PayableKind,
    (here, so_far): (bool, bool),
    (currency, amount): (&str, i64),
) {
    let by_product = match kind {
        PayableKind::Session => &mut figures.session_revenue,
        PayableKind::TicketHold => &mut figures.event_revenue,
        PayableKind::Unspecified => panic!("a payment is for something"),
    };
    let sum = |amounts: &mut Amounts| {
        *amounts.entry(currency.to_owned()).or_default() += amount;
    };
    if here {
        sum(by_product);
        sum(&mut figures.revenue);
    }
    if so_far {
        sum(&mut figures.revenue_to_date);
    }
}

fn empty(id: String, period: NaiveDate) -> Figures {
    Figures {
        id,
        period,
        revenue: Amounts::default(),
        event_revenue: Amounts::default(),
        session_revenue: Amounts::default(),
        revenue_to_date: Amounts::default(),
        new_users: 0,
        total_users: 0,
        active_users: 0,
        new_trainers: 0,
        total_trainers: 0,
        active_trainers: 0,
        total_events: 0,
        completed_events: 0,
        total_sessions: 0,
        completed_sessions: 0,
        successful_payments: 0,
        failed_payments: 0,
        late_facts: 0,
        corrected_at: None,
    }
}
