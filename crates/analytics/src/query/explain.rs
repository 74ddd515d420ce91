//! The events that made a figure.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use service::{Page, json_row};
use sqlx::PgPool;
use uuid::Uuid;

use crate::basis::Grain;

/// Which facts make a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The facts of some metrics, of one product or (when it is empty) of all.
    Facts {
        /// Their names in the tables.
        metrics: &'static [&'static str],
        /// Its name in the tables.
        product: &'static str,
        /// Whether they count from the beginning of time instead of the period's.
        to_date: bool,
    },
    /// The users of a distinct count, each with its earliest event.
    ActiveUsers,
    /// The trainers of a distinct count, each with its earliest event.
    ActiveTrainers,
    /// Published events that have ended.
    EndedEvents,
}

/// One event's part in a figure.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Explained {
    /// The service whose log the event is in.
    pub source: String,
    pub position: i64,
    pub event_id: Uuid,
    /// Whom or what it counts.
    pub subject: Uuid,
    /// The day on which it counts.
    pub day: NaiveDate,
    /// ISO 4217; empty for what is no money.
    pub currency: String,
    /// Minor units.
    pub amount: i64,
    /// What it adds to a count: 1, or -1 for somebody who left.
    pub weight: i32,
    pub happened_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
}

/// Where the list goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor(DateTime<Utc>, String, i64, Uuid);

impl Cursor {
    /// The next page begins after this fact.
    pub fn of(row: &Explained) -> Self {
        Self(
            row.happened_at,
            row.source.clone(),
            row.position,
            row.subject,
        )
    }
}

const FACTS: &str = "
    select metric, source, position, event_id, subject, day, currency, amount, happened_at, recorded_at
    from statistic_facts
    where metric = any($1) and ($2 = '' or product = $2) and ($4 is null or day >= $4) and day < $5";

const ACTIVE_USERS: &str = "
    select metric, source, position, event_id, subject, day, '' as currency, 0::bigint as amount, happened_at, recorded_at
    from statistic_members
    where metric = 'active_user' and grain = $3 and period >= $4 and period < $5";

const ACTIVE_TRAINERS: &str = "
    select distinct on (subject) * from (
        select metric, source, position, event_id, subject, day, '' as currency, 0::bigint as amount, happened_at, recorded_at
        from statistic_members
        where metric = 'active_trainer' and grain = $3 and period >= $4 and period < $5
        union all
        select 'active_trainer', 'ticketing', e.position, e.log_event_id, unnest(d.trainer_ids), d.day, '', 0, d.starts_at, e.recorded_at
        from statistic_event_days d join statistic_events e using (event_id)
        where e.published_at is not null and d.ends_at <= $6 and d.day >= $4 and d.day < $5
    ) either order by subject, happened_at, source, position";

const ENDED_EVENTS: &str = "
    select 'ended_event' as metric, 'ticketing' as source, position, log_event_id as event_id, event_id as subject, end_day as day,
        '' as currency, 0::bigint as amount, ends_at as happened_at, recorded_at
    from statistic_events
    where published_at is not null and ends_at <= $6 and end_day >= $4 and end_day < $5";

/// The facts behind a figure of the period of `grain` that is `[from, to)`, in the order in
/// which they happened.
pub async fn explain(
    pool: &PgPool,
    question: Question,
    grain: Grain,
    (from, to): (NaiveDate, NaiveDate),
    as_of: DateTime<Utc>,
    page: &Page<Cursor>,
) -> Result<Vec<Explained>, sqlx::Error> {
    let (rows, metrics, product, to_date) = match question {
        Question::Facts {
            metrics,
            product,
            to_date,
        } => (FACTS, metrics, product, to_date),
        Question::ActiveUsers => (ACTIVE_USERS, &[][..], "", false),
        Question::ActiveTrainers => (ACTIVE_TRAINERS, &[][..], "", false),
        Question::EndedEvents => (ENDED_EVENTS, &[][..], "", false),
    };
    let (happened_at, source, position, subject) = match page.after.clone() {
        Some(Cursor(at, source, position, subject)) => {
            (Some(at), Some(source), Some(position), Some(subject))
        }
        None => (None, None, None, None),
    };
    let sql = format!(
        "select to_jsonb(f) || jsonb_build_object('weight', case when metric in ('user_left', 'trainer_left') then -1 else 1 end)
         from ({rows}) f
         where $7 is null or (happened_at, source, position, subject) > ($7, $8, $9, $10)
         order by happened_at, source, position, subject limit $11"
    );
    sqlx::query(&sql)
        .bind(metrics)
        .bind(product)
        .bind(grain.name())
        .bind((!to_date).then_some(from))
        .bind(to)
        .bind(as_of)
        .bind(happened_at)
        .bind(source)
        .bind(position)
        .bind(subject)
        .bind(page.limit())
        .try_map(json_row)
        .fetch_all(pool)
        .await
}
