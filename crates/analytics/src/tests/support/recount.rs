//! Counts a season from its events alone, period by period, as the definitions read.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use contracts::common::v1::Role;
use contracts::identity::events::v1::identity_event::Event as Identity;
use contracts::payments::events::v1::PayableKind;
use contracts::payments::events::v1::payments_event::Event as Payments;
use contracts::scheduling::events::v1::scheduling_event::Event as Scheduling;
use contracts::ticketing::events::v1::ticketing_event::Event as Ticketing;
use contracts::wire;
use eventsourcing::Delivered;
use prost_types::Timestamp;

use super::season::Season;
use crate::basis::Basis;
use crate::events::PublicEvent;
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
        let mut fact = false;
        match &delivered.event {
            PublicEvent::Identity(Identity::UserRegistered(_)) => {
                figures.new_users += here;
                fact = true;
            }
            PublicEvent::Identity(Identity::UserLoggedIn(login)) if counts => {
                users.insert(login.user_id.clone());
            }
            PublicEvent::Identity(Identity::TrainerCreated(_)) => {
                figures.new_trainers += here;
                fact = true;
            }
            PublicEvent::Identity(Identity::UserDeactivated(_) | Identity::UserReactivated(_)) => {
                fact = true;
            }
            PublicEvent::Identity(Identity::UserErased(erased)) => fact = erased.was_active,
            PublicEvent::Scheduling(Scheduling::SessionHeld(_)) => {
                figures.total_sessions += here;
                fact = true;
            }
            PublicEvent::Scheduling(Scheduling::SessionCompleted(completed)) => {
                figures.completed_sessions += here;
                if counts {
                    trainers.insert(completed.trainer_id.clone());
                }
                fact = true;
            }
            PublicEvent::Ticketing(Ticketing::EventCreated(created)) => {
                figures.total_events += here;
                fact = true;
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
            }
            PublicEvent::Payments(Payments::PaymentSucceeded(event))
                if real.contains(&event.payment_id) =>
            {
                figures.successful_payments += here;
                let amount = event.amount.as_ref().unwrap();
                add(
                    &mut figures,
                    event.payable_kind(),
                    (counts, counted_at < end),
                    (&amount.currency_code, amount.minor_units),
                );
                fact = true;
            }
            PublicEvent::Payments(Payments::PaymentFailed(event))
                if real.contains(&event.payment_id) =>
            {
                figures.failed_payments += here;
                fact = true;
            }
            PublicEvent::Payments(Payments::RefundSucceeded(event))
                if real.contains(&event.payment_id) =>
            {
                let amount = event.amount.as_ref().unwrap();
                add(
                    &mut figures,
                    event.payable_kind(),
                    (counts, counted_at < end),
                    (&amount.currency_code, -amount.minor_units),
                );
                fact = true;
            }
            _ => {}
        }
        if fact && counts && delivered.recorded_at >= end {
            late.push(delivered.recorded_at);
        }
    }
    for (delivered, (user, trainer)) in standing(season) {
        let (_, counted_at) = times(delivered);
        figures.total_users += user * i64::from(counted_at < end);
        figures.total_trainers += trainer * i64::from(counted_at < end);
        // A new profile is a fact already.
        let is_new = matches!(
            &delivered.event,
            PublicEvent::Identity(Identity::TrainerCreated(_))
        );
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
        let PublicEvent::Identity(event) = &delivered.event else {
            continue;
        };
        let user = match event {
            Identity::UserRegistered(event) => &event.user_id,
            Identity::TrainerCreated(event) => &event.trainer_id,
            Identity::UserDeactivated(event) => &event.user_id,
            Identity::UserReactivated(event) => &event.user_id,
            Identity::UserErased(event) => &event.user_id,
            Identity::UserRoleChanged(event) => &event.user_id,
            _ => continue,
        };
        let user = user.as_str();
        let is_open = |open: &BTreeMap<&str, bool>| open.get(user).copied().unwrap_or(false);
        let trains =
            |open: &BTreeMap<&str, bool>, profiles: &BTreeSet<&str>, no: &BTreeSet<&str>| {
                is_open(open) && profiles.contains(user) && !no.contains(user)
            };
        let before = (is_open(&open), trains(&open, &profiles, &no_trainers));
        match event {
            Identity::UserRegistered(_) | Identity::UserReactivated(_) => {
                open.insert(user, true);
            }
            Identity::UserDeactivated(_) | Identity::UserErased(_) => {
                open.insert(user, false);
            }
            Identity::UserRoleChanged(event) if event.role() == Role::Trainer => {
                no_trainers.remove(user);
            }
            Identity::UserRoleChanged(_) => {
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
fn midnight(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    let mut local = day.and_time(NaiveTime::MIN);
    loop {
        match zone.from_local_datetime(&local).earliest() {
            Some(instant) => return instant.to_utc(),
            None => local += Duration::minutes(15),
        }
    }
}

fn payments_that_count(season: &Season, basis: Basis) -> BTreeSet<String> {
    season
        .payments
        .iter()
        .filter_map(|delivered| match &delivered.event {
            PublicEvent::Payments(Payments::PaymentCreated(created)) => {
                (created.live || basis.counts_sandbox).then(|| created.payment_id.clone())
            }
            _ => None,
        })
        .collect()
}

fn is_published(season: &Season, event_id: &str) -> bool {
    season.ticketing.iter().any(|delivered| {
        matches!(&delivered.event,
            PublicEvent::Ticketing(Ticketing::EventPublished(published)) if published.event_id == event_id)
    })
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

/// When an event happened, and the instant by which it counts.
fn times(delivered: &Delivered<PublicEvent>) -> (DateTime<Utc>, DateTime<Utc>) {
    let happened_at = match &delivered.event {
        PublicEvent::Identity(Identity::UserRegistered(event)) => event.registered_at,
        PublicEvent::Identity(Identity::UserLoggedIn(event)) => event.logged_in_at,
        PublicEvent::Identity(Identity::TrainerCreated(event)) => event.created_at,
        PublicEvent::Identity(Identity::UserDeactivated(event)) => event.deactivated_at,
        PublicEvent::Identity(Identity::UserReactivated(event)) => event.reactivated_at,
        PublicEvent::Identity(Identity::UserErased(event)) => event.erased_at,
        PublicEvent::Identity(Identity::UserRoleChanged(event)) => event.changed_at,
        PublicEvent::Scheduling(Scheduling::SessionHeld(event)) => event.held_at,
        PublicEvent::Scheduling(Scheduling::SessionCompleted(event)) => event.completed_at,
        PublicEvent::Ticketing(Ticketing::EventCreated(event)) => event.created_at,
        PublicEvent::Ticketing(Ticketing::EventPublished(event)) => event.published_at,
        PublicEvent::Payments(Payments::PaymentCreated(event)) => event.created_at,
        PublicEvent::Payments(Payments::PaymentSucceeded(event)) => event.succeeded_at,
        PublicEvent::Payments(Payments::PaymentFailed(event)) => event.failed_at,
        PublicEvent::Payments(Payments::RefundSucceeded(event)) => event.succeeded_at,
        _ => None,
    };
    let happened_at = happened_at.map_or(delivered.recorded_at, |at| instant(Some(&at)));
    let counted_at = match &delivered.event {
        PublicEvent::Scheduling(Scheduling::SessionCompleted(event)) => {
            instant(event.starts_at.as_ref())
        }
        _ => happened_at,
    };
    (happened_at, counted_at)
}

fn instant(timestamp: Option<&Timestamp>) -> DateTime<Utc> {
    timestamp.and_then(wire::instant).unwrap()
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
