//! What a payment that succeeded means for a session. Payments arrive late, twice, or
//! side by side; none of that is refused.

use chrono::{DateTime, Utc};
use values::PaymentId;

use super::event::SessionEvent;
use super::{Held, SessionState};

impl Held {
    /// Pays for a hold; takes the place again after it ran out, which the claims allow or
    /// not; rejects any other payment.
    pub(super) fn settle(&self, payment_id: PaymentId, now: DateTime<Utc>) -> Vec<SessionEvent> {
        if self.knows(payment_id) {
            return vec![];
        }
        let paid = SessionEvent::SessionPaid {
            session_id: self.session_id,
            slot: self.place.slot(),
            payment_id: Some(payment_id),
            paid_at: now,
        };
        match self.state {
            SessionState::Pending => vec![paid],
            SessionState::Expired if now < self.place.time.from() => vec![
                SessionEvent::SessionReinstated {
                    session_id: self.session_id,
                    place: self.place.clone(),
                    reinstated_at: now,
                },
                paid,
            ],
            SessionState::Expired
            | SessionState::Paid
            | SessionState::Completed
            | SessionState::Canceled => vec![self.rejected(payment_id, now)],
        }
    }

    /// Sends a payment back, unless it was applied or sent back already.
    pub(super) fn reject_payment(
        &self,
        payment_id: PaymentId,
        now: DateTime<Utc>,
    ) -> Vec<SessionEvent> {
        if self.knows(payment_id) {
            return vec![];
        }
        vec![self.rejected(payment_id, now)]
    }

    fn rejected(&self, payment_id: PaymentId, now: DateTime<Utc>) -> SessionEvent {
        SessionEvent::SessionPaymentRejected {
            session_id: self.session_id,
            payment_id,
            rejected_at: now,
        }
    }

    fn knows(&self, payment_id: PaymentId) -> bool {
        self.payment_id == Some(payment_id) || self.rejected_payments.contains(&payment_id)
    }
}
