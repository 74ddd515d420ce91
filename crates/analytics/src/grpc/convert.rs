//! Requests to queries, rows to messages.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use contracts::analytics::v1::{
    Correction, DailyStatistics, ExplainStatisticRequest, GetDailyStatisticsRequest,
    ListMonthlyStatisticsRequest, ListYearlyStatisticsRequest, MonthlyStatistics, PeriodFigures,
    Statistic, StatisticFact, YearlyStatistics,
};
use contracts::common::v1::{LogPosition, Money};
use contracts::google::r#type::Date;
use contracts::wire::{date, timestamp};
use prost_types::Timestamp;
use service::Fields;
use service::page::Page;
use tonic::Status;

use crate::basis::Grain;
use crate::query::{Amounts, Cursor, Explained, Figures, Question, step};

/// The days of one answer at most.
const MAX_DAYS: i64 = 400;

/// A range of days.
pub(super) struct Days {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub as_of: DateTime<Utc>,
    pub min_positions: Vec<LogPosition>,
}

impl TryFrom<GetDailyStatisticsRequest> for Days {
    type Error = Status;

    fn try_from(request: GetDailyStatisticsRequest) -> Result<Self, Status> {
        let GetDailyStatisticsRequest {
            start_date,
            end_date,
            as_of,
            min_positions,
        } = request;
        let mut fields = Fields::new();
        let from = fields.date("start_date", start_date.as_ref());
        let to = match &end_date {
            Some(end_date) => fields.date("end_date", Some(end_date)),
            None => step(Grain::Day, from, 1).unwrap_or(from),
        };
        let as_of = as_of_or_now(&mut fields, as_of.as_ref());
        if !(1..=MAX_DAYS).contains(&(to - from).num_days()) {
            fields.violation(
                "end_date",
                "RANGE",
                format!("must be 1 to {MAX_DAYS} days after start_date"),
            );
        }
        fields.finish()?;
        Ok(Self {
            from,
            to,
            as_of,
            min_positions,
        })
    }
}

/// A page of months or years.
pub(super) struct Periods {
    pub year: Option<i32>,
    pub page: Page<NaiveDate>,
    pub as_of: DateTime<Utc>,
    pub min_positions: Vec<LogPosition>,
}

impl TryFrom<ListMonthlyStatisticsRequest> for Periods {
    type Error = Status;

    fn try_from(request: ListMonthlyStatisticsRequest) -> Result<Self, Status> {
        let ListMonthlyStatisticsRequest {
            year,
            page_size,
            page_token,
            as_of,
            min_positions,
        } = request;
        let mut fields = Fields::new();
        let year = fields.int_in("year", year, 0..=9999);
        let page = fields.page(page_size, &page_token);
        let as_of = as_of_or_now(&mut fields, as_of.as_ref());
        fields.finish()?;
        Ok(Self {
            year: (year != 0).then_some(year),
            page,
            as_of,
            min_positions,
        })
    }
}

impl TryFrom<ListYearlyStatisticsRequest> for Periods {
    type Error = Status;

    fn try_from(request: ListYearlyStatisticsRequest) -> Result<Self, Status> {
        let ListYearlyStatisticsRequest {
            page_size,
            page_token,
            as_of,
            min_positions,
        } = request;
        let mut fields = Fields::new();
        let page = fields.page(page_size, &page_token);
        let as_of = as_of_or_now(&mut fields, as_of.as_ref());
        fields.finish()?;
        Ok(Self {
            year: None,
            page,
            as_of,
            min_positions,
        })
    }
}

/// A figure to explain.
pub(super) struct Explanation {
    pub question: Question,
    pub grain: Grain,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub page: Page<Cursor>,
    pub as_of: DateTime<Utc>,
    pub min_positions: Vec<LogPosition>,
}

impl TryFrom<ExplainStatisticRequest> for Explanation {
    type Error = Status;

    fn try_from(request: ExplainStatisticRequest) -> Result<Self, Status> {
        let ExplainStatisticRequest {
            statistic,
            period,
            page_size,
            page_token,
            as_of,
            min_positions,
        } = request;
        let mut fields = Fields::new();
        let statistic = fields.enum_value("statistic", statistic);
        let (grain, from, to) = self::period(&mut fields, period.as_ref());
        let page = fields.page(page_size, &page_token);
        let as_of = as_of_or_now(&mut fields, as_of.as_ref());
        fields.finish()?;
        Ok(Self {
            question: question(statistic),
            grain,
            from,
            to,
            page,
            as_of,
            min_positions,
        })
    }
}

/// A day, a month (day 0) or a year (month and day 0), with its first day and the day after
/// its last.
fn period(fields: &mut Fields, period: Option<&Date>) -> (Grain, NaiveDate, NaiveDate) {
    let grain = match period {
        Some(Date {
            month: 0, day: 0, ..
        }) => Grain::Year,
        Some(Date { day: 0, .. }) => Grain::Month,
        _ => Grain::Day,
    };
    let first = period.map(|period| Date {
        year: period.year,
        month: if grain == Grain::Year {
            1
        } else {
            period.month
        },
        day: if grain == Grain::Day { period.day } else { 1 },
    });
    let from = fields.date("period", first.as_ref());
    (grain, from, step(grain, from, 1).unwrap_or(from))
}

