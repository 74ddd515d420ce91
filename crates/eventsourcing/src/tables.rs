//! Read tables in memory: the rows that a batch touches, loaded and written as sets.
//!
//! Rows travel as JSON in both directions, so that a table needs no more than its name, its
//! key and a serde struct whose fields are its columns.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    hash::Hash,
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

/// A row of a read table; the field names are the column names.
///
/// Timestamps are `DateTime<Utc>` (microseconds, as Postgres keeps them), json columns
/// `serde_json::Value`, arrays `Vec<_>`. Every field must always be serialised. Columns that
/// the struct does not have keep their defaults.
pub trait Row: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    const TABLE: &'static str;
    /// The columns of its primary key.
    const KEY: &'static [&'static str];
    /// The key: one value, a tuple in the order of `KEY`, or a struct with its names.
    type Key: Serialize + Clone + Eq + Hash + Send + Sync + 'static;
    /// The key of this row.
    fn key(&self) -> Self::Key;
}

/// The rows of one read table that a batch looks at.
///
/// A fold may look at any row. The runtime does not know beforehand which: a row that is not
/// loaded yet is reported as absent and remembered, what was folded is thrown away, and the batch
/// is folded again once the row is there.
pub struct Table<R: Row> {
    slots: Vec<Slot<R>>,
    index: HashMap<R::Key, usize>,
    /// Rows that a fold has looked for and that are not loaded.
    missing: RefCell<HashSet<R::Key>>,
    /// Rows to load before the batch is folded.
    wanted: Vec<R::Key>,
    undo: Option<Vec<Before<R>>>,
    load: String,
    delete: String,
    upsert: Option<String>,
}

struct Slot<R: Row> {
    key: R::Key,
    row: Option<R>,
    change: Change,
}

struct Before<R> {
    slot: usize,
    row: Option<R>,
    change: Change,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    None,
    Written,
    Removed,
}

impl<R: Row> Default for Table<R> {
    fn default() -> Self {
        let keys = quoted_list(R::KEY.iter().copied());
        Self {
            slots: Vec::new(),
            index: HashMap::new(),
            missing: RefCell::default(),
            wanted: Vec::new(),
            undo: None,
            upsert: None,
            delete: delete_statement::<R>(),
            load: format!(
                "select row_to_json(t)::text from {table} t \
                 join json_populate_recordset(null::{table}, $1::json) k using ({keys})",
                table = R::TABLE,
            ),
        }
    }
}

impl<R: Row> Table<R> {
    /// The row, if there is one.
    pub fn get(&self, key: &R::Key) -> Option<&R> {
        self.slots[self.known(key)?].row.as_ref()
    }

    /// The row to change, if there is one.
    pub fn get_mut(&mut self, key: &R::Key) -> Option<&mut R> {
        let index = self.known(key)?;
        self.slots[index].row.as_ref()?;
        self.remember(index);
        let slot = &mut self.slots[index];
        slot.change = Change::Written;
        slot.row.as_mut()
    }

    /// Writes a row, whether or not there was one.
    pub fn insert(&mut self, row: R) {
        let index = self.slot(row.key());
        self.remember(index);
        let slot = &mut self.slots[index];
        slot.row = Some(row);
        slot.change = Change::Written;
    }

    /// The row to change, made by `default` if there is none.
    pub fn upsert(&mut self, key: R::Key, default: impl FnOnce() -> R) -> &mut R {
        let index = self.known(&key).unwrap_or_else(|| self.slot(key));
        self.remember(index);
        let slot = &mut self.slots[index];
        slot.change = Change::Written;
        slot.row.get_or_insert_with(default)
    }

    /// Removes a row, if there is one.
    pub fn remove(&mut self, key: &R::Key) {
        let index = self.slot(key.clone());
        self.remember(index);
        let slot = &mut self.slots[index];
        slot.row = None;
        slot.change = Change::Removed;
    }

    /// The rows that are there after the fold, for tests.
    pub fn rows(&self) -> impl Iterator<Item = &R> {
        self.slots.iter().filter_map(|slot| slot.row.as_ref())
    }

    /// The place of a row that is loaded or was written in this batch.
    fn known(&self, key: &R::Key) -> Option<usize> {
        let known = self.index.get(key).copied();
        if known.is_none() {
            self.missing.borrow_mut().insert(key.clone());
        }
        known
    }

    /// The place of a row, made when there is none yet.
    fn slot(&mut self, key: R::Key) -> usize {
        let next = self.slots.len();
        *self.index.entry(key).or_insert_with_key(|key| {
            self.slots.push(Slot {
                key: key.clone(),
                row: None,
                change: Change::None,
            });
            next
        })
    }

    fn remember(&mut self, index: usize) {
        if let Some(undo) = &mut self.undo {
            let slot = &self.slots[index];
            undo.push(Before {
                slot: index,
                row: slot.row.clone(),
                change: slot.change,
            });
        }
    }
}

