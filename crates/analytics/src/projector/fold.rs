//! The effect of an entry on the rows.

use chrono::{DateTime, Utc};
use eventsourcing::{AnyTable, Delivered, FoldError, Table, TableSet};
use uuid::Uuid;

use super::counting::{AccountChange, Count, Draft, Entry};
use super::rows::{
    Account, Correction, Day, Distinct, Event, EventDay, Fact, Member, Metric, Payment, Product,
};
use crate::basis::{Basis, Grain};
use crate::events::PublicEvent;

/// The read tables of the projection.
#[derive(Default)]
pub struct Tables {
    /// Every counted thing.
    pub facts: Table<Fact>,
    /// The sums of each day.
    pub days: Table<Day>,
    /// Who is in the distinct counts.
    pub members: Table<Member>,
    /// How many those are.
    pub distincts: Table<Distinct>,
    /// What came late.
    pub corrections: Table<Correction>,
    /// Who is an active trainer.
    pub accounts: Table<Account>,
    /// Which payments are real.
    pub payments: Table<Payment>,
    /// Events of ticketing.
    pub events: Table<Event>,
    /// Their days.
    pub event_days: Table<EventDay>,
}

impl TableSet for Tables {
    fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
        vec![
            &mut self.facts,
            &mut self.days,
            &mut self.members,
            &mut self.distincts,
            &mut self.corrections,
            &mut self.accounts,
            &mut self.payments,
            &mut self.events,
            &mut self.event_days,
        ]
    }
}

impl Tables {
    /// Names the rows that `fold` looks at.
    pub(super) fn touch(&mut self, basis: Basis, entry: &Entry) {
        match entry {
            Entry::Count(count) => self.touch_count(basis, count),
            Entry::Account {
                user, happened_at, ..
            } => {
                self.accounts.touch((*user,));
                for metric in [Metric::TrainerLeft, Metric::TrainerReturned] {
                    self.touch_count(basis, &plain(metric, *user, *happened_at));
                }
            }
            Entry::Member {
                metric,
                subject,
                happened_at,
            } => {
                let day = basis.day(*happened_at);
                for grain in Grain::ALL {
                    let period = grain.start(day);
                    self.members.touch((*metric, grain, period, *subject));
                    self.distincts.touch((*metric, grain, period));
                }
            }
            Entry::Publish { event_id, .. } => self.events.touch((*event_id,)),
            Entry::Payment { .. } | Entry::Draft(_) => {}
        }
    }

    fn touch_count(&mut self, basis: Basis, count: &Count) {
        let day = basis.day(count.happened_at);
        self.days
            .touch((day, count.metric, count.product, count.currency()));
        if let Some(payment) = count.payment {
            self.payments.touch((payment,));
        }
        for grain in Grain::ALL {
            self.corrections.touch((grain, grain.start(day)));
        }
    }

    /// Applies an entry, the `ordinal`th of its event.
    pub(super) fn fold(
        &mut self,
        basis: Basis,
        event: &Delivered<PublicEvent>,
        ordinal: i32,
        entry: Entry,
    ) -> Result<(), FoldError> {
        match entry {
            Entry::Count(count) => self.count(basis, event, ordinal, &count)?,
            Entry::Member {
                metric,
                subject,
                happened_at,
            } => self.member(basis, event, metric, subject, happened_at),
            Entry::Account {
                user,
                change,
                happened_at,
            } => {
                if let Some(metric) = self.account(user, change) {
                    self.count(basis, event, ordinal, &plain(metric, user, happened_at))?;
                }
            }
            Entry::Payment { payment_id, live } => {
                self.payments.insert(Payment { payment_id, live });
            }
            Entry::Draft(draft) => self.draft(basis, event, draft),
            Entry::Publish {
                event_id,
                published_at,
            } => self.publish(event_id, published_at)?,
        }
        Ok(())
    }

    fn count(
        &mut self,
        basis: Basis,
        event: &Delivered<PublicEvent>,
        ordinal: i32,
        count: &Count,
    ) -> Result<(), FoldError> {
        if !self.counts(basis, count)? {
            return Ok(());
        }
        let fact = Fact {
            source: event.source.to_owned(),
            position: event.position,
            ordinal,
            event_id: event.event_id,
            metric: count.metric,
            product: count.product,
            day: basis.day(count.happened_at),
            subject: count.subject,
            currency: count.currency(),
            amount: count.amount(),
            happened_at: count.happened_at,
            recorded_at: event.recorded_at,
        };
        self.add(&fact)?;
        self.note_if_late(basis, &fact);
        self.facts.insert(fact);
        Ok(())
    }

