use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use contracts::log::v1::Envelope;
use contracts::payments::events::v1::payments_event::Event;
use contracts::payments::events::v1::{
    PayableKind, PaymentFailed, PaymentSucceeded, PaymentsEvent,
};
use contracts::scheduling::v1::{ExpireSessionHoldRequest, SettleSessionRequest};
use eventsourcing::{DecodeError, Delivered, Process, Received};
use prost::Message;
use testing::{Run, delivered};
use uuid::Uuid;
use values::{Interval, LocalTimes, Money, SessionId};

use super::{PaidSession, SessionHold, SessionPayment};
use crate::domain::SchedulingLogEvent;
use crate::domain::session::{CanceledBy, CancellationPolicy, Place, SessionEvent};

const SESSION: Uuid = Uuid::from_u128(1);
const PAYMENT: Uuid = Uuid::from_u128(11);
const EXPIRE: &str = "send /divinetime.scheduling.v1.SessionService/ExpireSessionHold";
const SETTLE: &str = "send /divinetime.scheduling.v1.SessionService/SettleSession";

fn session_id() -> SessionId {
    SESSION.into()
}

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(minute * 60, 0).unwrap()
}

fn place() -> Place {
    Place {
        schedule_id: Uuid::from_u128(2).into(),
        slot_id: Uuid::from_u128(3).into(),
        trainer_id: Uuid::from_u128(4).into(),
        location_id: Uuid::from_u128(5).into(),
        child_ids: vec![Uuid::from_u128(6).into()],
        time: Interval::new(at(5_000), at(5_060)).unwrap(),
    }
}

fn held() -> SessionEvent {
    SessionEvent::SessionHeld {
        session_id: session_id(),
        place: place(),
        local: LocalTimes {
            time_zone: "UTC".to_owned(),
            date: NaiveDate::default(),
            start: NaiveTime::MIN,
            end: NaiveTime::MIN,
        },
        parent_id: Uuid::from_u128(7).into(),
        price: Money::new("EUR", 1).unwrap(),
        policy: CancellationPolicy { notice_hours: 24 },
        hold_expires_at: at(15),
        held_at: at(0),
    }
}

fn expired() -> SessionEvent {
    SessionEvent::SessionHoldExpired {
        session_id: session_id(),
        slot: place().slot(),
        expired_at: at(15),
    }
}

fn paid() -> SessionEvent {
    SessionEvent::SessionPaid {
        session_id: session_id(),
        slot: place().slot(),
        payment_id: None,
        paid_at: at(1),
    }
}

fn canceled() -> SessionEvent {
    SessionEvent::SessionCanceled {
        session_id: session_id(),
        slot: place().slot(),
        freed: true,
        canceled_by: CanceledBy::Admin,
        late: false,
        refund_payment_id: None,
        canceled_at: at(1),
    }
}

/// An event of the session.
fn session(event: SessionEvent) -> Delivered<SchedulingLogEvent> {
    Delivered {
        aggregate_id: SESSION.to_string(),
        ..delivered(SchedulingLogEvent::Session(Box::new(event)))
    }
}

/// What the process wants done after these events, the last of which counts.
fn after(events: Vec<SessionEvent>) -> Vec<String> {
    let mut run = Run::of(SessionHold);
    let mut effects = vec![];
    for event in events {
        let event = session(event);
        assert_eq!(SessionHold.key(&event), Some(SESSION.to_string()));
        effects = run.delivered(&event);
    }
    effects
}

#[test]
fn a_hold_sets_a_timer_for_the_moment_at_which_it_runs_out() {
    assert_eq!(after(vec![held()]), ["timer hold at 900"]);
}

#[test]
fn a_hold_that_was_delivered_twice_has_one_timer() {
    assert_eq!(after(vec![held()]), after(vec![held(), held()]));
}

#[test]
fn paid_canceled_and_expired_sessions_need_no_timer_in_any_order() {
    for end in [paid(), canceled(), expired()] {
        for events in [
            vec![held(), end.clone()],
            vec![end.clone()],
            vec![end.clone(), end],
        ] {
            assert_eq!(after(events), ["done"]);
        }
    }
}

#[test]
fn the_timer_asks_the_session_to_expire_however_often_it_fires() {
    let mut run = Run::of(SessionHold);
    run.delivered(&session(held()));
    for _ in 0..2 {
        assert_eq!(run.timer("hold", at(15))[..1], [EXPIRE]);
        let request: ExpireSessionHoldRequest = run.sent();
        assert_eq!(request.session_id, SESSION.to_string());
        assert_eq!(request.request_id, "request");
    }
}

#[test]
fn what_is_not_about_a_hold_is_not_for_the_process() {
    let rejected = SessionEvent::SessionPaymentRejected {
        session_id: session_id(),
        payment_id: Uuid::from_u128(10).into(),
        rejected_at: at(1),
    };
    assert_eq!(SessionHold.key(&session(rejected)), None);
}

fn envelope(event: Event) -> Envelope {
    let event = PaymentsEvent { event: Some(event) };
    Envelope {
        payload: event.encode_to_vec(),
        ..Envelope::default()
    }
}

fn succeeded(kind: PayableKind) -> Envelope {
    envelope(Event::PaymentSucceeded(PaymentSucceeded {
        payment_id: PAYMENT.to_string(),
        payable_kind: kind.into(),
        payable_id: SESSION.to_string(),
        amount: None,
        succeeded_at: None,
    }))
}

fn read(envelope: &Envelope) -> Result<Option<PaidSession>, DecodeError> {
    Received::read(envelope, PaidSession::of_payments)
}

#[test]
fn a_payment_of_a_session_settles_it() {
    let event = read(&succeeded(PayableKind::Session)).unwrap();
    let event = delivered(event.unwrap());
    assert_eq!(SessionPayment.key(&event), Some(PAYMENT.to_string()));
    let mut run = Run::of(SessionPayment);
    assert_eq!(run.delivered(&event), [SETTLE, "done"]);
    let request: SettleSessionRequest = run.sent();
    assert_eq!(request.session_id, SESSION.to_string());
    assert_eq!(request.payment_id, PAYMENT.to_string());
}

#[test]
fn payments_of_other_things_and_failed_ones_are_left_alone() {
    let failed = envelope(Event::PaymentFailed(PaymentFailed::default()));
    for envelope in [succeeded(PayableKind::TicketHold), failed] {
        assert_eq!(read(&envelope).unwrap(), None);
    }
}

#[test]
fn a_payload_that_is_no_event_is_an_error_and_not_skipped() {
    let broken = Envelope {
        payload: vec![0xff],
        ..Envelope::default()
    };
    assert!(read(&broken).is_err());
}

#[test]
fn a_payment_of_a_session_that_is_no_id_is_an_error_that_names_the_field() {
    let mut odd = PaymentSucceeded {
        payable_kind: PayableKind::Session.into(),
        payable_id: "session".to_owned(),
        ..PaymentSucceeded::default()
    };
    let error = read(&envelope(Event::PaymentSucceeded(odd.clone()))).unwrap_err();
    assert!(error.to_string().contains("payable_id"), "{error}");
    odd.payable_id = SESSION.to_string();
    let error = read(&envelope(Event::PaymentSucceeded(odd))).unwrap_err();
    assert!(error.to_string().contains("payment_id"), "{error}");
}