/// What [`Table`] offers to the runtime, whatever its rows are.
#[doc(hidden)]
pub trait AnyTable: Send {
    fn name(&self) -> &'static str;
    /// Forgets everything, also which rows were looked for.
    fn clear(&mut self);
    /// Whether a fold has looked for a row that is not loaded.
    fn misses(&self) -> bool;
    /// Forgets what was folded. The rows that were looked for are loaded from here on.
    fn rewind(&mut self);
    /// The statement that loads rows, and the keys of the wanted ones as a JSON array.
    fn keys_to_load(&self) -> Result<Option<(&str, String)>, TableError>;
    /// Takes a loaded row, JSON.
    fn load(&mut self, row: &str) -> Result<(), TableError>;
    /// Every wanted row is known from here on: what was not loaded does not exist.
    fn loaded(&mut self);
    fn writes(&mut self) -> Result<Writes<'_>, TableError>;
    /// From here on `undo` takes back what has happened since the last `keep`.
    fn careful(&mut self);
    fn keep(&mut self);
    fn undo(&mut self);
}

/// The statements that bring a table up to date, each with its JSON array of rows or keys.
#[doc(hidden)]
pub struct Writes<'a> {
    pub upsert: Option<(&'a str, String)>,
    pub delete: Option<(&'a str, String)>,
}

/// Rows and table do not fit together.
#[doc(hidden)]
#[derive(Debug, thiserror::Error)]
#[error("the rows of {table} do not fit: {reason}")]
pub struct TableError {
    pub table: &'static str,
    pub reason: String,
}

impl TableError {
    fn new<R: Row>(reason: &impl ToString) -> Self {
        Self {
            table: R::TABLE,
            reason: reason.to_string(),
        }
    }
}

impl<R: Row> AnyTable for Table<R> {
    fn name(&self) -> &'static str {
        R::TABLE
    }

    fn clear(&mut self) {
        self.rewind();
        self.wanted.clear();
    }

    fn misses(&self) -> bool {
        !self.missing.borrow().is_empty()
    }

    fn rewind(&mut self) {
        self.slots.clear();
        self.index.clear();
        self.undo = None;
        self.wanted.extend(self.missing.get_mut().drain());
    }

    fn keys_to_load(&self) -> Result<Option<(&str, String)>, TableError> {
        let keys = key_array::<R>(self.wanted.iter())?;
        Ok(keys.map(|keys| (self.load.as_str(), keys)))
    }

    fn load(&mut self, row: &str) -> Result<(), TableError> {
        let row: R = serde_json::from_str(row).map_err(|error| TableError::new::<R>(&error))?;
        let index = self.slot(row.key());
        self.slots[index].row = Some(row);
        Ok(())
    }

    fn loaded(&mut self) {
        for key in self.wanted.clone() {
            self.slot(key);
        }
    }

    fn writes(&mut self) -> Result<Writes<'_>, TableError> {
        let rows = self.changed_rows()?;
        let deleted = key_array::<R>(
            self.slots
                .iter()
                .filter(|slot| slot.change == Change::Removed)
                .map(|slot| &slot.key),
        )?;
        if self.upsert.is_none()
            && let Some(row) = self.slots.iter().find_map(|slot| slot.row.as_ref())
        {
            self.upsert = Some(upsert_statement(row)?);
        }
        let upsert = self.upsert.as_deref();
        Ok(Writes {
            upsert: upsert.zip(rows),
            delete: deleted.map(|keys| (self.delete.as_str(), keys)),
        })
    }

    fn careful(&mut self) {
        self.undo = Some(Vec::new());
    }

    fn keep(&mut self) {
        if let Some(undo) = &mut self.undo {
            undo.clear();
        }
    }

    fn undo(&mut self) {
        let Some(undo) = &mut self.undo else { return };
        while let Some(before) = undo.pop() {
            let slot = &mut self.slots[before.slot];
            slot.row = before.row;
            slot.change = before.change;
        }
    }
}

impl<R: Row> Table<R> {
    fn changed_rows(&self) -> Result<Option<String>, TableError> {
        let mut json = Vec::new();
        for slot in &self.slots {
            let (Change::Written, Some(row)) = (slot.change, &slot.row) else {
                continue;
            };
            if row.key() != slot.key {
                return Err(TableError::new::<R>(
                    &"the fold has changed the key of a row",
                ));
            }
            json.push(if json.is_empty() { b'[' } else { b',' });
            serde_json::to_writer(&mut json, row).map_err(|error| TableError::new::<R>(&error))?;
        }
        if json.is_empty() {
            return Ok(None);
        }
        json.push(b']');
        String::from_utf8(json)
            .map(Some)
            .map_err(|error| TableError::new::<R>(&error))
    }
}

