//! Tickets.

use sqlx::{PgPool, types::Json};
use uuid::Uuid;

use crate::projector::Ticket;

/// Which tickets.
#[derive(Clone, Debug)]
pub struct TicketFilter {
    /// Only this user's.
    pub user_id: Option<Uuid>,
    /// Only of this event.
    pub event_id: Option<Uuid>,
    /// Only in this status.
    pub status: Option<String>,
    /// Only what comes after this one.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: i64,
}

/// Tickets, newest first: their ids are in order of time.
pub async fn tickets(pool: &PgPool, filter: &TicketFilter) -> sqlx::Result<Vec<Ticket>> {
    let tickets: Vec<Json<Ticket>> = sqlx::query_scalar(
        "select to_jsonb(t) from tickets t
        where ($1::uuid is null or t.user_id = $1)
          and ($2::uuid is null or t.event_id = $2)
          and ($3::text is null or t.status = $3)
          and ($4::uuid is null or t.id < $4)
        order by t.id desc
        limit $5",
    )
    .bind(filter.user_id)
    .bind(filter.event_id)
    .bind(&filter.status)
    .bind(filter.after)
    .bind(filter.limit)
    .fetch_all(pool)
    .await?;
    Ok(tickets.into_iter().map(|Json(ticket)| ticket).collect())
}
