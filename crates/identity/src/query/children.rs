//! Children, with the consents given for them where they are shown.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::{Page, json_row};
use sqlx::PgPool;

use crate::domain::values::{ChildId, UserId};
use crate::projector::children::{ChildRow, ConsentRow};

/// A child, and the consents given for them.
#[derive(Clone, Debug, Deserialize)]
pub struct ChildView {
    pub child: ChildRow,
    /// Those that are not withdrawn, by purpose.
    pub consents: Vec<ConsentRow>,
}

/// Where a list by time of adding goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildCursor {
    created_at: DateTime<Utc>,
    id: ChildId,
}

impl ChildCursor {
    /// The next page begins after this child.
    pub fn of(view: &ChildView) -> Self {
        Self {
            created_at: view.child.created_at,
            id: view.child.id,
        }
    }
}

const VIEW: &str = "select jsonb_build_object(
        'child', to_jsonb(c),
        'consents', (select coalesce(jsonb_agg(s order by s.purpose), '[]')
                     from child_consents s where s.child_id = c.id))
    from children c";

pub async fn child(pool: &PgPool, id: ChildId) -> Result<Option<ChildView>, sqlx::Error> {
    let sql = format!("{VIEW} where c.id = $1");
    sqlx::query(&sql)
        .bind(id.uuid())
        .try_map(json_row)
        .fetch_optional(pool)
        .await
}

/// A child alone, without consents.
pub async fn child_row(pool: &PgPool, id: ChildId) -> Result<Option<ChildRow>, sqlx::Error> {
    sqlx::query("select to_jsonb(c) from children c where id = $1")
        .bind(id.uuid())
        .try_map(json_row)
        .fetch_optional(pool)
        .await
}

/// All children that a guardian answers for, including erased ones.
pub async fn children_of(pool: &PgPool, guardian_id: UserId) -> Result<Vec<ChildRow>, sqlx::Error> {
    sqlx::query("select to_jsonb(c) from children c where parent_id = $1 order by created_at, id")
        .bind(guardian_id.uuid())
        .try_map(json_row)
        .fetch_all(pool)
        .await
}

/// Whether a user answers for any child that was not erased.
pub async fn has_children(pool: &PgPool, guardian_id: UserId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select from children where parent_id = $1 and erased_at is null)",
    )
    .bind(guardian_id.uuid())
    .fetch_one(pool)
    .await
}

/// The children of one guardian, by time of adding.
pub async fn children(
    pool: &PgPool,
    guardian_id: UserId,
    page: &Page<ChildCursor>,
) -> Result<Vec<ChildView>, sqlx::Error> {
    let after = page.after.as_ref();
    // No child was added before 1970.
    let created_at = after.map_or(DateTime::UNIX_EPOCH, |after| after.created_at);
    let id = after.map_or(ChildId::default(), |after| after.id);
    let sql = format!(
        "{VIEW}
        where c.parent_id = $1 and (c.created_at, c.id) > ($2, $3)
        order by c.created_at, c.id limit $4"
    );
    sqlx::query(&sql)
        .bind(guardian_id.uuid())
        .bind(created_at)
        .bind(id.uuid())
        .bind(page.limit())
        .try_map(json_row)
        .fetch_all(pool)
        .await
}
