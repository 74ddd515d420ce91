//! `payments`, `trainer_orders` and `refunds`: what parents and admins see of money.

use chrono::{DateTime, Utc};
use eventsourcing::{Delivered, FoldError, Keys, Projection};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use values::{EventId, Money, PaymentId, RefundId, TicketId, TierId, TrainerId, UserId};

use crate::domain::payment::{PaymentEvent, PaymentState, RefundCause, RefundReason, RefundState};
use crate::domain::{Payable, PaymentsLogEvent, Purchase};

/// A payment for tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRow {
    pub id: PaymentId,
    pub user_id: UserId,
    pub event_id: Option<EventId>,
    pub event_ticket_id: Option<TierId>,
    pub ticket_id: Option<TicketId>,
    pub payable_id: Uuid,
    pub stripe_payment_id: Option<String>,
    pub amount: i64,
    pub currency: String,
    pub refunded: i64,
    pub status: PaymentState,
    pub failure_code: Option<String>,
    pub payment_method: String,
    /// Where the receipt goes; unknown to payments.
    pub email: Option<String>,
    pub live: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A payment for a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainerOrderRow {
    pub id: PaymentId,
    pub user_id: UserId,
    pub trainer_id: TrainerId,
    pub payable_id: Uuid,
    pub stripe_payment_id: Option<String>,
    pub amount: i64,
    pub currency: String,
    pub refunded: i64,
    pub status: PaymentState,
    pub failure_code: Option<String>,
    pub payment_method: String,
    pub live: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Money that goes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRow {
    pub id: RefundId,
    /// The ticket, when the payment was for one.
    pub ticket_id: Option<TicketId>,
    pub user_id: UserId,
    pub payment_id: PaymentId,
    pub amount: i64,
    pub currency: String,
    /// The legacy word: PENDING, APPROVED, REJECTED, COMPLETED.
    pub status: String,
    pub state: RefundState,
    /// The provider's name of the payment.
    pub stripe_payment_id: Option<String>,
    pub reason: RefundReason,
    pub cause_event_id: Uuid,
    pub failure_code: Option<String>,
    pub requested_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

eventsourcing::rows! {
    PaymentRow in "payments" by (id: PaymentId),
    TrainerOrderRow in "trainer_orders" by (id: PaymentId),
    RefundRow in "refunds" by (id: RefundId),
}

eventsourcing::tables! {
    pub struct PaymentsTables {
        payments: PaymentRow,
        trainer_orders: TrainerOrderRow,
        refunds: RefundRow,
    }
}

/// Folds payments and refunds from the own log.
pub struct Payments;

impl Projection for Payments {
    const NAME: &'static str = "payments";
    const FOLD_VERSION: i32 = 1;
    type Event = PaymentsLogEvent;
    type Tables = PaymentsTables;

    fn keys(&self, event: &Delivered<PaymentsLogEvent>) -> Keys {
        Keys::one(&event.aggregate_id)
    }

    fn fold(
        &self,
        event: &Delivered<PaymentsLogEvent>,
        tables: &mut PaymentsTables,
    ) -> Result<(), FoldError> {
        let at = event.recorded_at;
        let PaymentsLogEvent::Payment(event) = &event.event;
        match event {
            PaymentEvent::PaymentCreated {
                payment_id,
                user_id,
                payable,
                purchase,
                amount,
                payment_method,
                live,
                pay_by: _,
                created_at,
            } => tables.open(&Opened {
                payment_id: *payment_id,
                user_id: *user_id,
                payable: *payable,
                purchase,
                amount,
                payment_method,
                live: *live,
                at: *created_at,
            }),
            PaymentEvent::PaymentSubmitted { payment_id, .. } => {
                tables.moved(*payment_id, PaymentState::Processing, at)?;
            }
            PaymentEvent::PaymentOutcomeUnknown { payment_id, .. } => {
                tables.moved(*payment_id, PaymentState::Unknown, at)?;
            }
            PaymentEvent::PaymentSucceeded {
                payment_id,
                provider_reference,
                ..
            } => {
                tables.moved(*payment_id, PaymentState::Succeeded, at)?;
                let row = tables.columns(*payment_id)?;
                *row.reference = Some(provider_reference.clone());
                *row.failure_code = None;
            }
            PaymentEvent::PaymentFailed {
                payment_id,
                failure_code,
                ..
            } => {
                tables.moved(*payment_id, PaymentState::Failed, at)?;
                *tables.columns(*payment_id)?.failure_code = Some(failure_code.clone());
            }
            PaymentEvent::PaymentCanceled {
                payment_id, reason, ..
            } => {
                tables.moved(*payment_id, PaymentState::Canceled, at)?;
                *tables.columns(*payment_id)?.failure_code = Some(reason.to_string());
            }
            PaymentEvent::RefundDeferred { .. } => {}
            PaymentEvent::RefundRequested {
                payment_id,
                refund_id,
                amount,
                cause,
                requested_at,
            } => {
                tables.request_refund(*payment_id, *refund_id, amount, *cause, *requested_at)?;
            }
            PaymentEvent::RefundSubmitted { refund_id, .. } => {
                tables.refund_moved(*refund_id, RefundState::Submitted, at)?;
            }
            PaymentEvent::RefundOutcomeUnknown { refund_id, .. } => {
                tables.refund_moved(*refund_id, RefundState::Unknown, at)?;
            }
            PaymentEvent::RefundSucceeded {
                payment_id,
                refund_id,
                amount,
                ..
            } => {
                tables.refund_moved(*refund_id, RefundState::Succeeded, at)?;
                let row = tables.columns(*payment_id)?;
                *row.refunded += amount.minor_units();
                *row.updated_at = at;
            }
            PaymentEvent::RefundFailed {
                refund_id,
                failure_code,
                ..
            } => {
                tables
                    .refund_moved(*refund_id, RefundState::Failed, at)?
                    .failure_code = Some(failure_code.clone());
            }
        }
        Ok(())
    }
}

/// What `PaymentCreated` says, for the row of either table.
struct Opened<'a> {
    payment_id: PaymentId,
    user_id: UserId,
    payable: Payable,
    purchase: &'a Purchase,
    amount: &'a Money,
    payment_method: &'a str,
    live: bool,
    at: DateTime<Utc>,
}

/// The columns that `payments` and `trainer_orders` share.
struct Columns<'a> {
    user_id: UserId,
    ticket_id: Option<TicketId>,
    reference: &'a mut Option<String>,
    refunded: &'a mut i64,
    status: &'a mut PaymentState,
    failure_code: &'a mut Option<String>,
    updated_at: &'a mut DateTime<Utc>,
}