fn upsert_statement<R: Row>(row: &R) -> Result<String, TableError> {
    let json = serde_json::to_string(row).map_err(|error| TableError::new::<R>(&error))?;
    let fields: HashMap<String, &RawValue> =
        serde_json::from_str(&json).map_err(|error| TableError::new::<R>(&error))?;
    let columns = quoted_list(fields.keys().map(String::as_str));
    let updates: Vec<String> = fields
        .keys()
        .filter(|column| !R::KEY.contains(&column.as_str()))
        .map(|column| format!("\"{column}\" = excluded.\"{column}\""))
        .collect();
    let conflict = if updates.is_empty() {
        "nothing".to_owned()
    } else {
        format!("update set {}", updates.join(", "))
    };
    Ok(format!(
        "insert into {table} ({columns}) \
             select {columns} from json_populate_recordset(null::{table}, $1::json) \
             on conflict ({keys}) do {conflict}",
        table = R::TABLE,
        keys = quoted_list(R::KEY.iter().copied()),
    ))
}

fn delete_statement<R: Row>() -> String {
    let matches: Vec<String> = R::KEY
        .iter()
        .map(|key| format!("t.\"{key}\" = k.\"{key}\""))
        .collect();
    format!(
        "delete from {table} t using json_populate_recordset(null::{table}, $1::json) k where {}",
        matches.join(" and "),
        table = R::TABLE,
    )
}

fn quoted_list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names
        .map(|name| format!("\"{name}\""))
        .collect::<Vec<_>>()
        .join(", ")
}

fn key_array<'a, R: Row>(
    keys: impl Iterator<Item = &'a R::Key>,
) -> Result<Option<String>, TableError> {
    let mut json = String::new();
    for key in keys {
        json.push(if json.is_empty() { '[' } else { ',' });
        push_key::<R>(key, &mut json)?;
    }
    if json.is_empty() {
        return Ok(None);
    }
    json.push(']');
    Ok(Some(json))
}

/// Appends a key as an object with the names of its columns.
fn push_key<R: Row>(key: &R::Key, json: &mut String) -> Result<(), TableError> {
    let wrong = |error: &dyn ToString| TableError::new::<R>(&error.to_string());
    let text = serde_json::to_string(key).map_err(|error| wrong(&error))?;
    if text.starts_with('{') {
        json.push_str(&text);
        return Ok(());
    }
    let values: Vec<&RawValue> = if text.starts_with('[') {
        serde_json::from_str(&text).map_err(|error| wrong(&error))?
    } else {
        vec![serde_json::from_str(&text).map_err(|error| wrong(&error))?]
    };
    if values.len() != R::KEY.len() {
        return Err(wrong(&"its key has another number of columns than KEY"));
    }
    for (index, (column, value)) in R::KEY.iter().zip(values).enumerate() {
        json.push_str(if index == 0 { "{\"" } else { ",\"" });
        json.push_str(column);
        json.push_str("\":");
        json.push_str(value.get());
    }
    json.push('}');
    Ok(())
}

/// The read tables of a projection. [`tables!`](crate::tables!) makes one of them.
pub trait TableSet: Default + Send + 'static {
    /// All of them, always in the same order.
    fn tables(&mut self) -> Vec<&mut dyn AnyTable>;
}

/// Says of which table each row type is, and which of its fields are the key.
///
/// ```
/// # use eventsourcing::Row as _;
/// #[derive(Clone, serde::Serialize, serde::Deserialize)]
/// struct ParticipantRow {
///     session_id: i64,
///     child_id: i64,
///     is_main: bool,
/// }
///
/// eventsourcing::rows! {
///     ParticipantRow in "session_participants" by (session_id: i64, child_id: i64),
/// }
/// assert_eq!(ParticipantRow::KEY, ["session_id", "child_id"]);
/// ```
#[macro_export]
macro_rules! rows {
    ($($row:ident in $table:literal by ($($key:ident: $type:ty),+)),+ $(,)?) => {$(
        // With one column the key is that column's value, not a tuple of one.
        #[allow(unused_parens, reason = "they make the tuple of a key of several columns")]
        impl $crate::Row for $row {
            const TABLE: &'static str = $table;
            const KEY: &'static [&'static str] = &[$(stringify!($key)),+];
            type Key = ($($type),+);

            fn key(&self) -> Self::Key {
                ($(Clone::clone(&self.$key)),+)
            }
        }
    )+};
}

/// Defines the read tables of a projection by the type of their rows.
///
/// ```
/// # #[derive(Clone, serde::Serialize, serde::Deserialize)] struct AccountRow { id: i64 }
/// # eventsourcing::rows! { AccountRow in "accounts" by (id: i64) }
/// eventsourcing::tables! {
///     /// The accounts of a bank.
///     pub struct AccountTables {
///         accounts: AccountRow,
///     }
/// }
/// let mut tables = AccountTables::default();
/// tables.accounts.insert(AccountRow { id: 7 });
/// ```
#[macro_export]
macro_rules! tables {
    ($(#[$doc:meta])* $visible:vis struct $name:ident {
        $($(#[$field_doc:meta])* $field_visible:vis $field:ident: $row:ty),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Default)]
        $visible struct $name {
            $($(#[$field_doc])* $field_visible $field: $crate::Table<$row>),+
        }

        impl $crate::TableSet for $name {
            fn tables(&mut self) -> Vec<&mut dyn $crate::AnyTable> {
                vec![$(&mut self.$field),+]
            }
        }
    };
}
