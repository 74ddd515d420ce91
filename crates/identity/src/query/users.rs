use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use service::{Page, json_row};
use sqlx::{PgPool, Postgres, QueryBuilder};

use crate::domain::values::{Role, UserId};
use crate::projector::users::UserRow;

/// The account of a user.
pub async fn user(pool: &PgPool, id: UserId) -> Result<Option<UserRow>, sqlx::Error> {
    sqlx::query("select to_jsonb(u) from users u where id = $1")
        .bind(id.uuid())
        .try_map(json_row)
        .fetch_optional(pool)
        .await
}

/// Which accounts are wanted, and in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFilter {
    pub role: Option<Role>,
    /// Only open accounts, or only closed ones.
    pub active: Option<bool>,
    /// Only the account with this address.
    pub email_key: Option<String>,
    /// Only accounts opened at or after this moment.
    pub created_from: Option<DateTime<Utc>>,
    /// Only accounts opened before this moment.
    pub created_before: Option<DateTime<Utc>>,
    pub order: UserOrder,
    /// The last account comes first.
    pub descending: bool,
}

/// By what accounts are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserOrder {
    Created,
    /// By last login; accounts that never logged in come first.
    LastLogin,
}

/// Where a list of accounts goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserCursor {
    at: DateTime<Utc>,
    id: UserId,
}

impl UserCursor {
    /// The next page begins after this account.
    pub fn of(row: &UserRow, filter: &UserFilter) -> Self {
        let at = match filter.order {
            UserOrder::Created => row.created_at,
            UserOrder::LastLogin => row.last_login_at.unwrap_or(DateTime::UNIX_EPOCH),
        };
        Self { at, id: row.id }
    }
}

impl UserOrder {
    /// The expression by which the table is indexed.
    fn column(self) -> &'static str {
        match self {
            Self::Created => "created_at",
            Self::LastLogin => "coalesce(last_login_at, timestamptz '1970-01-01 00:00:00+00')",
        }
    }
}

pub async fn users(
    pool: &PgPool,
    filter: &UserFilter,
    page: &Page<UserCursor>,
) -> Result<Vec<UserRow>, sqlx::Error> {
    let mut query = QueryBuilder::<Postgres>::new("select to_jsonb(u) from users u where true");
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
        query.push_bind(after.id.uuid()).push(")");
    }
    query.push(format!(
        " order by {column} {direction}, id {direction} limit "
    ));
    query.push_bind(page.limit());
    query.build().try_map(json_row).fetch_all(pool).await
}
