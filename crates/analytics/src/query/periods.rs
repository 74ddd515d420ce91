//! The figures of days, months and years.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{FromRow, PgPool, Row as _};

use crate::basis::{Basis, Grain};
use crate::projector::PROJECTION;

/// Minor units by currency code.
pub type Amounts = Json<BTreeMap<String, i64>>;

/// One period's row of `statistics_of`.
#[derive(Debug, PartialEq)]
pub struct Figures {
    /// Its stable id.
    pub id: String,
    /// Its first day.
    pub period: NaiveDate,
    /// R of the period.
    pub revenue: Amounts,
    /// The part from tickets.
    pub event_revenue: Amounts,
    /// The part from sessions.
    pub session_revenue: Amounts,
    /// R of all time up to its end.
    pub revenue_to_date: Amounts,
    /// Registrations.
    pub new_users: i64,
    /// Accounts at its end.
    pub total_users: i64,
    /// Distinct users with a login or an accepted command.
    pub active_users: i64,
    /// First trainer profiles.
    pub new_trainers: i64,
    /// Trainers at its end.
    pub total_trainers: i64,
    /// Distinct trainers who worked.
    pub active_trainers: i64,
    /// Events created.
    pub total_events: i64,
    /// Published events that ended.
    pub completed_events: i64,
    /// Sessions booked.
    pub total_sessions: i64,
    /// Sessions completed, by scheduled start.
    pub completed_sessions: i64,
    /// Charges that succeeded.
    pub successful_payments: i64,
    /// Charges that failed.
    pub failed_payments: i64,
    /// Facts recorded after its end.
    pub late_facts: i64,
    /// When the last of those was.
    pub corrected_at: Option<DateTime<Utc>>,
}

impl FromRow<'_, PgRow> for Figures {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            period: row.try_get("period")?,
            revenue: row.try_get("revenue")?,
            event_revenue: row.try_get("event_revenue")?,
            session_revenue: row.try_get("session_revenue")?,
            revenue_to_date: row.try_get("revenue_to_date")?,
            new_users: row.try_get("new_users")?,
            total_users: row.try_get("total_users")?,
            active_users: row.try_get("active_users")?,
            new_trainers: row.try_get("new_trainers")?,
            total_trainers: row.try_get("total_trainers")?,
            active_trainers: row.try_get("active_trainers")?,
            total_events: row.try_get("total_events")?,
            completed_events: row.try_get("completed_events")?,
            total_sessions: row.try_get("total_sessions")?,
            completed_sessions: row.try_get("completed_sessions")?,
            successful_payments: row.try_get("successful_payments")?,
            failed_payments: row.try_get("failed_payments")?,
            late_facts: row.try_get("late_facts")?,
            corrected_at: row.try_get("corrected_at")?,
        })
    }
}

/// The days that have figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first.
    pub first_day: NaiveDate,
    /// The last; today, if nothing lies later.
    pub last_day: NaiveDate,
}

/// Whether the tables wait to be built anew: somebody has asked for it, or what is folded rests
/// on other settings than these.
pub async fn rebuild_is_due(pool: &PgPool, basis: Basis) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select from projections where projection = $1 and rebuild_requested)
             or (exists (select from checkpoints where projection = $1 and position > 0)
                 and not exists (select from statistics_basis
                                 where business_zone = $2 and counts_sandbox = $3))",
    )
    .bind(PROJECTION)
    .bind(basis.zone.name())
    .bind(basis.counts_sandbox)
    .fetch_one(pool)
    .await
}

/// The days that have figures; `None` while nothing has happened.
pub async fn span(pool: &PgPool, as_of: DateTime<Utc>) -> Result<Option<Span>, sqlx::Error> {
    let row: Option<(NaiveDate, NaiveDate)> =
        sqlx::query_as("select first_day, last_day from statistics_span($1)")
            .bind(as_of)
            .fetch_optional(pool)
            .await?;
    Ok(row.map(|(first_day, last_day)| Span {
        first_day,
        last_day,
    }))
}

