mod claims;
mod golden;
mod settlement;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use cqrs_es::test::{AggregateTestExecutor, TestFramework};
use eventsourcing::{Claim, ClaimChange, ClaimingEvent, Root};
use uuid::Uuid;
use values::{ChildId, Interval, LocalTimes, Money, PaymentId, SessionId, TrainerId, UserId};

use super::{
    Acting, CanceledBy, CancellationPolicy, Hold, Place, Session, SessionCommand, SessionError,
    SessionEvent, SessionState,
};

/// Sessions of these tests are booked at 0 and start two days later, for 90 minutes.
pub const START: i64 = 2 * 24 * 60 * 60;
const POLICY: CancellationPolicy = CancellationPolicy { notice_hours: 24 };

fn trainer() -> TrainerId {
    Uuid::from_u128(100).into()
}

fn parent() -> UserId {
    Uuid::from_u128(101).into()
}

pub fn payment() -> PaymentId {
    Uuid::from_u128(900).into()
}

pub fn session_id() -> SessionId {
    Uuid::from_u128(400).into()
}

fn child(number: u128) -> ChildId {
    Uuid::from_u128(number).into()
}

pub fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(minute * 60, 0).unwrap()
}

fn hours_before_start(hours: i64) -> DateTime<Utc> {
    start() - TimeDelta::hours(hours)
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(START, 0).unwrap()
}

fn end() -> DateTime<Utc> {
    start() + TimeDelta::minutes(90)
}

pub fn place(children: &[u128]) -> Place {
    Place {
        schedule_id: Uuid::from_u128(300).into(),
        slot_id: Uuid::from_u128(301).into(),
        trainer_id: trainer(),
        location_id: Uuid::from_u128(302).into(),
        child_ids: children.iter().map(|it| child(*it)).collect(),
        time: Interval::new(start(), end()).unwrap(),
    }
}

fn local() -> LocalTimes {
    LocalTimes {
        time_zone: "Europe/London".to_owned(),
        date: NaiveDate::from_ymd_opt(1970, 1, 3).unwrap(),
        start: NaiveTime::MIN,
        end: NaiveTime::from_hms_opt(1, 30, 0).unwrap(),
    }
}

fn usd(minor_units: i64) -> Money {
    Money::new("USD", minor_units).unwrap()
}

fn hold(children: &[u128], group_price: Option<Money>, now: DateTime<Utc>) -> SessionCommand {
    hold_with(place(children), group_price, now)
}

/// A hold that no price stands in the way of.
pub fn hold_at(place: Place, now: DateTime<Utc>) -> SessionCommand {
    hold_with(place, Some(usd(15_000)), now)
}

fn hold_with(place: Place, group_price: Option<Money>, now: DateTime<Utc>) -> SessionCommand {
    SessionCommand::Hold(Box::new(Hold {
        session_id: session_id(),
        place,
        local: local(),
        parent_id: parent(),
        trainer_bookable: true,
        archived_child: None,
        price_per_hour: usd(7_999),
        group_price,
        policy: POLICY,
        hold_for: TimeDelta::minutes(15),
        now,
    }))
}

/// A hold of somebody who cannot be booked, by what says so.
fn hold_unless(trainer_bookable: bool, archived_child: Option<ChildId>) -> SessionCommand {
    let SessionCommand::Hold(mut hold) = hold(&[1], None, at(0)) else {
        unreachable!("a hold is one");
    };
    hold.trainer_bookable = trainer_bookable;
    hold.archived_child = archived_child;
    SessionCommand::Hold(hold)
}

#[test]
fn a_trainer_who_takes_no_bookings_gets_none() {
    given(vec![])
        .when(hold_unless(false, None))
        .then_expect_error(SessionError::TrainerNotBookable);
}

#[test]
fn nothing_new_is_booked_for_an_archived_child() {
    let child_id = child(1);
    given(vec![])
        .when(hold_unless(true, Some(child_id)))
        .then_expect_error(SessionError::ChildArchived { child_id });
}

