use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row, postgres::PgRow};
use uuid::Uuid;

use crate::domain::{Money, Payable, PayableKind, PayableState, Purchase};

/// What payments knows about a payable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayableRecord {
    pub user_id: Uuid,
    pub purchase: Purchase,
    pub amount: Money,
    pub state: PayableState,
    pub expires_at: DateTime<Utc>,
}

/// Reads `payables`.
#[derive(Clone)]
pub struct PayableQuery {
    pool: PgPool,
}

impl PayableQuery {
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// A payable that was held by this user; nothing when it is unknown or somebody else's.
    pub async fn held_by(
        &self,
        user_id: Uuid,
        payable: Payable,
    ) -> Result<Option<PayableRecord>, sqlx::Error> {
        let sql = "select user_id, trainer_id, event_id, event_ticket_id, ticket_id, amount, currency, \
                       expires_at, state from payables where kind = $1 and payable_id = $2 and user_id = $3";
        let row = sqlx::query(sql)
            .bind(payable.kind.to_string())
            .bind(payable.id)
            .bind(user_id)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref()
            .map(|row| record(payable.kind, row))
            .transpose()
    }
}

fn record(kind: PayableKind, row: &PgRow) -> Result<PayableRecord, sqlx::Error> {
    let purchase = match kind {
        PayableKind::Session => Purchase::Session {
            trainer_id: row.try_get("trainer_id")?,
        },
        PayableKind::TicketHold => Purchase::Tickets {
            event_id: row.try_get("event_id")?,
            tier_id: row.try_get("event_ticket_id")?,
            ticket_id: row.try_get("ticket_id")?,
        },
    };
    let currency: String = row.try_get("currency")?;
    let state: String = row.try_get("state")?;
    Ok(PayableRecord {
        user_id: row.try_get("user_id")?,
        purchase,
        amount: Money::new(row.try_get("amount")?, &currency).map_err(sqlx::Error::decode)?,
        state: PayableState::from_str(&state).map_err(sqlx::Error::decode)?,
        expires_at: row.try_get("expires_at")?,
    })
}
