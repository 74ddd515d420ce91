//! Values of the domain as protobuf has them. Below the RPCs, the publisher and the processes.

use contracts::payments::events::v1 as events;
use contracts::payments::v1 as pb;
use strum::IntoEnumIterator as _;

use crate::domain::PayableKind;
use crate::domain::payment::{Payment, PaymentState, RefundReason, RefundState};

pub fn payable_kind(kind: PayableKind) -> events::PayableKind {
    match kind {
        PayableKind::Session => events::PayableKind::Session,
        PayableKind::TicketHold => events::PayableKind::TicketHold,
    }
}

/// The kind that a message means; `None` for the unspecified one.
pub fn payable_kind_of(kind: events::PayableKind) -> Option<PayableKind> {
    PayableKind::iter().find(|known| payable_kind(*known) == kind)
}

pub fn payment_state(state: PaymentState) -> pb::PaymentState {
    match state {
        PaymentState::Created => pb::PaymentState::Created,
        PaymentState::Processing => pb::PaymentState::Processing,
        PaymentState::Succeeded => pb::PaymentState::Succeeded,
        PaymentState::Failed => pb::PaymentState::Failed,
        PaymentState::Canceled => pb::PaymentState::Canceled,
        PaymentState::Unknown => pb::PaymentState::Unknown,
    }
}

/// The state that a message means; `None` for the unspecified one.
pub fn payment_state_of(state: pb::PaymentState) -> Option<PaymentState> {
    PaymentState::iter().find(|known| payment_state(*known) == state)
}

/// The state of a payment after a command.
pub fn state_after(payment: &Payment) -> i32 {
    let state = payment.state().map(payment_state);
    state.unwrap_or_default().into()
}

pub fn refund_state(state: RefundState) -> pb::RefundState {
    match state {
        RefundState::Requested => pb::RefundState::Requested,
        RefundState::Submitted => pb::RefundState::Submitted,
        RefundState::Unknown => pb::RefundState::Unknown,
        RefundState::Succeeded => pb::RefundState::Succeeded,
        RefundState::Failed => pb::RefundState::Failed,
    }
}

pub fn refund_reason(reason: RefundReason) -> pb::RefundReason {
    match reason {
        RefundReason::SessionCanceled => pb::RefundReason::SessionCanceled,
        RefundReason::SessionPaymentRejected => pb::RefundReason::SessionPaymentRejected,
        RefundReason::TicketPaymentRejected => pb::RefundReason::TicketPaymentRejected,
    }
}

/// The reason that a message means; `None` for the unspecified one.
pub fn refund_reason_of(reason: pb::RefundReason) -> Option<RefundReason> {
    RefundReason::iter().find(|known| refund_reason(*known) == reason)
}
