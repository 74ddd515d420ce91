//! The answers of `SessionService`.

use contracts::scheduling::v1 as pb;
use contracts::wire::{amount, date, local_end, local_time, money, optional_id, timestamp};
use values::{PaymentId, SessionId};

use crate::domain::session::{Held, Session, SessionEvent, SessionState};
use crate::projector::SessionRow;
use crate::wire::{session_state, state_after};

pub fn booked(session_id: SessionId, session: &Session) -> pb::BookSessionResponse {
    let held = session.held();
    pb::BookSessionResponse {
        session_id: session_id.to_string(),
        state: state_after(session),
        price: held.map(|held| money(held.price())),
        hold_expires_at: held
            .filter(|held| held.state() == SessionState::Pending)
            .map(|held| timestamp(held.hold_expires_at())),
        cancellation_notice_hours: held
            .and_then(|held| held.policy().notice_hours.try_into().ok())
            .unwrap_or_default(),
        position: None,
    }
}

pub fn canceled(session: &Session, _: &[SessionEvent]) -> pb::CancelSessionResponse {
    pb::CancelSessionResponse {
        state: state_after(session),
        refund_due: session.held().is_some_and(Held::refund_due),
        position: None,
    }
}

pub fn completed(session: &Session, _: &[SessionEvent]) -> pb::CompleteSessionResponse {
    pb::CompleteSessionResponse {
        state: state_after(session),
        position: None,
    }
}

pub fn expired(session: &Session, _: &[SessionEvent]) -> pb::ExpireSessionHoldResponse {
    pb::ExpireSessionHoldResponse {
        state: state_after(session),
        position: None,
    }
}

pub fn settled(payment_id: PaymentId, session: &Session) -> pb::SettleSessionResponse {
    let held = session.held();
    pb::SettleSessionResponse {
        state: state_after(session),
        accepted: held.is_some_and(|held| held.payment_id() == Some(payment_id)),
        position: None,
    }
}

impl From<SessionRow> for pb::Session {
    fn from(row: SessionRow) -> Self {
        let is_pending = row.state == SessionState::Pending;
        Self {
            session_id: row.id.to_string(),
            state: session_state(row.state).into(),
            slot_id: row.slot_id.to_string(),
            schedule_id: row.schedule_id.to_string(),
            trainer_id: row.trainer_id.to_string(),
            parent_id: row.parent_id.to_string(),
            child_ids: row.child_ids.iter().map(ToString::to_string).collect(),
            location_id: row.location_id.to_string(),
            starts_at: Some(timestamp(row.starts_at)),
            ends_at: Some(timestamp(row.ends_at)),
            time_zone: row.time_zone,
            date: Some(date(row.local_date)),
            local_start: local_time(row.local_start),
            local_end: local_end(row.local_end),
            price: Some(amount(row.currency, row.total_price)),
            cancellation_notice_hours: row.cancellation_notice_hours.try_into().unwrap_or(i32::MAX),
            hold_expires_at: is_pending.then(|| timestamp(row.hold_expires_at)),
            payment_id: optional_id(row.payment_id),
            canceled_late: row.canceled_late,
            booked_at: Some(timestamp(row.booked_at)),
        }
    }
}
