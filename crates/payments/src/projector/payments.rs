//! `payments`, `trainer_orders` and `refunds`: what parents and admins see of money.

use chrono::{DateTime, Utc};
use eventsourcing::{AnyTable, Delivered, FoldError, Projection, Table, TableSet};
use uuid::Uuid;

use super::{PaymentRow, RefundRow, TrainerOrderRow};
use crate::domain::{
    Money, Payable, PaymentsLogEvent, Purchase,
    payment::{PaymentEvent, PaymentState, RefundCause, RefundState},
};

/// Folds the tables `payments`, `trainer_orders` and `refunds` from the own log.
pub struct Payments;

/// The tables that [`Payments`] folds.
#[derive(Default)]
pub struct Tables {
    payments: Table<PaymentRow>,
    trainer_orders: Table<TrainerOrderRow>,
    refunds: Table<RefundRow>,
}

impl TableSet for Tables {
    fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![
            &mut self.payments,
            &mut self.trainer_orders,
            &mut self.refunds,
        ]
    }
}

impl Projection for Payments {
    const NAME: &'static str = "payments";
    const FOLD_VERSION: i32 = 1;
    type Event = PaymentsLogEvent;
    type Tables = Tables;

    fn key(&self, delivered: &Delivered<PaymentsLogEvent>) -> String {
        delivered.aggregate_id.clone()
    }

    fn touch(&self, delivered: &Delivered<PaymentsLogEvent>, tables: &mut Tables) {
        if let Ok(payment_id) = payment_id(delivered) {
            tables.payments.touch(payment_id);
            tables.trainer_orders.touch(payment_id);
        }
        let PaymentsLogEvent::Payment(event) = &delivered.event;
        if let Some(refund_id) = refund_id(event) {
            tables.refunds.touch(refund_id);
        }
    }

    fn fold(
        &self,
        delivered: &Delivered<PaymentsLogEvent>,
        tables: &mut Tables,
    ) -> Result<(), FoldError> {
        let payment_id = payment_id(delivered)?;
        let at = delivered.recorded_at;
        let PaymentsLogEvent::Payment(event) = &delivered.event;
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
            PaymentEvent::PaymentSubmitted { .. } => {
                tables.moved(payment_id, PaymentState::Processing, at)?;
            }
            PaymentEvent::PaymentOutcomeUnknown { .. } => {
                tables.moved(payment_id, PaymentState::Unknown, at)?;
            }
            PaymentEvent::PaymentSucceeded {
                provider_reference, ..
            } => {
                tables.moved(payment_id, PaymentState::Succeeded, at)?;
                let row = tables.columns(payment_id)?;
                *row.reference = Some(provider_reference.clone());
                *row.failure_code = None;
            }
            PaymentEvent::PaymentFailed { failure_code, .. } => {
                tables.moved(payment_id, PaymentState::Failed, at)?;
                *tables.columns(payment_id)?.failure_code = Some(failure_code.clone());
            }
            PaymentEvent::PaymentCanceled { reason, .. } => {
                tables.moved(payment_id, PaymentState::Canceled, at)?;
                *tables.columns(payment_id)?.failure_code = Some(reason.to_string());
            }
            PaymentEvent::RefundDeferred { .. } => {}
            PaymentEvent::RefundRequested {
                refund_id,
                amount,
                cause,
                requested_at,
            } => {
                tables.request_refund(payment_id, *refund_id, amount, *cause, *requested_at)?;
            }
            PaymentEvent::RefundSubmitted { refund_id, .. } => {
                tables.refund_moved(*refund_id, RefundState::Submitted, at)?;
            }
            PaymentEvent::RefundOutcomeUnknown { refund_id, .. } => {
                tables.refund_moved(*refund_id, RefundState::Unknown, at)?;
            }
            PaymentEvent::RefundSucceeded {
                refund_id, amount, ..
            } => {
                tables.refund_moved(*refund_id, RefundState::Succeeded, at)?;
                let row = tables.columns(payment_id)?;
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
    payment_id: Uuid,
    user_id: Uuid,
    payable: Payable,
    purchase: &'a Purchase,
    amount: &'a Money,
    payment_method: &'a str,
    live: bool,
    at: DateTime<Utc>,
}

/// The columns that `payments` and `trainer_orders` share.
struct Columns<'a> {
    user_id: Uuid,
    ticket_id: Option<Uuid>,
    reference: &'a mut Option<String>,
    refunded: &'a mut i64,
    status: &'a mut String,
    failure_code: &'a mut Option<String>,
    updated_at: &'a mut DateTime<Utc>,
}

impl Tables {
    fn open(&mut self, opened: &Opened<'_>) {
        match *opened.purchase {
            Purchase::Session { trainer_id } => self.trainer_orders.insert(TrainerOrderRow {
                id: opened.payment_id,
                user_id: opened.user_id,
                trainer_id,
                payable_id: opened.payable.id,
                stripe_payment_id: None,
                amount: opened.amount.minor_units(),
                currency: opened.amount.currency().to_owned(),
                refunded: 0,
                status: PaymentState::Created.to_string(),
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
                payable_id: opened.payable.id,
                stripe_payment_id: None,
                amount: opened.amount.minor_units(),
                currency: opened.amount.currency().to_owned(),
                refunded: 0,
                status: PaymentState::Created.to_string(),
                failure_code: None,
                payment_method: opened.payment_method.to_owned(),
                email: None,
                live: opened.live,
                created_at: opened.at,
                updated_at: opened.at,
            }),
        }
    }

