//! Pays for sessions and tickets, and waits until payments and refunds are settled.

use std::time::Duration;

use contracts::payments::events::v1::PayableKind;
use contracts::payments::v1::{
    CreatePaymentRequest, GetPaymentRequest, Payment, PaymentState, RefundState,
};
use tokio::time::Instant;

use crate::error::{Attempt as _, DemoError};
use crate::person::Person;
use crate::platform::Platform;
use crate::setup::request_id;
use crate::tally::{Product, Tally};

/// How long the demo waits for what the services bring about by themselves.
const PATIENCE: Duration = Duration::from_mins(1);

/// Pays for a session or for tickets that are held, waits until the provider has accepted or
/// declined, and counts the payment by this outcome.
pub async fn pay(
    platform: &Platform,
    parent: &Person,
    (kind, payable_id): (PayableKind, &str),
    method: &str,
    tally: &Tally,
) -> Result<Payment, DemoError> {
    let message = payment(kind, payable_id, method);
    let created = platform
        .patiently(|| {
            let mut client = platform.payments.clone();
            let request = parent.request(message.clone());
            async move { client.create_payment(request).await }
        })
        .await
        .attempting("paying")?;
    let payment = eventually(
        &format!("the outcome of payment {}", created.payment_id),
        || async {
            let payment = look(platform, parent, &created.payment_id).await?;
            let settled = matches!(
                payment.state(),
                PaymentState::Succeeded | PaymentState::Failed | PaymentState::Canceled
            );
            Ok(settled.then_some(payment))
        },
    )
    .await?;
    let amount = payment
        .amount
        .as_ref()
        .ok_or(DemoError::Incomplete("the amount of a payment"))?;
    match payment.state() {
        PaymentState::Succeeded => tally.succeeded_payment(product(kind), amount),
        PaymentState::Failed => tally.failed_payment(),
        _ => {}
    }
    Ok(payment)
}

/// Waits until the refund of a payment has succeeded or failed, and counts it. Returns whether the
/// whole amount went back.
pub async fn refunded(
    platform: &Platform,
    parent: &Person,
    payment_id: &str,
    tally: &Tally,
) -> Result<bool, DemoError> {
    let payment = eventually(&format!("the refund of payment {payment_id}"), || async {
        let payment = look(platform, parent, payment_id).await?;
        let settled = payment
            .refunds
            .iter()
            .any(|refund| matches!(refund.state(), RefundState::Succeeded | RefundState::Failed));
        Ok(settled.then_some(payment))
    })
    .await?;
    let mut back = 0;
    for refund in &payment.refunds {
        if let (RefundState::Succeeded, Some(amount)) = (refund.state(), &refund.amount) {
            tally.refund(product(payment.payable_kind()), amount);
            back += amount.minor_units;
        }
    }
    Ok(payment
        .amount
        .is_some_and(|amount| amount.minor_units == back))
}

/// The request that opens a payment.
pub fn payment(kind: PayableKind, payable_id: &str, method: &str) -> CreatePaymentRequest {
    CreatePaymentRequest {
        request_id: request_id(),
        payable_kind: kind.into(),
        payable_id: payable_id.to_owned(),
        payment_method: method.to_owned(),
    }
}

async fn look(
    platform: &Platform,
    parent: &Person,
    payment_id: &str,
) -> Result<Payment, DemoError> {
    let message = GetPaymentRequest {
        payment_id: payment_id.to_owned(),
        min_position: None,
    };
    let answer = platform
        .patiently(|| {
            let mut client = platform.payments.clone();
            let request = parent.request(message.clone());
            async move { client.get_payment(request).await }
        })
        .await;
    match answer {
        // The read table may not have the payment yet, which `CreatePayment` has just named.
        Err(status) if status.code() == tonic::Code::NotFound => Ok(Payment::default()),
        answer => answer
            .attempting("reading a payment")?
            .payment
            .ok_or(DemoError::Incomplete("the payment")),
    }
}

/// Calls `look` until it finds something, at growing intervals and for at most [`PATIENCE`].
pub async fn eventually<T, F>(what: &str, look: impl Fn() -> F) -> Result<T, DemoError>
where
    F: Future<Output = Result<Option<T>, DemoError>>,
{
    let deadline = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(25);
    while Instant::now() < deadline {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 3 / 2).min(Duration::from_millis(400));
    }
    Err(DemoError::Overdue(what.to_owned()))
}

fn product(kind: PayableKind) -> Product {
    match kind {
        PayableKind::TicketHold => Product::Event,
        PayableKind::Session | PayableKind::Unspecified => Product::Session,
    }
}
