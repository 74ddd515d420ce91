//! Who is in each distinct count.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::entry::Member;
use super::metric::Metric;
use super::{Cause, StatisticsTables};
use crate::basis::Grain;

/// Who counts once in a period, with the earliest event that made it so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberRow {
    pub metric: Metric,
    pub grain: Grain,
    pub period: NaiveDate,
    pub subject: Uuid,
    pub source: String,
    pub position: i64,
    pub event_id: Uuid,
    pub day: NaiveDate,
    pub happened_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
}

/// How many members a distinct count has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DistinctRow {
    pub metric: Metric,
    pub grain: Grain,
    pub period: NaiveDate,
    pub members: i64,
}

eventsourcing::rows! {
    MemberRow in "statistic_members"
        by (metric: Metric, grain: Grain, period: NaiveDate, subject: Uuid),
    DistinctRow in "statistic_distincts" by (metric: Metric, grain: Grain, period: NaiveDate),
}

impl MemberRow {
    /// Whether this one's event came before the other's. The same whichever is folded first, so
    /// that the earliest is kept however the logs interleave.
    fn is_earlier_than(&self, other: &Self) -> bool {
        (self.happened_at, &self.source, self.position)
            < (other.happened_at, &other.source, other.position)
    }
}

impl StatisticsTables {
    pub(super) fn member(&mut self, cause: Cause<'_>, member: Member) {
        let Member {
            metric,
            subject,
            happened_at,
        } = member;
        let Cause { basis, event, .. } = cause;
        let day = basis.day(happened_at);
        for grain in Grain::ALL {
            let period = grain.start(day);
            let member = MemberRow {
                metric,
                grain,
                period,
                subject,
                source: event.source.to_owned(),
                position: event.position,
                event_id: event.event_id,
                day,
                happened_at,
                recorded_at: event.recorded_at,
            };
            match self.members.get(&(metric, grain, period, subject)) {
                Some(known) if !member.is_earlier_than(known) => continue,
                Some(_) => {}
                None => {
                    let key = (metric, grain, period);
                    let row = self.distincts.upsert(key, || DistinctRow {
                        metric,
                        grain,
                        period,
                        members: 0,
                    });
                    row.members += 1;
                }
            }
            self.members.insert(member);
        }
    }
}
