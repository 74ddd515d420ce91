use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::Page;
use sqlx::{PgPool, Postgres, QueryBuilder, types::Json};
use uuid::Uuid;

use crate::{domain::values::Role, projector::users::UserRow};

/// The account of a user.
pub async fn by_id(pool: &PgPool, id: Uuid) -> Result<Option<UserRow>, sqlx::Error> {
    let row: Option<Json<UserRow>> =
        sqlx::query_scalar("select row_to_json(u) from users u where id = $1")
            .bind(id)
            .fetch_optional(pool)
            .await?;
    Ok(row.map(|Json(row)| row))
}

/// Which accounts are wanted, and in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub role: Option<Role>,
    /// Only open accounts, or only closed ones.
    pub active: Option<bool>,
    /// Only the account with this address.
    pub email_key: Option<String>,
    /// Only accounts opened at or after this moment.
    pub created_from: Option<DateTime<Utc>>,
    /// Only accounts opened before this moment.
    pub created_before: Option<DateTime<Utc>>,
    pub order: Order,
    /// The last account comes first.
    pub descending: bool,
}

/// By what accounts are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    Created,
    /// By last login; accounts that never logged in come first.
    LastLogin,
}

/// The last row of a page, and the order of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub order: Order,
    pub descending: bool,
    at: DateTime<Utc>,
    id: Uuid,
}

impl Cursor {
    /// The end of a page whose last row this is.
    pub fn of(row: &UserRow, filter: &Filter) -> Self {
        let at = match filter.order {
            Order::Created => row.created_at,
            Order::LastLogin => row.last_login_at.unwrap_or(DateTime::UNIX_EPOCH),
        };
        Self {
            order: filter.order,
            descending: filter.descending,
            at,
            id: row.id.uuid(),
        }
    }
}

impl Order {
    /// The expression by which the table is indexed.
    fn column(self) -> &'static str {
        match self {
            Self::Created => "created_at",
            Self::LastLogin => "coalesce(last_login_at, timestamptz '1970-01-01 00:00:00+00')",
        }
    }
}

/// The accounts of a page, and one more if there is one.
pub async fn page(
    pool: &PgPool,
    filter: &Filter,
    page: &Page<Cursor>,
) -> Result<Vec<UserRow>, sqlx::Error> {
    let mut query = QueryBuilder::<Postgres>::new("select row_to_json(u) from users u where true");
    if let Some(role) = filter.role {
        query.push(" and role = ").push_bind(role.as_str());
    }
    if let Some(active) = filter.active {
        query.push(" and active = ").push_bind(active);
    }
    if let Some(key) = &filter.email_key {
        query.push(" and email_key = ").push_bind(key);
    }
    if let Some(from) = filter.created_from {
        query.push(" and created_at >= ").push_bind(from);
    }
    if let Some(before) = filter.created_before {
        query.push(" and created_at < ").push_bind(before);
    }
    let column = filter.order.column();
    let (beyond, direction) = if filter.descending {
        ("<", "desc")
    } else {
        (">", "asc")
    };
    if let Some(after) = &page.after {
        query.push(format!(" and ({column}, id) {beyond} ("));
        query.push_bind(after.at).push(", ");
        query.push_bind(after.id).push(")");
    }
    query.push(format!(
        " order by {column} {direction}, id {direction} limit "
    ));
    query.push_bind(page.limit());
    let rows: Vec<Json<UserRow>> = query.build_query_scalar().fetch_all(pool).await?;
    Ok(rows.into_iter().map(|Json(row)| row).collect())
}