    fn columns(&mut self, payment_id: Uuid) -> Result<Columns<'_>, FoldError> {
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
        payment_id: Uuid,
        state: PaymentState,
        at: DateTime<Utc>,
    ) -> Result<(), FoldError> {
        let row = self.columns(payment_id)?;
        *row.status = state.to_string();
        *row.updated_at = at;
        Ok(())
    }

    fn request_refund(
        &mut self,
        payment_id: Uuid,
        refund_id: Uuid,
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
            currency: amount.currency().to_owned(),
            status: legacy(RefundState::Requested).to_owned(),
            state: RefundState::Requested.to_string(),
            stripe_payment_id: payment.reference.clone(),
            reason: cause.reason.to_string(),
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
        refund_id: Uuid,
        state: RefundState,
        at: DateTime<Utc>,
    ) -> Result<&mut RefundRow, FoldError> {
        let row = self.refunds.get_mut(&refund_id);
        let row = row.ok_or_else(|| FoldError::missing("refund", &refund_id))?;
        legacy(state).clone_into(&mut row.status);
        row.state = state.to_string();
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

fn payment_id(delivered: &Delivered<PaymentsLogEvent>) -> Result<Uuid, FoldError> {
    Uuid::parse_str(&delivered.aggregate_id).map_err(|error| FoldError::new(error.to_string()))
}

fn refund_id(event: &PaymentEvent) -> Option<Uuid> {
    match event {
        PaymentEvent::RefundRequested { refund_id, .. }
        | PaymentEvent::RefundSubmitted { refund_id, .. }
        | PaymentEvent::RefundSucceeded { refund_id, .. }
        | PaymentEvent::RefundFailed { refund_id, .. }
        | PaymentEvent::RefundOutcomeUnknown { refund_id, .. } => Some(*refund_id),
        PaymentEvent::PaymentCreated { .. }
        | PaymentEvent::PaymentSubmitted { .. }
        | PaymentEvent::PaymentSucceeded { .. }
        | PaymentEvent::PaymentFailed { .. }
        | PaymentEvent::PaymentOutcomeUnknown { .. }
        | PaymentEvent::PaymentCanceled { .. }
        | PaymentEvent::RefundDeferred { .. } => None,
    }
}