fn held_for(children: &[u128], price: Money) -> SessionEvent {
    SessionEvent::SessionHeld {
        session_id: session_id(),
        place: place(children),
        local: local(),
        parent_id: parent(),
        price,
        policy: POLICY,
        hold_expires_at: at(15),
        held_at: at(0),
    }
}

pub fn held() -> SessionEvent {
    held_for(&[1], usd(11_999))
}

pub fn expired(expired_at: DateTime<Utc>) -> SessionEvent {
    SessionEvent::SessionHoldExpired {
        session_id: session_id(),
        slot: place(&[1]).slot(),
        expired_at,
    }
}

pub fn paid(payment_id: PaymentId, paid_at: DateTime<Utc>) -> SessionEvent {
    SessionEvent::SessionPaid {
        session_id: session_id(),
        slot: place(&[1]).slot(),
        payment_id: Some(payment_id),
        paid_at,
    }
}

pub fn canceled(
    freed: bool,
    refund_payment_id: Option<PaymentId>,
    canceled_at: DateTime<Utc>,
) -> SessionEvent {
    SessionEvent::SessionCanceled {
        session_id: session_id(),
        slot: place(&[1]).slot(),
        freed,
        canceled_by: CanceledBy::Parent,
        late: false,
        refund_payment_id,
        canceled_at,
    }
}

fn completed() -> SessionEvent {
    SessionEvent::SessionCompleted {
        session_id: session_id(),
        trainer_id: trainer(),
        starts_at: start(),
        completed_at: end(),
    }
}

pub fn given(events: Vec<SessionEvent>) -> AggregateTestExecutor<Root<Session>> {
    TestFramework::with(()).given(events)
}

fn cancel(acting: Acting, now: DateTime<Utc>) -> SessionCommand {
    SessionCommand::Cancel { acting, now }
}

fn complete(acting: Acting, now: DateTime<Utc>) -> SessionCommand {
    SessionCommand::Complete { acting, now }
}

#[test]
fn one_child_pays_by_the_hour_with_half_a_cent_rounded_up() {
    given(vec![])
        .when(hold(&[1], None, at(0)))
        .then_expect_events(vec![held_for(&[1], usd(11_999))]);
}

#[test]
fn a_group_price_has_no_say_for_one_child() {
    given(vec![])
        .when(hold(&[1], Some(usd(5)), at(0)))
        .then_expect_events(vec![held_for(&[1], usd(11_999))]);
}

#[test]
fn a_group_pays_the_trainers_price_for_its_size() {
    given(vec![])
        .when(hold(&[1, 2, 3], Some(usd(15_000)), at(0)))
        .then_expect_events(vec![held_for(&[1, 2, 3], usd(15_000))]);
}

#[test]
fn a_group_price_in_a_currency_that_the_trainer_has_left_is_none() {
    let euros = Money::new("EUR", 15_000).unwrap();
    given(vec![])
        .when(hold(&[1, 2, 3], Some(euros), at(0)))
        .then_expect_error(SessionError::NoGroupPrice { participants: 3 });
}

#[test]
fn a_group_without_a_price_for_its_size_is_refused() {
    given(vec![])
        .when(hold(&[1, 2], None, at(0)))
        .then_expect_error(SessionError::NoGroupPrice { participants: 2 });
}

#[test]
fn what_is_free_stands_at_once() {
    given(vec![])
        .when(hold(&[1, 2], Some(usd(0)), at(0)))
        .then_expect_events(vec![
            held_for(&[1, 2], usd(0)),
            SessionEvent::SessionPaid {
                session_id: session_id(),
                slot: place(&[1, 2]).slot(),
                payment_id: None,
                paid_at: at(0),
            },
        ]);
}