    /// Whether a trainer comes or goes with this change. A new profile counts as such.
    fn account(&mut self, user: Uuid, change: AccountChange) -> Option<Metric> {
        let account = self.accounts.upsert((user,), || Account {
            user_id: user,
            active: true,
            is_trainer: true,
            has_profile: false,
            counted: false,
        });
        match change {
            AccountChange::Profile => {
                (account.has_profile, account.counted) = (true, true);
                return None;
            }
            AccountChange::Trainer(is_trainer) => account.is_trainer = is_trainer,
            AccountChange::Active(active) => account.active = active,
        }
        let counts = account.active && account.is_trainer && account.has_profile;
        match (std::mem::replace(&mut account.counted, counts), counts) {
            (true, false) => Some(Metric::TrainerLeft),
            (false, true) => Some(Metric::TrainerReturned),
            _ => None,
        }
    }

    /// Money that is not real counts only where the settings say so.
    fn counts(&self, basis: Basis, count: &Count) -> Result<bool, FoldError> {
        let Some(payment) = count.payment else {
            return Ok(true);
        };
        let row = self
            .payments
            .get(&(payment,))
            .ok_or_else(|| FoldError::missing("payment", &payment))?;
        Ok(row.live || basis.counts_sandbox)
    }

    fn add(&mut self, fact: &Fact) -> Result<(), FoldError> {
        let (day, metric, product) = (fact.day, fact.metric, fact.product);
        let key = (day, metric, product, fact.currency.clone());
        let row = self.days.upsert(key, || Day {
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
    fn note_if_late(&mut self, basis: Basis, fact: &Fact) {
        let recorded = basis.day(fact.recorded_at);
        for grain in Grain::ALL {
            let period = grain.start(fact.day);
            if grain.start(recorded) <= period {
                continue;
            }
            let row = self.corrections.upsert((grain, period), || Correction {
                grain,
                period,
                facts: 0,
                corrected_at: fact.recorded_at,
            });
            row.facts += 1;
            row.corrected_at = row.corrected_at.max(fact.recorded_at);
        }
    }

    fn member(
        &mut self,
        basis: Basis,
        event: &Delivered<PublicEvent>,
        metric: Metric,
        subject: Uuid,
        happened_at: DateTime<Utc>,
    ) {
        let day = basis.day(happened_at);
        for grain in Grain::ALL {
            let period = grain.start(day);
            let member = Member {
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
                    let row = self.distincts.upsert((metric, grain, period), || Distinct {
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

    fn draft(&mut self, basis: Basis, event: &Delivered<PublicEvent>, draft: Draft) {
        for (number, (starts_at, ends_at)) in (1..).zip(draft.days) {
            self.event_days.insert(EventDay {
                event_id: draft.event_id,
                number,
                day: basis.day(starts_at),
                starts_at,
                ends_at,
                trainer_ids: draft.trainer_ids.clone(),
            });
        }
        self.events.insert(Event {
            event_id: draft.event_id,
            ends_at: draft.ends_at,
            end_day: basis.day(draft.ends_at),
            published_at: None,
            position: event.position,
            log_event_id: event.event_id,
            recorded_at: event.recorded_at,
        });
    }

    fn publish(&mut self, event_id: Uuid, published_at: DateTime<Utc>) -> Result<(), FoldError> {
        self.events
            .get_mut(&(event_id,))
            .ok_or_else(|| FoldError::missing("event", &event_id))?
            .published_at = Some(published_at);
        Ok(())
    }
}

/// A count of one, of no money.
fn plain(metric: Metric, subject: Uuid, happened_at: DateTime<Utc>) -> Count {
    Count {
        metric,
        product: Product::None,
        subject,
        happened_at,
        money: None,
        payment: None,
    }
}

impl Count {
    fn currency(&self) -> String {
        self.money
            .as_ref()
            .map_or_else(String::new, |(currency, _)| currency.clone())
    }

    fn amount(&self) -> i64 {
        self.money.as_ref().map_or(0, |(_, amount)| *amount)
    }
}
