//! Payments with their refunds, whatever they are for.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::{Page, json_row};
use sqlx::PgPool;
use uuid::Uuid;
use values::{EventId, PaymentId, TrainerId, UserId};

use crate::domain::payment::PaymentState;
use crate::domain::{Acting, PayableKind};
use crate::projector::RefundRow;

/// A row of `payments` or `trainer_orders` with its refunds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PaymentView {
    pub id: PaymentId,
    pub user_id: UserId,
    pub kind: PayableKind,
    pub payable_id: Uuid,
    pub trainer_id: Option<TrainerId>,
    pub event_id: Option<EventId>,
    pub amount: i64,
    pub refunded: i64,
    pub currency: String,
    pub status: PaymentState,
    pub failure_code: Option<String>,
    pub payment_method: String,
    pub stripe_payment_id: Option<String>,
    pub live: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// The oldest first.
    pub refunds: Vec<RefundRow>,
}

/// Which payments are wanted; what is left out does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaymentFilter {
    pub user_id: Option<UserId>,
    pub state: Option<PaymentState>,
    pub kind: Option<PayableKind>,
    pub payable_id: Option<Uuid>,
    /// Opened then or later.
    pub created_from: Option<DateTime<Utc>>,
    /// Opened before.
    pub created_before: Option<DateTime<Utc>>,
}

/// Where a list goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentCursor {
    created_at: DateTime<Utc>,
    id: PaymentId,
}

impl PaymentCursor {
    /// The next page begins after this payment, with one that was opened earlier.
    pub fn of(payment: &PaymentView) -> Self {
        Self {
            created_at: payment.created_at,
            id: payment.id,
        }
    }
}

/// Both tables as one. Each half can use its own indexes.
const PAYMENTS: &str = "
    select id, user_id, 'TICKET_HOLD' as kind, payable_id, null::uuid as trainer_id, event_id, amount, refunded,
           currency, status, failure_code, payment_method, stripe_payment_id, live, created_at, updated_at
    from payments
    union all
    select id, user_id, 'SESSION', payable_id, trainer_id, null::uuid, amount, refunded,
           currency, status, failure_code, payment_method, stripe_payment_id, live, created_at, updated_at
    from trainer_orders";

const WITH_REFUNDS: &str = "
    to_jsonb(p) || jsonb_build_object('refunds', (
        select coalesce(jsonb_agg(r order by r.id), '[]') from refunds r where r.payment_id = p.id))";

/// One payment, if whoever acts sees it.
pub async fn payment(
    pool: &PgPool,
    acting: Acting,
    id: PaymentId,
) -> Result<Option<PaymentView>, sqlx::Error> {
    let sql = format!(
        "select {WITH_REFUNDS} from ({PAYMENTS}) p where id = $1 and ($2::uuid is null or user_id = $2)"
    );
    sqlx::query(&sql)
        .bind(id.uuid())
        .bind(owner(acting))
        .try_map(json_row)
        .fetch_optional(pool)
        .await
}

/// The payments that whoever acts sees, the last opened first.
pub async fn payments(
    pool: &PgPool,
    acting: Acting,
    filter: &PaymentFilter,
    page: &Page<PaymentCursor>,
) -> Result<Vec<PaymentView>, sqlx::Error> {
    let sql = format!(
        "with page as (
             select * from ({PAYMENTS}) every
             where ($1::uuid is null or user_id = $1) and ($2::uuid is null or user_id = $2)
               and ($3::text is null or status = $3) and ($4::text is null or kind = $4)
               and ($5::uuid is null or payable_id = $5)
               and ($6::timestamptz is null or created_at >= $6)
               and ($7::timestamptz is null or created_at < $7)
               and ($8::timestamptz is null or (created_at, id) < ($8, $9))
             order by created_at desc, id desc limit $10)
         select {WITH_REFUNDS} from page p order by created_at desc, id desc"
    );
    sqlx::query(&sql)
        .bind(owner(acting))
        .bind(filter.user_id.map(UserId::uuid))
        .bind(filter.state.map(|state| state.to_string()))
        .bind(filter.kind.map(|kind| kind.to_string()))
        .bind(filter.payable_id)
        .bind(filter.created_from)
        .bind(filter.created_before)
        .bind(page.after.map(|after| after.created_at))
        .bind(page.after.map(|after| after.id.uuid()))
        .bind(page.limit())
        .try_map(json_row)
        .fetch_all(pool)
        .await
}

/// A parent sees their own payments.
fn owner(acting: Acting) -> Option<Uuid> {
    match acting {
        Acting::Parent(id) => Some(id.uuid()),
        Acting::Admin => None,
    }
}