/// The periods of a grain that begin in `[from, to)`, oldest first. `from` is the first day of
/// a period.
pub async fn figures(
    pool: &PgPool,
    grain: Grain,
    from: NaiveDate,
    to: NaiveDate,
    as_of: DateTime<Utc>,
) -> Result<Vec<Figures>, sqlx::Error> {
    sqlx::query_as(
        "select statistics_id($1, s.period) as id, s.* from statistics_of($1, $2, $3, $4) s order by s.period",
    )
    .bind(grain.name())
    .bind(from)
    .bind(to)
    .bind(as_of)
    .fetch_all(pool)
    .await
}

/// A page of a list that runs from the newest period to the oldest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodPage {
    /// First day of the oldest period on it.
    pub from: NaiveDate,
    /// The day after the last of the newest period on it.
    pub to: NaiveDate,
    /// Whether older periods follow.
    pub more: bool,
}

/// The page with the `size` periods before `before` (a period's first day; `None` begins with
/// the newest), of those that lie in the span and, if given, in a year.
pub fn page(
    grain: Grain,
    span: Span,
    year: Option<i32>,
    before: Option<NaiveDate>,
    size: i64,
) -> Option<PeriodPage> {
    let mut oldest = grain.start(span.first_day);
    let mut newest = grain.start(span.last_day);
    if let Some(year) = year {
        oldest = oldest.max(NaiveDate::from_ymd_opt(year, 1, 1)?);
        newest = newest.min(grain.start(NaiveDate::from_ymd_opt(year, 12, 31)?));
    }
    if let Some(before) = before {
        newest = newest.min(step(grain, before, -1)?);
    }
    if newest < oldest {
        return None;
    }
    let back = i32::try_from(size.max(1) - 1).ok()?;
    let from = step(grain, newest, -back).map_or(oldest, |from| from.max(oldest));
    Some(PeriodPage {
        from,
        to: step(grain, newest, 1)?,
        more: from > oldest,
    })
}

/// The first day of the period so many periods away from the one that holds `day`; `None`
/// beyond the calendar.
pub fn step(grain: Grain, day: NaiveDate, by: i32) -> Option<NaiveDate> {
    let start = grain.start(day);
    let (count, forward) = (by.unsigned_abs(), by >= 0);
    match grain {
        Grain::Day if forward => start.checked_add_days(Days::new(count.into())),
        Grain::Day => start.checked_sub_days(Days::new(count.into())),
        Grain::Month if forward => start.checked_add_months(Months::new(count)),
        Grain::Month => start.checked_sub_months(Months::new(count)),
        Grain::Year => NaiveDate::from_ymd_opt(start.year().checked_add(by)?, 1, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn span() -> Span {
        Span {
            first_day: date("2025-11-20"),
            last_day: date("2026-02-03"),
        }
    }

    #[test]
    fn pages_of_months_cover_the_span_without_overlap_newest_first() {
        let first = page(Grain::Month, span(), None, None, 3).unwrap();
        assert_eq!(
            (first.from, first.to),
            (date("2025-12-01"), date("2026-03-01"))
        );
        assert!(first.more);
        let second = page(Grain::Month, span(), None, Some(first.from), 3).unwrap();
        assert_eq!(
            (second.from, second.to),
            (date("2025-11-01"), date("2025-12-01"))
        );
        assert!(!second.more);
        assert_eq!(page(Grain::Month, span(), None, Some(second.from), 3), None);
    }

    #[test]
    fn a_year_limits_the_months() {
        let only = page(Grain::Month, span(), Some(2025), None, 50).unwrap();
        assert_eq!(
            (only.from, only.to),
            (date("2025-11-01"), date("2026-01-01"))
        );
        assert_eq!(page(Grain::Month, span(), Some(2024), None, 50), None);
        assert_eq!(page(Grain::Month, span(), Some(2027), None, 50), None);
    }

    #[test]
    fn years_page_like_months() {
        let all = page(Grain::Year, span(), None, None, 50).unwrap();
        assert_eq!((all.from, all.to), (date("2025-01-01"), date("2027-01-01")));
        let newest = page(Grain::Year, span(), None, None, 1).unwrap();
        assert_eq!((newest.from, newest.more), (date("2026-01-01"), true));
    }
}
