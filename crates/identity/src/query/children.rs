//! Reads the tables of children. Personal values stay sealed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::page::Page;
use sqlx::{PgPool, types::Json};
use uuid::Uuid;

use super::medical;
use crate::projector::children::{ChildRow, ConsentRow};

/// The last row of a page, by time of adding and id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    created_at: DateTime<Utc>,
    id: Uuid,
}

impl Cursor {
    /// The end of a page whose last row this is.
    pub fn of(row: &ChildRow) -> Self {
        Self {
            created_at: row.created_at,
            id: row.id.uuid(),
        }
    }
}

/// Children, and the consents given for them.
#[derive(Debug)]
pub struct WithConsents {
    pub rows: Vec<ChildRow>,
    pub consents: Vec<ConsentRow>,
}

impl WithConsents {
    async fn of(pool: &PgPool, rows: Vec<ChildRow>) -> Result<Self, sqlx::Error> {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id.uuid()).collect();
        let consents = medical::consents(pool, &ids).await?;
        Ok(Self { rows, consents })
    }
}

/// A child with the consents given for it, or nothing.
pub async fn one(pool: &PgPool, id: Uuid) -> Result<WithConsents, sqlx::Error> {
    let row = by_id(pool, id).await?;
    WithConsents::of(pool, row.into_iter().collect()).await
}

pub async fn by_id(pool: &PgPool, id: Uuid) -> Result<Option<ChildRow>, sqlx::Error> {
    let row: Option<Json<ChildRow>> =
        sqlx::query_scalar("select row_to_json(c) from children c where id = $1")
            .bind(id)
            .fetch_optional(pool)
            .await?;
    Ok(row.map(|Json(row)| row))
}

/// All children that a guardian answers for, including erased ones.
pub async fn of_guardian(pool: &PgPool, guardian_id: Uuid) -> Result<Vec<ChildRow>, sqlx::Error> {
    let rows: Vec<Json<ChildRow>> = sqlx::query_scalar(
        "select row_to_json(c) from children c where parent_id = $1 order by created_at, id",
    )
    .bind(guardian_id)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|Json(row)| row).collect())
}

/// Whether a user answers for any child that was not erased.
pub async fn any_of(pool: &PgPool, guardian_id: Uuid) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select from children where parent_id = $1 and erased_at is null)",
    )
    .bind(guardian_id)
    .fetch_one(pool)
    .await
}

/// The children of one guardian that belong to a page, and one more if there is one.
pub async fn page_of(
    pool: &PgPool,
    guardian_id: Uuid,
    page: &Page<Cursor>,
) -> Result<WithConsents, sqlx::Error> {
    // No child was added before 1970.
    let start = Cursor {
        created_at: DateTime::UNIX_EPOCH,
        id: Uuid::nil(),
    };
    let after = page.after.as_ref().unwrap_or(&start);
    let rows: Vec<Json<ChildRow>> = sqlx::query_scalar(
        "select row_to_json(c) from children c \
         where parent_id = $1 and (created_at, id) > ($2, $3) \
         order by created_at, id limit $4",
    )
    .bind(guardian_id)
    .bind(after.created_at)
    .bind(after.id)
    .bind(page.limit())
    .fetch_all(pool)
    .await?;
    let rows = rows.into_iter().map(|Json(row)| row).collect();
    WithConsents::of(pool, rows).await
}