#[test]
fn a_child_cannot_be_there_twice_and_somebody_must_be() {
    for children in [&[1, 2, 1][..], &[]] {
        given(vec![])
            .when(hold(children, Some(usd(15_000)), at(0)))
            .then_expect_error(SessionError::ChildrenNotDistinct);
    }
}

#[test]
fn a_slot_that_has_begun_is_refused() {
    given(vec![])
        .when(hold(&[1], None, start()))
        .then_expect_error(SessionError::Begun);
}

#[test]
fn a_held_session_is_not_held_again() {
    given(vec![held()])
        .when(hold(&[1], None, at(1)))
        .then_expect_error(SessionError::Exists);
}

#[test]
fn nothing_can_be_done_with_a_session_that_was_never_held() {
    for command in [
        cancel(Acting::Admin, at(1)),
        complete(Acting::Admin, at(1)),
        SessionCommand::ExpireHold { now: at(1) },
    ] {
        given(vec![])
            .when(command)
            .then_expect_error(SessionError::NotFound);
    }
}

#[test]
fn a_hold_expires_when_its_time_is_up() {
    given(vec![held()])
        .when(SessionCommand::ExpireHold { now: at(15) })
        .then_expect_events(vec![expired(at(15))]);
}

#[test]
fn a_timer_that_fires_a_little_early_expires_the_hold_at_its_own_time() {
    given(vec![held()])
        .when(SessionCommand::ExpireHold {
            now: at(15) - TimeDelta::seconds(2),
        })
        .then_expect_events(vec![expired(at(15))]);
}

#[test]
fn a_hold_does_not_expire_before_its_time() {
    given(vec![held()])
        .when(SessionCommand::ExpireHold { now: at(14) })
        .then_expect_error(SessionError::HoldRunning);
}

#[test]
fn expiring_what_is_not_held_any_more_is_success() {
    for after in [
        paid(payment(), at(5)),
        canceled(true, None, at(5)),
        expired(at(15)),
    ] {
        given(vec![held(), after])
            .when(SessionCommand::ExpireHold { now: at(16) })
            .then_expect_events(vec![]);
    }
}

#[test]
fn a_parent_cancels_a_hold_and_nothing_goes_back() {
    given(vec![held()])
        .when(cancel(Acting::Parent(parent()), at(5)))
        .then_expect_events(vec![canceled(true, None, at(5))]);
}

#[test]
fn a_parent_gets_everything_back_up_to_the_last_moment_of_the_notice() {
    let now = hours_before_start(24);
    given(vec![held(), paid(payment(), at(5))])
        .when(cancel(Acting::Parent(parent()), now))
        .then_expect_events(vec![canceled(true, Some(payment()), now)]);
}

#[test]
fn a_parent_who_cancels_late_gets_nothing_back() {
    let now = hours_before_start(24) + TimeDelta::seconds(1);
    given(vec![held(), paid(payment(), at(5))])
        .when(cancel(Acting::Parent(parent()), now))
        .then_expect_events(vec![SessionEvent::SessionCanceled {
            session_id: session_id(),
            slot: place(&[1]).slot(),
            freed: true,
            canceled_by: CanceledBy::Parent,
            late: true,
            refund_payment_id: None,
            canceled_at: now,
        }]);
}

#[test]
fn when_trainer_or_admin_cancel_everything_goes_back_however_late() {
    let now = hours_before_start(1);
    for (acting, canceled_by) in [
        (Acting::Trainer(trainer()), CanceledBy::Trainer),
        (Acting::Admin, CanceledBy::Admin),
    ] {
        given(vec![held(), paid(payment(), at(5))])
            .when(cancel(acting, now))
            .then_expect_events(vec![SessionEvent::SessionCanceled {
                session_id: session_id(),
                slot: place(&[1]).slot(),
                freed: true,
                canceled_by,
                late: true,
                refund_payment_id: Some(payment()),
                canceled_at: now,
            }]);
    }
}

