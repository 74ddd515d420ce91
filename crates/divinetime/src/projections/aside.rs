//! What projections and processes have set aside: parked keys, and commands that were refused for
//! good.

use std::collections::BTreeMap;

use eventsourcing::{Outbox, OutboxItem, Parked, ParkedKey};
use serde::Serialize;

use super::{Owned, Pools};
use crate::{Failure, console};

/// What one of them has set aside, with what is wrong with it.
#[derive(Default, Serialize)]
pub struct Aside {
    pub parked: Vec<ParkedAt>,
    pub refused: Vec<OutboxItem>,
}

/// A parked key and the type of the event that it stands at.
#[derive(Serialize)]
pub struct ParkedAt {
    #[serde(flatten)]
    pub key: ParkedKey,
    /// `None` when no log has it, as a timer.
    pub event_type: Option<String>,
}

impl Aside {
    pub async fn of(pools: &Pools, owned: &Owned<'_>) -> Result<Self, Failure> {
        let keys = Parked::new(owned.pool.clone())
            .list(Some(owned.name))
            .await?;
        let parked = at_events(pools, keys).await?;
        let refused = Outbox::new(owned.pool.clone()).parked(owned.name).await?;
        Ok(Self { parked, refused })
    }

    pub fn is_empty(&self) -> bool {
        self.parked.is_empty() && self.refused.is_empty()
    }

    /// How much it is, and why the first is set aside.
    pub fn summary(&self) -> String {
        let parts = [
            counted(self.parked.len(), "parked key"),
            counted(self.refused.len(), "refused command"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let first = match (self.parked.first(), self.refused.first()) {
            (Some(parked), _) => {
                format!(
                    "{} at {}: {}",
                    parked.key.key,
                    parked.event(),
                    parked.key.error
                )
            }
            (None, Some(command)) => refusal(command),
            (None, None) => String::new(),
        };
        format!("{} ({first})", parts.join(" and "))
    }
}

impl ParkedAt {
    fn event(&self) -> String {
        let ParkedKey {
            position, source, ..
        } = &self.key;
        match &self.event_type {
            Some(event_type) => format!("{event_type}, event {position} of {source}"),
            None => format!("event {position} of {source}"),
        }
    }
}

/// `3 parked keys`; `None` for none.
pub fn counted(number: usize, what: &str) -> Option<String> {
    let plural = if number == 1 { "" } else { "s" };
    (number > 0).then(|| format!("{number} {what}{plural}"))
}

async fn at_events(pools: &Pools, keys: Vec<ParkedKey>) -> Result<Vec<ParkedAt>, Failure> {
    let mut positions: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for key in &keys {
        let known = positions.entry(key.source.clone()).or_default();
        known.push(key.position);
    }
    let mut types: BTreeMap<(String, i64), String> = BTreeMap::new();
    for (source, positions) in positions {
        let Some((_, pool)) = pools.iter().find(|(service, _)| *service == source) else {
            continue;
        };
        let found: Vec<(i64, String)> =
            sqlx::query_as("select position, event_type from events where position = any ($1)")
                .bind(positions)
                .fetch_all(pool)
                .await?;
        let found = found.into_iter();
        types.extend(found.map(|(position, event)| ((source.clone(), position), event)));
    }
    Ok(keys
        .into_iter()
        .map(|key| ParkedAt {
            event_type: types.get(&(key.source.clone(), key.position)).cloned(),
            key,
        })
        .collect())
}

/// Prints what several have set aside, each under its name, no wider than the terminal.
pub fn show<'a>(all: impl IntoIterator<Item = (String, &'a Aside)> + Clone) {
    let parked = all.clone().into_iter().flat_map(|(name, aside)| {
        aside
            .parked
            .iter()
            .map(move |parked| (name.clone(), parked))
    });
    let (rows, errors): (Vec<[String; 4]>, Vec<&str>) = parked
        .map(|(name, parked)| {
            let (key, waiting) = (parked.key.key.clone(), parked.key.events.to_string());
            let row = [name, key, waiting, parked.event()];
            (row, parked.key.error.as_str())
        })
        .unzip();
    if !rows.is_empty() {
        let lines = console::aligned(["PARKED", "KEY", "WAITING", "AT"], &rows);
        // Below each row, what is wrong; below the titles nothing.
        let below = errors.into_iter().map(Some);
        for (row, error) in lines.iter().zip([None].into_iter().chain(below)) {
            console::cut_line(row);
            if let Some(error) = error {
                console::cut_line(&format!("    {error}"));
            }
        }
    }
    for (name, aside) in all {
        for command in &aside.refused {
            console::cut_line(&format!("{name}: {}", refusal(command)));
        }
    }
}

fn refusal(command: &OutboxItem) -> String {
    format!(
        "{} of {} is refused, code {}: {}",
        command.method,
        command.key,
        command.code.unwrap_or_default(),
        command.message.as_deref().unwrap_or_default()
    )
}
