//! Tickets and the holds they came from.

use serde::Deserialize;
use service::{Page, json_row};
use sqlx::PgPool;
use values::{ChildId, EventId, HoldId, TicketId, TierId, UserId};

use crate::domain::Acting;
use crate::domain::camp::TicketStatus;
use crate::projector::{HoldRow, TicketRow};

/// A hold with its tickets.
#[derive(Clone, Debug, Deserialize)]
pub struct HoldView {
    #[serde(flatten)]
    pub hold: HoldRow,
    /// In the order of the request.
    pub tickets: Vec<TicketRow>,
}

/// Which tickets; what is left out does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketFilter {
    /// Only tickets that this user took.
    pub user_id: Option<UserId>,
    pub event_id: Option<EventId>,
    pub status: Option<TicketStatus>,
    pub hold_id: Option<HoldId>,
    pub tier_id: Option<TierId>,
    pub child_id: Option<ChildId>,
}

/// One ticket, if whoever acts sees it.
pub async fn ticket(
    pool: &PgPool,
    acting: Acting,
    id: TicketId,
) -> Result<Option<TicketRow>, sqlx::Error> {
    sqlx::query(
        "select to_jsonb(t) from tickets t
        where t.id = $1 and ($2::uuid is null or t.user_id = $2)",
    )
    .bind(id.uuid())
    .bind(owner(acting).map(UserId::uuid))
    .try_map(json_row)
    .fetch_optional(pool)
    .await
}

/// One hold, if whoever acts sees it. The ids of its tickets are in the order of the request.
pub async fn ticket_hold(
    pool: &PgPool,
    acting: Acting,
    id: HoldId,
) -> Result<Option<HoldView>, sqlx::Error> {
    sqlx::query(
        "select to_jsonb(h) || jsonb_build_object('tickets',
            (select coalesce(jsonb_agg(to_jsonb(t) order by t.id), '[]')
             from tickets t where t.hold_id = h.id))
        from ticket_holds h
        where h.id = $1 and ($2::uuid is null or h.user_id = $2)",
    )
    .bind(id.uuid())
    .bind(owner(acting).map(UserId::uuid))
    .try_map(json_row)
    .fetch_optional(pool)
    .await
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
          and ($5::uuid is null or t.hold_id = $5)
          and ($6::uuid is null or t.event_ticket_id = $6)
          and ($7::uuid is null or t.child_id = $7)
        order by t.id desc
        limit $8",
    )
    .bind(owner(acting).or(filter.user_id).map(UserId::uuid))
    .bind(filter.event_id.map(EventId::uuid))
    .bind(filter.status.map(<&str>::from))
    .bind(page.after.map(TicketId::uuid))
    .bind(filter.hold_id.map(HoldId::uuid))
    .bind(filter.tier_id.map(TierId::uuid))
    .bind(filter.child_id.map(ChildId::uuid))
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
