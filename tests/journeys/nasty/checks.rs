//! What may come back, and what may not be left behind.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use e2e::people::reason;
use e2e::system::{System, eventually};
use prost_reflect::{DynamicMessage, MethodDescriptor, ReflectMessage as _, Value};
use serde_json::Value as Json;
use tonic::{Code, Status};

/// What every client takes of a refusal.
const MOST_BYTES: usize = 8 * 1024;

/// The counts of one run.
#[derive(Default)]
pub struct Count {
    rpcs: usize,
    fields: usize,
    refused: usize,
    answered: usize,
    largest: usize,
    /// What lists of 100,000 wrong elements have cost: where, milliseconds, bytes of the refusal.
    long_lists: Vec<(String, u128, usize)>,
    harm: Vec<String>,
}

impl Count {
    /// Another RPC with so many fields.
    pub fn begins(&mut self, fields: usize) {
        self.rpcs += 1;
        self.fields += fields;
    }

    /// What a list of very many wrong elements came to.
    pub fn long_list(&mut self, what: &str, answer: &Result<Vec<u8>, Status>, took: Duration) {
        let bytes = answer.as_ref().map_or_else(size, Vec::len);
        self.long_lists
            .push((what.to_owned(), took.as_millis(), bytes));
    }

    pub fn note(&mut self, what: &str, method: &MethodDescriptor, answer: Result<Vec<u8>, Status>) {
        match answer {
            Ok(bytes) => {
                self.answered += 1;
                // The messages of a stream are one after the other, which reads as one.
                match DynamicMessage::decode(method.output(), &*bytes) {
                    Ok(message) => self
                        .harm
                        .extend(odd(&message).map(|odd| format!("{what}: {odd}"))),
                    Err(error) => self.harm.push(format!("{what}: {error}")),
                }
            }
            Err(status) => {
                self.refused += 1;
                let size = size(&status);
                self.largest = self.largest.max(size);
                if size > MOST_BYTES {
                    self.harm.push(format!("{what}: a refusal of {size} bytes"));
                }
                let inside = [
                    Code::Internal,
                    Code::Unknown,
                    Code::DataLoss,
                    Code::Unavailable,
                ];
                if inside.contains(&status.code()) || reason(&status).is_empty() {
                    let (code, message) = (status.code(), status.message());
                    self.harm.push(format!("{what}: {code:?}: {message}"));
                }
            }
        }
    }

    pub fn assert_harmless(&self) {
        let some: Vec<_> = self.harm.iter().take(60).cloned().collect();
        let count = self.harm.len();
        assert!(count == 0, "{count} did harm:\n{}", some.join("\n"));
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rpcs,
            fields,
            refused,
            answered,
            largest,
            long_lists,
            harm,
        } = self;
        for (what, milliseconds, bytes) in long_lists {
            writeln!(f, "{what}: {milliseconds} ms, {bytes} bytes")?;
        }
        write!(
            f,
            "nasty values: {rpcs} RPCs, {fields} fields, {} values: {refused} refused (the largest \
             refusal {largest} bytes), {answered} answered, {} did harm",
            refused + answered,
            harm.len()
        )
    }
}

/// Bytes of a refusal before they are written as headers.
fn size(status: &Status) -> usize {
    status.details().len() + status.message().len()
}

/// An instant in an answer that no client can read.
fn odd(message: &DynamicMessage) -> Option<String> {
    if message.descriptor().full_name() == "google.protobuf.Timestamp" {
        let part = |name| message.get_field_by_name(name).map(Cow::into_owned);
        let seconds = part("seconds")
            .and_then(|value| value.as_i64())
            .unwrap_or_default();
        let years = -62_135_596_800..253_402_300_800;
        return (!years.contains(&seconds)).then(|| format!("answers {seconds} s"));
    }
    message.fields().find_map(|(field, value)| {
        let found = odd_value(value);
        found.map(|found| format!("{}: {found}", field.name()))
    })
}

fn odd_value(value: &Value) -> Option<String> {
    match value {
        Value::Message(message) => odd(message),
        Value::List(list) => list.iter().find_map(odd_value),
        _ => None,
    }
}

/// Waits until every projection has folded everything, and sees that none of them has set anything
/// aside.
pub async fn no_key_is_parked(system: &System) {
    eventually("every projection to have folded everything", || async {
        let listed = system.operate(&["projections", "list", "--json"]);
        let listed: Json = serde_json::from_str(&listed).expect("JSON");
        let rows = listed.as_array().expect("a list");
        for row in rows {
            assert_eq!(row["parked_keys"], 0, "{row}");
        }
        let is_done = |row: &Json| row["lag_events"] == 0;
        rows.iter().all(is_done).then_some(())
    })
    .await;
}
