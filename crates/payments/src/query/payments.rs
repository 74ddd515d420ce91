use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use crate::domain::{PayableKind, payment::PaymentState};

/// A row of `payments` or `trainer_orders` with its refunds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRecord {
    pub id: Uuid,
    pub user_id: Uuid,
    pub kind: String,
    pub payable_id: Uuid,
    pub trainer_id: Option<Uuid>,
    pub event_id: Option<Uuid>,
    pub amount: i64,
    pub refunded: i64,
    pub currency: String,
    pub status: String,
    pub failure_code: Option<String>,
    pub payment_method: String,
    pub stripe_payment_id: Option<String>,
    pub live: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub refunds: Vec<RefundRecord>,
}

/// A row of `refunds`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRecord {
    pub id: Uuid,
    pub payment_id: Uuid,
    pub amount: i64,
    pub currency: String,
    pub reason: String,
    pub cause_event_id: Uuid,
    pub state: String,
    pub failure_code: Option<String>,
    pub requested_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Which payments are wanted. What is not given does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Whose payments may be seen at all.
    pub owner: Option<Uuid>,
    pub user_id: Option<Uuid>,
    pub state: Option<PaymentState>,
    pub kind: Option<PayableKind>,
    pub payable_id: Option<Uuid>,
}

/// Both tables as one. Each half can use its own indexes; the order by id is by time.
const PAYMENTS: &str = "
    select id, user_id, 'TICKET_HOLD' as kind, payable_id, null::uuid as trainer_id, event_id, amount, refunded,
           currency, status, failure_code, payment_method, stripe_payment_id, live, created_at, updated_at
    from payments
    union all
    select id, user_id, 'SESSION', payable_id, trainer_id, null::uuid, amount, refunded,
           currency, status, failure_code, payment_method, stripe_payment_id, live, created_at, updated_at
    from trainer_orders";

/// Reads `payments`, `trainer_orders` and `refunds`.
#[derive(Clone)]
pub struct PaymentQuery {
    pool: PgPool,
}

impl PaymentQuery {
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// One payment; only if it is this user's, when one is given.
    pub async fn get(
        &self,
        id: Uuid,
        user_id: Option<Uuid>,
    ) -> Result<Option<PaymentRecord>, sqlx::Error> {
        let sql = format!(
            "select * from ({PAYMENTS}) p where id = $1 and ($2::uuid is null or user_id = $2)"
        );
        let payment = sqlx::query_as(&sql)
            .bind(id)
            .bind(user_id)
            .fetch_optional(&self.pool)
            .await?;
        Ok(self
            .with_refunds(payment.into_iter().collect())
            .await?
            .pop())
    }

    /// At most `limit` payments, newest first, older than the one with the id `before`.
    pub async fn list(
        &self,
        filter: &Filter,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<PaymentRecord>, sqlx::Error> {
        let sql = format!(
            "select * from ({PAYMENTS}) p where ($1::uuid is null or user_id = $1) \
             and ($2::text is null or status = $2) and ($3::text is null or kind = $3) \
             and ($4::uuid is null or payable_id = $4) and ($5::uuid is null or user_id = $5) and ($6::uuid is null or id < $6) \
             order by id desc limit $7"
        );
        let payments = sqlx::query_as(&sql)
            .bind(filter.user_id)
            .bind(filter.state.map(|state| state.to_string()))
            .bind(filter.kind.map(|kind| kind.to_string()))
            .bind(filter.payable_id)
            .bind(filter.owner)
            .bind(before)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        self.with_refunds(payments).await
    }

    async fn with_refunds(
        &self,
        mut payments: Vec<PaymentRecord>,
    ) -> Result<Vec<PaymentRecord>, sqlx::Error> {
        let ids: Vec<Uuid> = payments
            .iter()
            .filter(|payment| payment.status == "SUCCEEDED")
            .map(|payment| payment.id)
            .collect();
        if ids.is_empty() {
            return Ok(payments);
        }
        let sql = "select id, payment_id, amount, currency, reason, cause_event_id, state, failure_code, \
                       requested_at, updated_at from refunds where payment_id = any($1) order by id";
        let refunds: Vec<RefundRecord> =
            sqlx::query_as(sql).bind(&ids).fetch_all(&self.pool).await?;
        for refund in refunds {
            if let Some(payment) = payments
                .iter_mut()
                .find(|payment| payment.id == refund.payment_id)
            {
                payment.refunds.push(refund);
            }
        }
        Ok(payments)
    }
}

impl FromRow<'_, PgRow> for PaymentRecord {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            user_id: row.try_get("user_id")?,
            kind: row.try_get("kind")?,
            payable_id: row.try_get("payable_id")?,
            trainer_id: row.try_get("trainer_id")?,
            event_id: row.try_get("event_id")?,
            amount: row.try_get("amount")?,
            refunded: row.try_get("refunded")?,
            currency: row.try_get("currency")?,
            status: row.try_get("status")?,
            failure_code: row.try_get("failure_code")?,
            payment_method: row.try_get("payment_method")?,
            stripe_payment_id: row.try_get("stripe_payment_id")?,
            live: row.try_get("live")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
            refunds: Vec::new(),
        })
    }
}

impl FromRow<'_, PgRow> for RefundRecord {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            payment_id: row.try_get("payment_id")?,
            amount: row.try_get("amount")?,
            currency: row.try_get("currency")?,
            reason: row.try_get("reason")?,
            cause_event_id: row.try_get("cause_event_id")?,
            state: row.try_get("state")?,
            failure_code: row.try_get("failure_code")?,
            requested_at: row.try_get("requested_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}
