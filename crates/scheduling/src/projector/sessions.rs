//! Sessions and who takes part in them.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use eventsourcing::{Delivered, FoldError, Keys, Projection};
use serde::{Deserialize, Serialize};
use values::{
    ChildId, LocalTimes, LocationId, Money, PaymentId, ScheduleId, SessionId, SlotId, TrainerId,
    UserId,
};

use crate::domain::SchedulingLogEvent;
use crate::domain::session::{CanceledBy, CancellationPolicy, Place, SessionEvent, SessionState};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    pub id: SessionId,
    pub state: SessionState,
    pub slot_id: SlotId,
    pub schedule_id: ScheduleId,
    pub trainer_id: TrainerId,
    /// The parent who booked.
    pub parent_id: UserId,
    /// The children, the main child first.
    pub child_ids: Vec<ChildId>,
    pub location_id: LocationId,
    /// Its start, included.
    pub starts_at: DateTime<Utc>,
    /// Its end, excluded.
    pub ends_at: DateTime<Utc>,
    /// IANA zone of the location.
    pub time_zone: String,
    /// Civil date at the location.
    pub local_date: NaiveDate,
    pub local_start: NaiveTime,
    pub local_end: NaiveTime,
    /// What it costs, minor units.
    pub total_price: i64,
    pub currency: String,
    pub cancellation_notice_hours: u32,
    /// When the hold runs out, or did.
    pub hold_expires_at: DateTime<Utc>,
    pub booked_at: DateTime<Utc>,
    /// The payment that paid for it.
    pub payment_id: Option<PaymentId>,
    pub canceled_by: Option<CanceledBy>,
    /// Whether that was later than the policy allows.
    pub canceled_late: bool,
    /// The payment that went back because of that.
    pub refund_payment_id: Option<PaymentId>,
    /// When it was said that it took place.
    pub completed_at: Option<DateTime<Utc>>,
    /// When something happened to it last.
    pub updated_at: DateTime<Utc>,
}

/// A child of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParticipantRow {
    pub session_id: SessionId,
    pub child_id: ChildId,
    /// Whether it is the main child.
    pub is_main: bool,
}

eventsourcing::rows! {
    SessionRow in "sessions" by (id: SessionId),
    ParticipantRow in "session_participants" by (session_id: SessionId, child_id: ChildId),
}

eventsourcing::tables! {
    /// What this projection writes.
    pub struct SessionsTables {
        sessions: SessionRow,
        participants: ParticipantRow,
    }
}

/// Folds sessions from the service's own log.
pub struct Sessions;

impl Projection for Sessions {
    const NAME: &'static str = "sessions";
    const FOLD_VERSION: i32 = 1;
    type Event = SchedulingLogEvent;
    type Tables = SessionsTables;

    fn keys(&self, event: &Delivered<SchedulingLogEvent>) -> Keys {
        Keys::one(&event.aggregate_id)
    }

    fn fold(
        &self,
        event: &Delivered<SchedulingLogEvent>,
        tables: &mut SessionsTables,
    ) -> Result<(), FoldError> {
        let SchedulingLogEvent::Session(session_event) = &event.event else {
            return Ok(());
        };
        if let SessionEvent::SessionHeld {
            session_id,
            place,
            local,
            parent_id,
            price,
            policy,
            hold_expires_at,
            held_at,
        } = &**session_event
        {
            let mut row = held(*session_id, place, local, price, *policy);
            row.parent_id = *parent_id;
            row.hold_expires_at = *hold_expires_at;
            row.booked_at = *held_at;
            row.updated_at = *held_at;
            tables.sessions.insert(row);
            for (place, child_id) in place.child_ids.iter().enumerate() {
                tables.participants.insert(ParticipantRow {
                    session_id: *session_id,
                    child_id: *child_id,
                    is_main: place == 0,
                });
            }
            return Ok(());
        }
        let session_id = session_event.session_id();
        let row = tables
            .sessions
            .get_mut(&session_id)
            .ok_or_else(|| FoldError::missing("session", &session_id))?;
        change(row, session_event);
        Ok(())
    }
}

fn held(
    id: SessionId,
    place: &Place,
    local: &LocalTimes,
    price: &Money,
    policy: CancellationPolicy,
) -> SessionRow {
    SessionRow {
        id,
        state: SessionState::Pending,
        slot_id: place.slot_id,
        schedule_id: place.schedule_id,
        trainer_id: place.trainer_id,
        parent_id: UserId::default(),
        child_ids: place.child_ids.clone(),
        location_id: place.location_id,
        starts_at: place.time.from(),
        ends_at: place.time.to(),
        time_zone: local.time_zone.clone(),
        local_date: local.date,
        local_start: local.start,
        local_end: local.end,
        total_price: price.minor_units(),
        currency: price.currency_code().to_owned(),
        cancellation_notice_hours: policy.notice_hours,
        hold_expires_at: DateTime::UNIX_EPOCH,
        booked_at: DateTime::UNIX_EPOCH,
        payment_id: None,
        canceled_by: None,
        canceled_late: false,
        refund_payment_id: None,
        completed_at: None,
        updated_at: DateTime::UNIX_EPOCH,
    }
}

fn change(row: &mut SessionRow, event: &SessionEvent) {
    match event {
        SessionEvent::SessionHeld { held_at, .. } => row.updated_at = *held_at,
        SessionEvent::SessionHoldExpired { expired_at, .. } => {
            row.state = SessionState::Expired;
            row.updated_at = *expired_at;
        }
        SessionEvent::SessionReinstated { reinstated_at, .. } => {
            row.state = SessionState::Pending;
            row.updated_at = *reinstated_at;
        }
        SessionEvent::SessionPaid {
            payment_id,
            paid_at,
            ..
        } => {
            row.state = SessionState::Paid;
            row.payment_id = *payment_id;
            row.updated_at = *paid_at;
        }
        SessionEvent::SessionCanceled {
            canceled_by,
            late,
            refund_payment_id,
            canceled_at,
            ..
        } => {
            row.state = SessionState::Canceled;
            row.canceled_by = Some(*canceled_by);
            row.canceled_late = *late;
            row.refund_payment_id = *refund_payment_id;
            row.updated_at = *canceled_at;
        }
        SessionEvent::SessionCompleted { completed_at, .. } => {
            row.state = SessionState::Completed;
            row.completed_at = Some(*completed_at);
            row.updated_at = *completed_at;
        }
        SessionEvent::SessionPaymentRejected { rejected_at, .. } => row.updated_at = *rejected_at,
    }
}
