//! Read tables in memory: the rows that a batch touches, loaded and written as sets.
//!
//! Rows travel as JSON in both directions, so that a table needs no more than its name, its
//! key and a serde struct whose fields are its columns.

use std::{collections::HashMap, hash::Hash};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

/// A row of a read table; the field names are the column names.
///
/// Timestamps are `DateTime<Utc>` (microseconds, as Postgres keeps them), json columns
/// `serde_json::Value`, arrays `Vec<_>`. Every field must always be serialised. Columns that
/// the struct does not have keep their defaults.
pub trait Row: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The table.
    const TABLE: &'static str;
    /// The columns of its primary key.
    const KEY: &'static [&'static str];
    /// The key: one value, a tuple in the order of `KEY`, or a struct with its names.
    type Key: Serialize + Clone + Eq + Hash + Send + Sync + 'static;
    /// The key of this row.
    fn key(&self) -> Self::Key;
}

/// The rows of one read table that a batch looks at.
pub struct Table<R: Row> {
    slots: Vec<Slot<R>>,
    index: HashMap<R::Key, usize>,
    undo: Option<Vec<Before<R>>>,
    load: String,
    delete: String,
    upsert: Option<String>,
}

struct Slot<R: Row> {
    key: R::Key,
    row: Option<R>,
    known: bool,
    change: Change,
}

struct Before<R> {
    slot: usize,
    row: Option<R>,
    known: bool,
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
    /// Says that the fold may look at this row. Called for every event before any is folded.
    pub fn touch(&mut self, key: R::Key) {
        let next = self.slots.len();
        self.index.entry(key).or_insert_with_key(|key| {
            self.slots.push(Slot {
                key: key.clone(),
                row: None,
                known: false,
                change: Change::None,
            });
            next
        });
    }

    /// The row, if there is one.
    ///
    /// # Panics
    /// When `touch` did not name it; the runtime then parks the event.
    pub fn get(&self, key: &R::Key) -> Option<&R> {
        self.slots[self.known(key)].row.as_ref()
    }

    /// The row to change, if there is one.
    ///
    /// # Panics
    /// When `touch` did not name it; the runtime then parks the event.
    pub fn get_mut(&mut self, key: &R::Key) -> Option<&mut R> {
        let index = self.known(key);
        self.slots[index].row.as_ref()?;
        self.remember(index);
        let slot = &mut self.slots[index];
        slot.change = Change::Written;
        slot.row.as_mut()
    }

    /// Writes a row, whether or not there was one. Needs no `touch`.
    pub fn insert(&mut self, row: R) {
        let key = row.key();
        self.touch(key.clone());
        let index = self.index[&key];
        self.remember(index);
        let slot = &mut self.slots[index];
        slot.row = Some(row);
        slot.known = true;
        slot.change = Change::Written;
    }

    /// The row to change, made by `default` if there is none.
    ///
    /// # Panics
    /// When `touch` did not name it; the runtime then parks the event.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the key of the new row, as in an entry"
    )]
    pub fn upsert(&mut self, key: R::Key, default: impl FnOnce() -> R) -> &mut R {
        let index = self.known(&key);
        self.remember(index);
        let slot = &mut self.slots[index];
        slot.change = Change::Written;
        slot.row.get_or_insert_with(default)
    }

    /// Removes a row, if there is one. Needs no `touch`.
    pub fn remove(&mut self, key: &R::Key) {
        self.touch(key.clone());
        let index = self.index[key];
        self.remember(index);
        let slot = &mut self.slots[index];
        slot.row = None;
        slot.known = true;
        slot.change = Change::Removed;
    }

    fn known(&self, key: &R::Key) -> usize {
        match self.index.get(key) {
            Some(index) if self.slots[*index].known => *index,
            _ => panic!(
                "fold() looks at a row of {} that touch() does not name",
                R::TABLE
            ),
        }
    }

    fn remember(&mut self, index: usize) {
        if let Some(undo) = &mut self.undo {
            let slot = &self.slots[index];
            undo.push(Before {
                slot: index,
                row: slot.row.clone(),
                known: slot.known,
                change: slot.change,
            });
        }
    }
}

/// What [`Table`] offers to the runtime, whatever its rows are.
#[doc(hidden)]
pub trait AnyTable: Send {
    fn name(&self) -> &'static str;
    fn clear(&mut self);
    /// The statement that loads rows, and the touched keys as a JSON array.
    fn keys_to_load(&self) -> Result<Option<(&str, String)>, TableError>;
    /// Takes a loaded row, JSON.
    fn load(&mut self, row: &str) -> Result<(), TableError>;
    /// Every touched row is known from here on: what was not loaded does not exist.
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
        self.slots.clear();
        self.index.clear();
        self.undo = None;
    }

    fn keys_to_load(&self) -> Result<Option<(&str, String)>, TableError> {
        let keys = key_array::<R>(self.slots.iter().filter(|slot| !slot.known))?;
        Ok(keys.map(|keys| (self.load.as_str(), keys)))
    }

    fn load(&mut self, row: &str) -> Result<(), TableError> {
        let row: R = serde_json::from_str(row).map_err(|error| TableError::new::<R>(&error))?;
        match self.index.get(&row.key()) {
            Some(index) => {
                self.slots[*index].row = Some(row);
                Ok(())
            }
            None => Err(TableError::new::<R>(
                &"a loaded row has a key that was not asked for",
            )),
        }
    }

    fn loaded(&mut self) {
        for slot in &mut self.slots {
            slot.known = true;
        }
    }

    fn writes(&mut self) -> Result<Writes<'_>, TableError> {
        let rows = self.changed_rows()?;
        let deleted = key_array::<R>(
            self.slots
                .iter()
                .filter(|slot| slot.change == Change::Removed),
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
            slot.known = before.known;
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
    slots: impl Iterator<Item = &'a Slot<R>>,
) -> Result<Option<String>, TableError> {
    let mut json = String::new();
    for slot in slots {
        json.push(if json.is_empty() { '[' } else { ',' });
        push_key::<R>(&slot.key, &mut json)?;
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

/// The read tables of a projection.
///
/// ```
/// # use eventsourcing::{AnyTable, Row, Table, TableSet};
/// # #[derive(Clone, serde::Serialize, serde::Deserialize)] struct Account { id: i64 }
/// # impl Row for Account { const TABLE: &'static str = "accounts"; const KEY: &'static [&'static str] = &["id"];
/// #   type Key = i64; fn key(&self) -> i64 { self.id } }
/// #[derive(Default)]
/// struct Tables {
///     accounts: Table<Account>,
/// }
///
/// impl TableSet for Tables {
///     fn tables(&mut self) -> Vec<&mut dyn AnyTable> {
///         vec![&mut self.accounts]
///     }
/// }
/// ```
pub trait TableSet: Default + Send + 'static {
    /// All of them, always in the same order.
    fn tables(&mut self) -> Vec<&mut dyn AnyTable>;
}
