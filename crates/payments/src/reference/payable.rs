//! What a payment depends on: the session or the hold that it is for.

use chrono::{DateTime, Utc};
use service::{CatchUp, internal, json_row, not_found};
use sqlx::PgPool;
use tonic::Status;
use values::{Money, UserId};

use super::References;
use crate::domain::{Payable, PayableState, Purchase};
use crate::projector::PayableRow;

/// What a payment takes over from its payable.
#[derive(Debug)]
pub struct HeldPayable {
    pub purchase: Purchase,
    pub amount: Money,
    pub state: PayableState,
    pub expires_at: DateTime<Utc>,
}

impl References {
    /// What a user has held. Before the answer is that there is none, the read table gets
    /// everything that the service which owns it has published.
    ///
    /// # Errors
    /// `NOT_FOUND` for what is unknown or somebody else's.
    pub async fn payable(&self, user_id: UserId, payable: Payable) -> Result<HeldPayable, Status> {
        let owner: &dyn CatchUp = match payable {
            Payable::Session(_) => &self.sessions,
            Payable::TicketHold(_) => &self.holds,
        };
        let held = self.payables.definite(
            |pool| held_by(pool, user_id, payable),
            |held| held.is_none().then_some(owner),
        );
        let held = held
            .await?
            .ok_or_else(|| not_found("payable", &payable.to_string()))?;
        HeldPayable::of(payable, &held)
    }
}

async fn held_by(
    pool: &PgPool,
    user_id: UserId,
    payable: Payable,
) -> Result<Option<PayableRow>, sqlx::Error> {
    sqlx::query(
        "select to_jsonb(p) from payables p
         where kind = $1 and payable_id = $2 and user_id = $3",
    )
    .bind(payable.kind().to_string())
    .bind(payable.id())
    .bind(user_id.uuid())
    .try_map(json_row)
    .fetch_optional(pool)
    .await
}

impl HeldPayable {
    fn of(payable: Payable, row: &PayableRow) -> Result<Self, Status> {
        let purchase = row.purchase();
        Ok(Self {
            purchase: purchase.ok_or_else(|| internal(UnknownPurchase(payable)))?,
            amount: Money::new(&row.currency, row.amount).map_err(internal)?,
            state: row.state,
            expires_at: row.expires_at,
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the row of {0} does not say what is bought")]
struct UnknownPurchase(Payable);
