//! The figures of days, months and years.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use serde::Deserialize;
use service::json_row;
use sqlx::PgPool;

use crate::basis::{Basis, Grain, PROJECTION};

/// Minor units by ISO 4217 code.
pub type Amounts = BTreeMap<String, i64>;

/// One period's row of `statistics_of`.
#[derive(Debug, PartialEq, Deserialize)]
pub struct Figures {
    /// Stable: the same period has the same id after a rebuild.
    pub id: String,
    /// The first day of it.
    pub period: NaiveDate,
    /// Payments less refunds.
    pub revenue: Amounts,
    /// The part from tickets.
    pub event_revenue: Amounts,
    /// The part from sessions.
    pub session_revenue: Amounts,
    /// Payments less refunds of all time up to the end of the period.
    pub revenue_to_date: Amounts,
    pub new_users: i64,
    /// Open accounts at the end of the period.
    pub total_users: i64,
    /// Distinct users who have logged in or given a command that was accepted.
    pub active_users: i64,
    /// Users who got their first trainer profile.
    pub new_trainers: i64,
    /// Active trainers' accounts at the end of the period.
    pub total_trainers: i64,
    /// Distinct trainers who have worked.
    pub active_trainers: i64,
    pub total_events: i64,
    /// Published events that have ended.
    pub completed_events: i64,
    pub total_sessions: i64,
    /// Sessions that took place, by their scheduled start.
    pub completed_sessions: i64,
    pub successful_payments: i64,
    pub failed_payments: i64,
    /// Facts that were recorded after the period was over.
    pub late_facts: i64,
    /// When the last of those facts was recorded.
    pub corrected_at: Option<DateTime<Utc>>,
}

/// The days that have figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub first_day: NaiveDate,
    /// Today, if nothing lies later.
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
pub async fn span(
    pool: &PgPool,
    basis: Basis,
    as_of: DateTime<Utc>,
) -> Result<Option<Span>, sqlx::Error> {
    let row: Option<(NaiveDate, NaiveDate)> =
        sqlx::query_as("select first_day, last_day from statistics_span($1, $2)")
            .bind(as_of)
            .bind(basis.day(as_of))
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
    sqlx::query(
        "select to_jsonb(s) || jsonb_build_object('id', statistics_id($1, s.period))
         from statistics_of($1, $2, $3, $4) s order by s.period",
    )
    .bind(grain.name())
    .bind(from)
    .bind(to)
    .bind(as_of)
    .try_map(json_row)
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
        let and_one_more = page(Grain::Month, span(), None, None, 4).unwrap();
        assert_eq!(and_one_more.from, date("2025-11-01"));
        let second = page(Grain::Month, span(), None, Some(first.from), 3).unwrap();
        assert_eq!(
            (second.from, second.to),
            (date("2025-11-01"), date("2025-12-01"))
        );
        let or_more = page(Grain::Month, span(), None, Some(first.from), 4);
        assert_eq!(or_more, Some(second));
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
        assert_eq!(newest.from, date("2026-01-01"));
        let and_one_more = page(Grain::Year, span(), None, None, 2);
        assert_eq!(and_one_more, Some(all));
    }
}