fn question(statistic: Statistic) -> Question {
    const MONEY: &[&str] = &["succeeded_payment", "refund"];
    let facts = |metrics, product, to_date| Question::Facts {
        metrics,
        product,
        to_date,
    };
    match statistic {
        Statistic::Unspecified => facts(&[], "", false),
        Statistic::Revenue => facts(MONEY, "", false),
        Statistic::EventRevenue => facts(MONEY, "event", false),
        Statistic::SessionRevenue => facts(MONEY, "session", false),
        Statistic::RevenueToDate => facts(MONEY, "", true),
        Statistic::ActiveUsers => Question::ActiveUsers,
        Statistic::NewUsers => facts(&["signup"], "", false),
        Statistic::TotalUsers => facts(&["signup", "user_left", "user_returned"], "", true),
        Statistic::NewTrainers => facts(&["new_trainer"], "", false),
        Statistic::TotalTrainers => facts(
            &["new_trainer", "trainer_left", "trainer_returned"],
            "",
            true,
        ),
        Statistic::ActiveTrainers => Question::ActiveTrainers,
        Statistic::TotalEvents => facts(&["created_event"], "", false),
        Statistic::CompletedEvents => Question::EndedEvents,
        Statistic::TotalSessions => facts(&["booked_session"], "", false),
        Statistic::CompletedSessions => facts(&["completed_session"], "", false),
        Statistic::TotalPayments => facts(&["succeeded_payment", "failed_payment"], "", false),
        Statistic::SuccessfulPayments => facts(&["succeeded_payment"], "", false),
        Statistic::FailedPayments => facts(&["failed_payment"], "", false),
    }
}

fn as_of_or_now(fields: &mut Fields, as_of: Option<&Timestamp>) -> DateTime<Utc> {
    let as_of = fields.optional_timestamp("as_of", as_of);
    as_of.unwrap_or_else(Utc::now)
}

/// A row as a day.
pub(super) fn daily(figures: Figures) -> DailyStatistics {
    DailyStatistics {
        date: Some(date(figures.period)),
        daily_revenue: money(figures.revenue),
        daily_users: figures.active_users,
        daily_signups: figures.new_users,
        daily_sessions: figures.completed_sessions,
        daily_payments: figures.successful_payments + figures.failed_payments,
        total_users: figures.total_users,
        total_trainers: figures.total_trainers,
        total_revenue: money(figures.revenue_to_date),
        correction: correction(figures.late_facts, figures.corrected_at),
        id: figures.id,
    }
}

/// A row as a month.
pub(super) fn monthly(figures: Figures) -> MonthlyStatistics {
    MonthlyStatistics {
        id: figures.id.clone(),
        year: figures.period.year(),
        month: i32::try_from(figures.period.month()).unwrap_or_default(),
        figures: Some(period_figures(figures)),
    }
}

/// A row as a year.
pub(super) fn yearly(figures: Figures) -> YearlyStatistics {
    YearlyStatistics {
        id: figures.id.clone(),
        year: figures.period.year(),
        figures: Some(period_figures(figures)),
    }
}

/// What no event of the system feeds is 0.
fn period_figures(figures: Figures) -> PeriodFigures {
    PeriodFigures {
        total_revenue: money(figures.revenue),
        event_revenue: money(figures.event_revenue),
        session_revenue: money(figures.session_revenue),
        subscription_revenue: Vec::new(),
        new_users: figures.new_users,
        total_users: figures.total_users,
        active_users: figures.active_users,
        new_trainers: figures.new_trainers,
        total_trainers: figures.total_trainers,
        active_trainers: figures.active_trainers,
        new_subscriptions: 0,
        total_subscriptions: 0,
        active_subscriptions: 0,
        canceled_subscriptions: 0,
        total_events: figures.total_events,
        completed_events: figures.completed_events,
        canceled_events: 0,
        total_sessions: figures.total_sessions,
        completed_sessions: figures.completed_sessions,
        total_payments: figures.successful_payments + figures.failed_payments,
        successful_payments: figures.successful_payments,
        failed_payments: figures.failed_payments,
        correction: correction(figures.late_facts, figures.corrected_at),
    }
}

/// A row as a fact.
pub(super) fn fact(row: Explained) -> StatisticFact {
    StatisticFact {
        position: Some(LogPosition {
            service: row.source,
            position: row.position,
        }),
        event_id: row.event_id.to_string(),
        subject_id: row.subject.to_string(),
        happened_at: Some(timestamp(row.happened_at)),
        recorded_at: Some(timestamp(row.recorded_at)),
        date: Some(date(row.day)),
        amount: (!row.currency.is_empty()).then_some(Money {
            currency_code: row.currency,
            minor_units: row.amount,
        }),
        weight: row.weight,
    }
}

fn correction(facts: i64, corrected_at: Option<DateTime<Utc>>) -> Option<Correction> {
    corrected_at.map(|corrected_at| Correction {
        facts,
        corrected_at: Some(timestamp(corrected_at)),
    })
}

fn money(amounts: Amounts) -> Vec<Money> {
    let amounts: BTreeMap<String, i64> = amounts.0;
    amounts
        .into_iter()
        .map(|(currency_code, minor_units)| Money {
            currency_code,
            minor_units,
        })
        .collect()
}
