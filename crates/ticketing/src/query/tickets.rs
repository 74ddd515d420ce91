use service::{Page, json_row};
use sqlx::PgPool;
use values::{EventId, TicketId, UserId};

use crate::domain::Acting;
use crate::domain::camp::TicketStatus;
use crate::projector::TicketRow;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketFilter {
    /// Only tickets that this user took.
    pub user_id: Option<UserId>,
    pub event_id: Option<EventId>,
    pub status: Option<TicketStatus>,
}

/// The tickets that whoever acts sees, newest first: their ids are in order of time.
pub async fn tickets(
    pool: &PgPool,
    acting: Acting,
    filter: &TicketFilter,
    page: &Page<TicketId>,
) -> Result<Vec<TicketRow>, sqlx::Error> {
    sqlx::query(
        "select to_jsonb(t) from tickets t
        where ($1::uuid is null or t.user_id = $1)
          and ($2::uuid is null or t.event_id = $2)
          and ($3::text is null or t.status = $3)
          and ($4::uuid is null or t.id < $4)
        order by t.id desc
        limit $5",
    )
    .bind(owner(acting).or(filter.user_id).map(UserId::uuid))
    .bind(filter.event_id.map(EventId::uuid))
    .bind(filter.status.map(<&str>::from))
    .bind(page.after.map(TicketId::uuid))
    .bind(page.limit())
    .try_map(json_row)
    .fetch_all(pool)
    .await
}

/// A parent sees their own tickets, an admin all.
fn owner(acting: Acting) -> Option<UserId> {
    match acting {
        Acting::Parent(user_id) => Some(user_id),
        Acting::Admin => None,
    }
}
