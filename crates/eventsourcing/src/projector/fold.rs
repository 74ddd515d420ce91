//! A batch folded in memory, with the events that cannot be folded set aside.

use std::{
    any::Any,
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{
    Delivered, FoldError, Keys, Projection,
    feed::{Batch, Undecodable},
    tables::TableSet,
};

/// The parked keys of a projection, and what a batch adds to them.
pub(crate) struct Parking {
    keys: HashSet<String>,
    pub new_keys: Vec<ParkedKeyRow>,
    pub new_events: Vec<ParkedEventRow>,
    /// Why the first event that could not be folded could not.
    pub failure: Option<String>,
}

/// A key that is parked because of one event.
pub(crate) struct ParkedKeyRow {
    pub key: String,
    pub source: &'static str,
    pub position: i64,
    pub error: String,
}

/// An event that waits with one of its keys.
pub(crate) struct ParkedEventRow {
    pub key: String,
    pub source: &'static str,
    pub position: i64,
}

impl Parking {
    pub fn new(keys: Vec<String>) -> Self {
        Self {
            keys: keys.into_iter().collect(),
            new_keys: Vec::new(),
            new_events: Vec::new(),
            failure: None,
        }
    }

    /// Parks an event that cannot be folded.
    fn park(&mut self, keys: &Keys, source: &'static str, position: i64, error: &str) {
        self.failure.get_or_insert_with(|| error.to_owned());
        self.hold(keys, source, position, error);
    }

    /// Lets an event wait if one of its keys is parked. Whatever else it belongs to waits with it:
    /// later events must not overtake it.
    fn waits<P: Projection>(&mut self, projection: &P, event: &Delivered<P::Event>) -> bool {
        if self.keys.is_empty() {
            return false;
        }
        let keys = keys_of(projection, event);
        let parked = keys.iter().find(|key| self.keys.contains(*key));
        let keys = match parked {
            Some(_) => keys,
            // An event of its aggregate could not be read.
            None if self.keys.contains(&event.aggregate_id) => keys.and(&event.aggregate_id),
            None => return false,
        };
        let error = "an earlier event of another of its keys is parked";
        self.hold(&keys, event.source, event.position, error);
        true
    }

    fn hold(&mut self, keys: &Keys, source: &'static str, position: i64, error: &str) {
        for key in keys.iter() {
            self.new_events.push(ParkedEventRow {
                key: key.to_owned(),
                source,
                position,
            });
            if self.keys.insert(key.to_owned()) {
                self.new_keys.push(ParkedKeyRow {
                    key: key.to_owned(),
                    source,
                    position,
                    error: error.to_owned(),
                });
            }
        }
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
            failure: None,
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

/// Goes on after a failure while rows are missing: the batch is folded again then, and all that it
/// looks at is to be loaded at once.
fn fold_fast<P: Projection>(
    projection: &P,
    batch: &Batch<P::Event>,
    tables: &mut P::Tables,
    parking: &mut Parking,
) -> Result<(), Spoilt> {
    let mut events = batch.events.iter();
    let mut outcome = Ok(());
    loop {
        let folded = catch_unwind(AssertUnwindSafe(|| {
            for event in &mut events {
                if !parking.waits(projection, event) {
                    projection.fold(event, tables)?;
                }
            }
            Ok::<_, FoldError>(())
        }));
        if matches!(folded, Ok(Ok(()))) {
            return outcome;
        }
        outcome = Err(Spoilt);
        if !misses(tables) {
            return outcome;
        }
    }
}

/// Whether the fold has looked for rows that are not loaded.
pub(crate) fn misses(tables: &mut impl TableSet) -> bool {
    tables.tables().iter().any(|table| table.misses())
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
        if parking.waits(projection, event) {
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
                let keys = keys_of(projection, event);
                parking.park(&keys, event.source, event.position, &error);
            }
        }
    }
    undecodable.for_each(|unreadable| park_unreadable(unreadable, parking));
}

fn park_unreadable(unreadable: &Undecodable, parking: &mut Parking) {
    parking.park(
        &Keys::one(&unreadable.aggregate_id),
        unreadable.source,
        unreadable.position,
        &unreadable.error,
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

/// The event's keys; its aggregate when the projection cannot say.
fn keys_of<P: Projection>(projection: &P, event: &Delivered<P::Event>) -> Keys {
    catch_unwind(AssertUnwindSafe(|| projection.keys(event)))
        .unwrap_or_else(|_| Keys::one(&event.aggregate_id))
}

/// Parks every event of a batch for one reason: the database does not take their rows.
pub(crate) fn park_all<P: Projection>(
    projection: &P,
    batch: &Batch<P::Event>,
    parking: &mut Parking,
    error: &str,
) {
    for event in &batch.events {
        let keys = keys_of(projection, event);
        parking.park(&keys, event.source, event.position, error);
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
