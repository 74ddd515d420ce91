//! A batch folded in memory, with the events that cannot be folded set aside.

use std::{
    any::Any,
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{
    Delivered, FoldError, Projection,
    feed::{Batch, Undecodable},
    tables::TableSet,
};

/// The parked keys of a projection, and what a batch adds to them.
pub(crate) struct Parking {
    keys: HashSet<String>,
    pub new_keys: Vec<ParkedKeyRow>,
    pub new_events: Vec<ParkedEventRow>,
}

/// A key that is parked because of one event.
pub(crate) struct ParkedKeyRow {
    pub key: String,
    pub position: i64,
    pub error: String,
}

/// An event that waits with its key.
pub(crate) struct ParkedEventRow {
    pub key: String,
    pub position: i64,
}

impl Parking {
    pub fn new(keys: Vec<String>) -> Self {
        Self {
            keys: keys.into_iter().collect(),
            new_keys: Vec::new(),
            new_events: Vec::new(),
        }
    }

    fn park(&mut self, key: String, position: i64, error: String) {
        self.wait(key.clone(), position);
        if self.keys.insert(key.clone()) {
            self.new_keys.push(ParkedKeyRow {
                key,
                position,
                error,
            });
        }
    }

    fn wait(&mut self, key: String, position: i64) {
        self.new_events.push(ParkedEventRow { key, position });
    }

    /// The parked key that an event waits for, if any.
    fn holding<P: Projection>(
        &self,
        projection: &P,
        event: &Delivered<P::Event>,
    ) -> Option<String> {
        if self.keys.is_empty() {
            return None;
        }
        let key = key_of(projection, event);
        if self.keys.contains(&key) {
            return Some(key);
        }
        self.keys
            .contains(&event.aggregate_id)
            .then(|| event.aggregate_id.clone())
    }

    /// The parked keys alone.
    pub fn without_events(mut self) -> Self {
        self.new_events.clear();
        self
    }

    /// Gives the keys that wait already, without what a failed attempt has added.
    pub fn again(self) -> Self {
        let mut keys = self.keys;
        for key in &self.new_keys {
            keys.remove(&key.key);
        }
        Self {
            keys,
            new_keys: Vec::new(),
            new_events: Vec::new(),
        }
    }
}

/// How a batch is folded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// Nothing is expected to fail; if it does, the rows are spoilt and must be loaded again.
    Fast,
    /// Each event by itself; one that fails is undone and parks its key.
    EachByItself,
}

/// An event failed in a fast fold.
pub(crate) struct Spoilt;

/// Names the rows that a batch looks at. An event whose `touch` panics names what it can; its
/// fold then fails.
pub(crate) fn touch<P: Projection>(
    projection: &P,
    batch: &Batch<P::Event>,
    tables: &mut P::Tables,
) {
    for event in &batch.events {
        let touched = catch_unwind(AssertUnwindSafe(|| projection.touch(event, tables)));
        if let Err(panic) = touched {
            tracing::error!(
                projection = P::NAME,
                source = event.source,
                position = event.position,
                error = message(panic.as_ref()),
                "a projection's touch panicked"
            );
        }
    }
}

/// Folds a batch into loaded tables.
pub(crate) fn fold<P: Projection>(
    projection: &P,
    batch: &Batch<P::Event>,
    tables: &mut P::Tables,
    parking: &mut Parking,
    care: Care,
) -> Result<(), Spoilt> {
    match care {
        Care::Fast if batch.undecodable.is_empty() => fold_fast(projection, batch, tables, parking),
        Care::Fast => Err(Spoilt),
        Care::EachByItself => {
            fold_each(projection, batch, tables, parking);
            Ok(())
        }
    }
}

fn fold_fast<P: Projection>(
    projection: &P,
    batch: &Batch<P::Event>,
    tables: &mut P::Tables,
    parking: &mut Parking,
) -> Result<(), Spoilt> {
    let folded = catch_unwind(AssertUnwindSafe(|| {
        for event in &batch.events {
            if let Some(key) = parking.holding(projection, event) {
                parking.wait(key, event.position);
            } else {
                projection.fold(event, tables)?;
            }
        }
        Ok::<_, FoldError>(())
    }));
    matches!(folded, Ok(Ok(()))).then_some(()).ok_or(Spoilt)
}

fn fold_each<P: Projection>(
    projection: &P,
    batch: &Batch<P::Event>,
    tables: &mut P::Tables,
    parking: &mut Parking,
) {
    for table in tables.tables() {
        table.careful();
    }
    let mut undecodable = batch.undecodable.iter().peekable();
    for event in &batch.events {
        while let Some(unreadable) =
            undecodable.next_if(|unreadable| unreadable.position < event.position)
        {
            park_unreadable(unreadable, parking);
        }
        if let Some(key) = parking.holding(projection, event) {
            parking.wait(key, event.position);
            continue;
        }
        match fold_one(projection, event, tables) {
            Ok(()) => {
                for table in tables.tables() {
                    table.keep();
                }
            }
            Err(error) => {
                for table in tables.tables() {
                    table.undo();
                }
                parking.park(key_of(projection, event), event.position, error);
            }
        }
    }
    undecodable.for_each(|unreadable| park_unreadable(unreadable, parking));
}

fn park_unreadable(unreadable: &Undecodable, parking: &mut Parking) {
    parking.park(
        unreadable.aggregate_id.clone(),
        unreadable.position,
        unreadable.error.clone(),
    );
}

fn fold_one<P: Projection>(
    projection: &P,
    event: &Delivered<P::Event>,
    tables: &mut P::Tables,
) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(|| projection.fold(event, tables))) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => Err(message(panic.as_ref())),
    }
}

/// The event's key; its aggregate when the projection cannot say.
pub(crate) fn key_of<P: Projection>(projection: &P, event: &Delivered<P::Event>) -> String {
    catch_unwind(AssertUnwindSafe(|| projection.key(event)))
        .unwrap_or_else(|_| event.aggregate_id.clone())
}

/// Parks every event of a batch for one reason: the database does not take their rows.
pub(crate) fn park_all<P: Projection>(
    projection: &P,
    batch: &Batch<P::Event>,
    parking: &mut Parking,
    error: &str,
) {
    for event in &batch.events {
        parking.park(key_of(projection, event), event.position, error.to_owned());
    }
    for unreadable in &batch.undecodable {
        park_unreadable(unreadable, parking);
    }
}

/// What a panic says.
pub(crate) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    format!(
        "panicked: {}",
        text.as_deref().unwrap_or("without a message")
    )
}
