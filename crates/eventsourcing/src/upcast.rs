//! Older versions of events, brought to the present form where events are read.

use std::{collections::HashMap, sync::Arc};

use serde_json::Value;

/// Turns the JSON payload of one event version into that of the next.
pub type Upcast = fn(Value) -> Value;

/// The upcasters of one service, by event type and version.
#[derive(Clone, Debug, Default)]
pub struct Upcasters(Arc<HashMap<(String, String), (Upcast, String)>>);

impl Upcasters {
    /// For a service whose events have never changed.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds the step from one version of an event type to the next. Steps are chained.
    #[must_use]
    pub fn with(self, event_type: &str, from: &str, upcast: Upcast, to: &str) -> Self {
        let mut steps = Arc::unwrap_or_clone(self.0);
        steps.insert(
            (event_type.to_owned(), from.to_owned()),
            (upcast, to.to_owned()),
        );
        Self(Arc::new(steps))
    }

    /// Brings an event to its present version. Payloads without an older version pass untouched.
    pub fn apply(
        &self,
        event_type: &str,
        version: String,
        payload: String,
    ) -> Result<(String, String), serde_json::Error> {
        if self.0.is_empty() {
            return Ok((version, payload));
        }
        let mut key = (event_type.to_owned(), version);
        if !self.0.contains_key(&key) {
            return Ok((key.1, payload));
        }
        let mut value: Value = serde_json::from_str(&payload)?;
        while let Some((upcast, to)) = self.0.get(&key) {
            value = upcast(value);
            key.1.clone_from(to);
        }
        Ok((key.1, value.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_chained_from_the_stored_version_to_the_present_one() {
        let upcasters = Upcasters::none()
            .with(
                "Renamed",
                "1.0",
                |mut v| {
                    v["Renamed"]["zone"] = "UTC".into();
                    v
                },
                "1.1",
            )
            .with(
                "Renamed",
                "1.1",
                |mut v| {
                    v["Renamed"]["kind"] = "PLAIN".into();
                    v
                },
                "2.0",
            );
        let (version, payload) = upcasters
            .apply(
                "Renamed",
                "1.0".into(),
                r#"{"Renamed":{"name":"x"}}"#.into(),
            )
            .unwrap();
        assert_eq!(version, "2.0");
        assert_eq!(
            payload,
            r#"{"Renamed":{"kind":"PLAIN","name":"x","zone":"UTC"}}"#
        );
    }

    #[test]
    fn events_of_the_present_version_pass_byte_for_byte() {
        let upcasters = Upcasters::none().with("Renamed", "1.0", |v| v, "1.1");
        let payload = r#"{ "Renamed" : {} }"#.to_owned();
        let untouched = upcasters
            .apply("Renamed", "1.1".into(), payload.clone())
            .unwrap();
        assert_eq!(untouched, ("1.1".to_owned(), payload));
    }
}
