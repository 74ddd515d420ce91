//! What the demo counts from the answers it gets, and the promises that it checks on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use contracts::common::v1::Money;

/// Amounts in minor units, by currency code.
pub type Amounts = BTreeMap<String, i64>;

/// What a payment is for: a session, or tickets of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    Session,
    Event,
}

/// What the season has brought, counted from the answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counted {
    pub users: BTreeSet<String>,
    pub signups: i64,
    pub trainers: i64,
    pub sessions: i64,
    /// Completed sessions. No two have the same trainer, so this is the number of active trainers too.
    pub completed: i64,
    pub succeeded: i64,
    pub failed: i64,
    pub events: i64,
    pub session_revenue: Amounts,
    pub event_revenue: Amounts,
}

/// Something that must hold, whether it did, and what the demo saw.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Promise {
    pub what: String,
    pub kept: bool,
    pub saw: String,
}

/// Counts and notes while calls are under way at the same time.
#[derive(Default)]
pub struct Tally {
    counted: Mutex<Counted>,
    promises: Mutex<Vec<Promise>>,
}

impl Tally {
    /// Counts a user who has registered and logged in.
    pub fn user(&self, user_id: &str) {
        let mut counted = self.lock();
        counted.signups += 1;
        counted.users.insert(user_id.to_owned());
    }

    pub fn trainer(&self) {
        self.lock().trainers += 1;
    }

    pub fn session(&self) {
        self.lock().sessions += 1;
    }

    pub fn completed(&self) {
        self.lock().completed += 1;
    }

    pub fn event(&self) {
        self.lock().events += 1;
    }

    pub fn failed_payment(&self) {
        self.lock().failed += 1;
    }

    pub fn succeeded_payment(&self, product: Product, amount: &Money) {
        let mut counted = self.lock();
        counted.succeeded += 1;
        add(&mut counted, product, amount, 1);
    }

    pub fn refund(&self, product: Product, amount: &Money) {
        add(&mut self.lock(), product, amount, -1);
    }

    pub fn promise(&self, what: impl Into<String>, kept: bool, saw: impl Into<String>) {
        self.promises
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Promise {
                what: what.into(),
                kept,
                saw: saw.into(),
            });
    }

    pub fn counted(&self) -> Counted {
        self.lock().clone()
    }

    pub fn promises(&self) -> Vec<Promise> {
        self.promises
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(counted: &mut Counted, product: Product, amount: &Money, sign: i64) {
    let amounts = match product {
        Product::Session => &mut counted.session_revenue,
        Product::Event => &mut counted.event_revenue,
    };
    *amounts.entry(amount.currency_code.clone()).or_default() += sign * amount.minor_units;
}
