//! What happened: each fact by itself, and the sums of each day.

use chrono::{DateTime, NaiveDate, Utc};
use eventsourcing::FoldError;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use values::PaymentId;

use super::entry::Count;
use super::metric::{Metric, Product};
use super::{Cause, StatisticsTables};
use crate::basis::{Basis, Grain};

/// One counted thing. An amount is negative for a refund; a fact without money has 0 and "".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactRow {
    pub source: String,
    pub position: i64,
    pub ordinal: i32,
    pub event_id: Uuid,
    pub metric: Metric,
    pub product: Product,
    pub day: NaiveDate,
    pub subject: Uuid,
    pub currency: String,
    pub amount: i64,
    pub happened_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
}

/// The sums of a local day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DayRow {
    pub day: NaiveDate,
    pub metric: Metric,
    pub product: Product,
    pub currency: String,
    pub count: i64,
    pub amount: i64,
}

/// The facts of a period that were recorded after it was over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CorrectionRow {
    pub grain: Grain,
    pub period: NaiveDate,
    pub facts: i64,
    pub corrected_at: DateTime<Utc>,
}

/// Whether a payment moves real money.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaymentRow {
    pub payment_id: PaymentId,
    pub live: bool,
}

eventsourcing::rows! {
    FactRow in "statistic_facts" by (source: String, position: i64, ordinal: i32),
    DayRow in "statistic_days"
        by (day: NaiveDate, metric: Metric, product: Product, currency: String),
    CorrectionRow in "statistic_corrections" by (grain: Grain, period: NaiveDate),
    PaymentRow in "statistic_payments" by (payment_id: PaymentId),
}

impl StatisticsTables {
    pub(super) fn count(&mut self, cause: Cause<'_>, count: &Count) -> Result<(), FoldError> {
        let Cause {
            basis,
            event,
            ordinal,
        } = cause;
        if !self.counts(basis, count)? {
            return Ok(());
        }
        let (currency, amount) = count.money.clone().unwrap_or_default();
        let fact = FactRow {
            source: event.source.to_owned(),
            position: event.position,
            ordinal,
            event_id: event.event_id,
            metric: count.metric,
            product: count.product,
            day: basis.day(count.happened_at),
            subject: count.subject,
            currency,
            amount,
            happened_at: count.happened_at,
            recorded_at: event.recorded_at,
        };
        self.add(&fact)?;
        self.note_if_late(basis, &fact);
        self.facts.insert(fact);
        Ok(())
    }

    /// Money that is not real counts only where the settings say so.
    fn counts(&self, basis: Basis, count: &Count) -> Result<bool, FoldError> {
        let Some(payment) = count.payment else {
            return Ok(true);
        };
        let row = self.payments.get(&payment);
        let row = row.ok_or_else(|| FoldError::missing("payment", &payment))?;
        Ok(row.live || basis.counts_sandbox)
    }

    fn add(&mut self, fact: &FactRow) -> Result<(), FoldError> {
        let (day, metric, product) = (fact.day, fact.metric, fact.product);
        let key = (day, metric, product, fact.currency.clone());
        let row = self.days.upsert(key, || DayRow {
            day,
            metric,
            product,
            currency: fact.currency.clone(),
            count: 0,
            amount: 0,
        });
        row.amount = row
            .amount
            .checked_add(fact.amount)
            .ok_or_else(|| FoldError::new("a sum of money is beyond 64 bits"))?;
        row.count += 1;
        Ok(())
    }

    /// A fact recorded after its period was over changes what may have been read before.
    fn note_if_late(&mut self, basis: Basis, fact: &FactRow) {
        let recorded = basis.day(fact.recorded_at);
        for grain in Grain::ALL {
            let period = grain.start(fact.day);
            if grain.start(recorded) <= period {
                continue;
            }
            let row = self.corrections.upsert((grain, period), || CorrectionRow {
                grain,
                period,
                facts: 0,
                corrected_at: fact.recorded_at,
            });
            row.facts += 1;
            row.corrected_at = row.corrected_at.max(fact.recorded_at);
        }
    }
}