impl PaymentsTables {
    fn open(&mut self, opened: &Opened<'_>) {
        match *opened.purchase {
            Purchase::Session { trainer_id } => self.trainer_orders.insert(TrainerOrderRow {
                id: opened.payment_id,
                user_id: opened.user_id,
                trainer_id,
                payable_id: opened.payable.id(),
                stripe_payment_id: None,
                amount: opened.amount.minor_units(),
                currency: opened.amount.currency_code().to_owned(),
                refunded: 0,
                status: PaymentState::Created,
                failure_code: None,
                payment_method: opened.payment_method.to_owned(),
                live: opened.live,
                created_at: opened.at,
                updated_at: opened.at,
            }),
            Purchase::Tickets {
                event_id,
                tier_id,
                ticket_id,
            } => self.payments.insert(PaymentRow {
                id: opened.payment_id,
                user_id: opened.user_id,
                event_id: Some(event_id),
                event_ticket_id: tier_id,
                ticket_id,
                payable_id: opened.payable.id(),
                stripe_payment_id: None,
                amount: opened.amount.minor_units(),
                currency: opened.amount.currency_code().to_owned(),
                refunded: 0,
                status: PaymentState::Created,
                failure_code: None,
                payment_method: opened.payment_method.to_owned(),
                email: None,
                live: opened.live,
                created_at: opened.at,
                updated_at: opened.at,
            }),
        }
    }

    fn columns(&mut self, payment_id: PaymentId) -> Result<Columns<'_>, FoldError> {
        if let Some(row) = self.payments.get_mut(&payment_id) {
            return Ok(Columns {
                user_id: row.user_id,
                ticket_id: row.ticket_id,
                reference: &mut row.stripe_payment_id,
                refunded: &mut row.refunded,
                status: &mut row.status,
                failure_code: &mut row.failure_code,
                updated_at: &mut row.updated_at,
            });
        }
        let row = self.trainer_orders.get_mut(&payment_id);
        let row = row.ok_or_else(|| FoldError::missing("payment", &payment_id))?;
        Ok(Columns {
            user_id: row.user_id,
            ticket_id: None,
            reference: &mut row.stripe_payment_id,
            refunded: &mut row.refunded,
            status: &mut row.status,
            failure_code: &mut row.failure_code,
            updated_at: &mut row.updated_at,
        })
    }

    fn moved(
        &mut self,
        payment_id: PaymentId,
        state: PaymentState,
        at: DateTime<Utc>,
    ) -> Result<(), FoldError> {
        let row = self.columns(payment_id)?;
        *row.status = state;
        *row.updated_at = at;
        Ok(())
    }

    fn request_refund(
        &mut self,
        payment_id: PaymentId,
        refund_id: RefundId,
        amount: &Money,
        cause: RefundCause,
        at: DateTime<Utc>,
    ) -> Result<(), FoldError> {
        let payment = self.columns(payment_id)?;
        let row = RefundRow {
            id: refund_id,
            ticket_id: payment.ticket_id,
            user_id: payment.user_id,
            payment_id,
            amount: amount.minor_units(),
            currency: amount.currency_code().to_owned(),
            status: legacy(RefundState::Requested).to_owned(),
            state: RefundState::Requested,
            stripe_payment_id: payment.reference.clone(),
            reason: cause.reason,
            cause_event_id: cause.event_id,
            failure_code: None,
            requested_at: at,
            updated_at: at,
        };
        self.refunds.insert(row);
        Ok(())
    }

    fn refund_moved(
        &mut self,
        refund_id: RefundId,
        state: RefundState,
        at: DateTime<Utc>,
    ) -> Result<&mut RefundRow, FoldError> {
        let row = self.refunds.get_mut(&refund_id);
        let row = row.ok_or_else(|| FoldError::missing("refund", &refund_id))?;
        legacy(state).clone_into(&mut row.status);
        row.state = state;
        row.updated_at = at;
        Ok(row)
    }
}

/// The word that the old schema has for a state.
fn legacy(state: RefundState) -> &'static str {
    match state {
        RefundState::Requested => "PENDING",
        RefundState::Submitted | RefundState::Unknown => "APPROVED",
        RefundState::Succeeded => "COMPLETED",
        RefundState::Failed => "REJECTED",
    }
}