#[test]
fn the_session_of_others_is_unknown() {
    let stranger = Uuid::from_u128(999);
    for acting in [
        Acting::Parent(stranger.into()),
        Acting::Trainer(stranger.into()),
    ] {
        given(vec![held()])
            .when(cancel(acting, at(1)))
            .then_expect_error(SessionError::NotFound);
        given(vec![held(), paid(payment(), at(5))])
            .when(complete(acting, end()))
            .then_expect_error(SessionError::NotFound);
    }
}

#[test]
fn a_parent_cannot_cancel_a_paid_session_that_has_begun() {
    given(vec![held(), paid(payment(), at(5))])
        .when(cancel(Acting::Parent(parent()), start()))
        .then_expect_error(SessionError::Begun);
}

#[test]
fn canceling_again_is_success() {
    given(vec![held(), canceled(true, None, at(5))])
        .when(cancel(Acting::Admin, at(6)))
        .then_expect_events(vec![]);
}

#[test]
fn a_session_whose_hold_ran_out_is_canceled_without_freeing_the_place_of_others() {
    given(vec![held(), expired(at(15))])
        .when(cancel(Acting::Parent(parent()), at(16)))
        .then_expect_events(vec![canceled(false, None, at(16))]);
    assert_eq!(canceled(false, None, at(16)).claims("any"), vec![]);
}

#[test]
fn a_completed_session_is_not_canceled() {
    given(vec![held(), paid(payment(), at(5)), completed()])
        .when(cancel(Acting::Admin, end()))
        .then_expect_error(SessionError::State {
            state: SessionState::Completed,
        });
}

#[test]
fn a_paid_session_is_completed_from_its_end_on() {
    given(vec![held(), paid(payment(), at(5))])
        .when(complete(Acting::Trainer(trainer()), end()))
        .then_expect_events(vec![completed()]);
    given(vec![held(), paid(payment(), at(5))])
        .when(complete(
            Acting::Trainer(trainer()),
            end() - TimeDelta::seconds(1),
        ))
        .then_expect_error(SessionError::NotOver);
}

#[test]
fn completing_again_is_success() {
    given(vec![held(), paid(payment(), at(5)), completed()])
        .when(complete(Acting::Admin, end()))
        .then_expect_events(vec![]);
}

#[test]
fn a_parent_does_not_complete_a_session() {
    given(vec![held(), paid(payment(), at(5))])
        .when(complete(Acting::Parent(parent()), end()))
        .then_expect_error(SessionError::NotFound);
}

#[test]
fn only_a_paid_session_is_completed() {
    for (events, state) in [
        (vec![held()], SessionState::Pending),
        (vec![held(), expired(at(15))], SessionState::Expired),
        (
            vec![held(), canceled(true, None, at(5))],
            SessionState::Canceled,
        ),
    ] {
        given(events)
            .when(complete(Acting::Admin, end()))
            .then_expect_error(SessionError::State { state });
    }
}

#[test]
fn a_hold_claims_the_slot_the_trainer_and_each_child_and_its_end_releases_them() {
    let interval = |scope, id| Claim::Interval {
        scope,
        key: Uuid::from_u128(id).to_string(),
        from: start(),
        to: end(),
    };
    let slot = Claim::Unique {
        scope: "slot",
        key: Uuid::from_u128(301).to_string(),
    };
    let claims = [slot, interval("trainer", 100), interval("child", 1)];
    let acquired: Vec<_> = claims.iter().cloned().map(ClaimChange::Acquire).collect();
    let released = vec![ClaimChange::ReleaseAll];
    assert_eq!(held().claims("any"), acquired);
    assert_eq!(expired(at(15)).claims("any"), released);
    assert_eq!(canceled(true, None, at(15)).claims("any"), released);
    assert_eq!(paid(payment(), at(15)).claims("any"), vec![]);
    assert_eq!(
        held_for(&[1, 2, 3], usd(1)).claims("any").len(),
        5,
        "slot, trainer and three children"
    );
}
