use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row, postgres::PgRow};
use thiserror::Error;
use uuid::Uuid;
use values::Money;

use super::method::{Delivery, Method, Rule, UnknownMethod};

/// A provider that moves no money and keeps durable books under its callers' idempotency keys:
/// the same key gives the same answer, for ever and from every process.
#[derive(Clone)]
pub(super) struct Sandbox {
    pool: PgPool,
}

/// What the sandbox says of a charge or refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Succeeded {
        reference: String,
        at: DateTime<Utc>,
    },
    Declined {
        code: String,
        at: DateTime<Utc>,
    },
    /// The charge or refund is not decided yet.
    Pending,
}

/// Why there is no answer at all.
#[derive(Debug, Error)]
pub enum SandboxError {
    #[error("idempotency key {0} was used for something else")]
    KeyReused(Uuid),
    #[error("there is no charge {0}")]
    NoSuchCharge(Uuid),
    #[error(transparent)]
    UnknownMethod(#[from] UnknownMethod),
    #[error("the sandbox's books are out of reach")]
    Books(#[from] sqlx::Error),
}

/// A request as the sandbox books it.
struct Entry<'a> {
    key: Uuid,
    operation: &'static str,
    charge: Option<Uuid>,
    amount: &'a Money,
    method: &'a str,
}

impl Sandbox {
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Takes `amount`. Never returns when the token's rule loses the request or its answer.
    pub(super) async fn charge(
        &self,
        key: Uuid,
        amount: &Money,
        method: &str,
    ) -> Result<Answer, SandboxError> {
        let rule = method.parse::<Method>()?.charge;
        self.process(
            &Entry {
                key,
                operation: "charge",
                charge: None,
                amount,
                method,
            },
            rule,
        )
        .await
    }

    /// Gives `amount` of a charge back, by the rule of the charge's token.
    pub(super) async fn refund(
        &self,
        key: Uuid,
        charge: Uuid,
        amount: &Money,
    ) -> Result<Answer, SandboxError> {
        let sql = "select payment_method from sandbox_charges where idempotency_key = $1 and operation = 'charge'";
        let method: Option<String> = sqlx::query_scalar(sql)
            .bind(charge)
            .fetch_optional(&self.pool)
            .await?;
        let method = method.ok_or(SandboxError::NoSuchCharge(charge))?;
        let rule = method.parse::<Method>()?.refund;
        self.process(
            &Entry {
                key,
                operation: "refund",
                charge: Some(charge),
                amount,
                method: &method,
            },
            rule,
        )
        .await
    }

    /// What the books say under a key; `None` when no request with it has arrived.
    pub(super) async fn find(&self, key: Uuid) -> Result<Option<Answer>, SandboxError> {
        let sql = "select operation, decided_at, failure_code from sandbox_charges \
                   where idempotency_key = $1 and seen";
        let row = sqlx::query(sql)
            .bind(key)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(|row| read(key, row)).transpose()
    }

    async fn process(&self, entry: &Entry<'_>, rule: Rule) -> Result<Answer, SandboxError> {
        let first = self.book(entry, rule).await?;
        if first && rule.delivery != Delivery::Answered {
            std::future::pending::<()>().await;
        }
        self.receive_lost(entry.key).await?;
        let answer = self.find(entry.key).await?;
        answer.ok_or(SandboxError::KeyReused(entry.key))
    }

    /// Books a request. Returns whether it is the first with its key.
    async fn book(&self, entry: &Entry<'_>, rule: Rule) -> Result<bool, SandboxError> {
        let sql = "insert into sandbox_charges (idempotency_key, operation, charge_key, payment_method, amount, \
                       currency, seen, failure_code, decided_at) \
                   values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (idempotency_key) do nothing";
        let inserted = sqlx::query(sql)
            .bind(entry.key)
            .bind(entry.operation)
            .bind(entry.charge)
            .bind(entry.method)
            .bind(entry.amount.minor_units())
            .bind(entry.amount.currency_code())
            .bind(rule.delivery != Delivery::RequestLost)
            .bind(rule.failure_code)
            .bind(Utc::now() + rule.undecided_for)
            .execute(&self.pool)
            .await?;
        if inserted.rows_affected() == 1 {
            return Ok(true);
        }
        self.check_same(entry).await?;
        Ok(false)
    }

    /// Refuses a key that comes with another request than the first time.
    async fn check_same(&self, entry: &Entry<'_>) -> Result<(), SandboxError> {
        let sql = "select exists (select from sandbox_charges where idempotency_key = $1 and operation = $2 \
                       and charge_key is not distinct from $3 and payment_method = $4 \
                       and amount = $5 and currency = $6)";
        let same: bool = sqlx::query_scalar(sql)
            .bind(entry.key)
            .bind(entry.operation)
            .bind(entry.charge)
            .bind(entry.method)
            .bind(entry.amount.minor_units())
            .bind(entry.amount.currency_code())
            .fetch_one(&self.pool)
            .await?;
        if same {
            Ok(())
        } else {
            Err(SandboxError::KeyReused(entry.key))
        }
    }

    /// A request that was lost the first time arrives when it is sent again.
    async fn receive_lost(&self, key: Uuid) -> Result<(), SandboxError> {
        let sql = "update sandbox_charges set seen = true, decided_at = $2, received_at = now() \
                   where idempotency_key = $1 and not seen";
        sqlx::query(sql)
            .bind(key)
            .bind(Utc::now())
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn read(key: Uuid, row: &PgRow) -> Result<Answer, SandboxError> {
    let operation: String = row.try_get("operation")?;
    let at: DateTime<Utc> = row.try_get("decided_at")?;
    let failure_code: Option<String> = row.try_get("failure_code")?;
    Ok(match failure_code {
        _ if at > Utc::now() => Answer::Pending,
        Some(code) => Answer::Declined { code, at },
        None => Answer::Succeeded {
            reference: format!("sandbox_{operation}_{}", key.simple()),
            at,
        },
    })
}
