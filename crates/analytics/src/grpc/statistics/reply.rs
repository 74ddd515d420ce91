//! The answers of `StatisticsService`.

use chrono::{DateTime, Datelike, Utc};
use contracts::analytics::v1::{
    Correction, DailyStatistics, MonthlyStatistics, PeriodFigures, StatisticFact, YearlyStatistics,
};
use contracts::wire::{amount, date, position, timestamp};

use crate::query::{Explained, Figures};
use crate::wire::amounts;

impl From<Figures> for DailyStatistics {
    fn from(figures: Figures) -> Self {
        Self {
            date: Some(date(figures.period)),
            daily_revenue: amounts(figures.revenue),
            daily_users: figures.active_users,
            daily_signups: figures.new_users,
            daily_sessions: figures.completed_sessions,
            daily_payments: figures.successful_payments + figures.failed_payments,
            total_users: figures.total_users,
            total_trainers: figures.total_trainers,
            total_revenue: amounts(figures.revenue_to_date),
            correction: correction(figures.late_facts, figures.corrected_at),
            id: figures.id,
        }
    }
}

impl From<Figures> for MonthlyStatistics {
    fn from(figures: Figures) -> Self {
        Self {
            id: figures.id.clone(),
            year: figures.period.year(),
            month: i32::try_from(figures.period.month()).unwrap_or_default(),
            figures: Some(figures.into()),
        }
    }
}

impl From<Figures> for YearlyStatistics {
    fn from(figures: Figures) -> Self {
        Self {
            id: figures.id.clone(),
            year: figures.period.year(),
            figures: Some(figures.into()),
        }
    }
}

/// What no event of the system feeds is 0.
impl From<Figures> for PeriodFigures {
    fn from(figures: Figures) -> Self {
        Self {
            total_revenue: amounts(figures.revenue),
            event_revenue: amounts(figures.event_revenue),
            session_revenue: amounts(figures.session_revenue),
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
}

impl From<Explained> for StatisticFact {
    fn from(row: Explained) -> Self {
        Self {
            position: Some(position(&row.source, row.position)),
            event_id: row.event_id.to_string(),
            subject_id: row.subject.to_string(),
            happened_at: Some(timestamp(row.happened_at)),
            recorded_at: Some(timestamp(row.recorded_at)),
            date: Some(date(row.day)),
            amount: (!row.currency.is_empty()).then(|| amount(row.currency, row.amount)),
            weight: row.weight,
        }
    }
}

fn correction(facts: i64, corrected_at: Option<DateTime<Utc>>) -> Option<Correction> {
    corrected_at.map(|corrected_at| Correction {
        facts,
        corrected_at: Some(timestamp(corrected_at)),
    })
}
