//! Whoever reads public events names each of them, so that a new one is asked what it means.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::sources::{files, none, read};

/// By which names a source speaks of the public events of some service: `Event`, or what it is
/// imported as.
fn aliases(text: &str) -> BTreeSet<String> {
    let imports = text.split("_event::Event").skip(1);
    imports
        .map(|rest| match rest.strip_prefix(" as ") {
            Some(alias) => word(alias),
            None => "Event".to_owned(),
        })
        .collect()
}

/// The enums of a source that hold public events under names of their own.
fn wrappers(text: &str, aliases: &BTreeSet<String>) -> BTreeSet<String> {
    let enums = text.split("enum ").skip(1);
    let holds = |body: &str| {
        let mut aliases = aliases.iter();
        aliases.any(|alias| body.contains(&format!("({alias})")))
    };
    enums
        .filter(|rest| holds(rest.split("\n}").next().unwrap_or_default()))
        .map(word)
        .collect()
}

/// The word at the beginning of a text.
fn word(text: &str) -> String {
    let letters = text.chars();
    letters
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect()
}

/// Whether a pattern names a variant of one of the enums.
fn names_one(pattern: &str, enums: &BTreeSet<String>) -> bool {
    let joins = |letter: char| letter.is_alphanumeric() || letter == '_';
    enums.iter().any(|name| {
        let name = format!("{name}::");
        let mut found = pattern.match_indices(&name);
        found.any(|(at, _)| !pattern[..at].ends_with(joins))
    })
}

/// Whether an arm takes whatever no other one takes.
fn takes_the_rest(arm: &str) -> bool {
    let pattern = arm.split(" =>").next().unwrap_or_default();
    let pattern = pattern.split(" if ").next().unwrap_or_default();
    let binds = pattern.starts_with(|letter: char| letter.is_lowercase() || letter == '_');
    let is_bool = matches!(pattern, "true" | "false");
    arm.contains(" =>") && binds && !is_bool && word(pattern) == pattern
}

/// A match that is read.
struct Match {
    indent: usize,
    /// Whether it is one over public events.
    is_public: bool,
    rest: Vec<usize>,
}

/// The lines on which a match over public events takes the rest of them. Sources are formatted:
/// an arm stands four columns to the right of its match.
fn rests(text: &str, enums: &BTreeSet<String>) -> Vec<usize> {
    let mut open: Vec<Match> = Vec::new();
    let mut found = Vec::new();
    let mut reading = false;
    for (number, line) in (1..).zip(text.lines()) {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if line.contains("Received<'_>") {
            reading = true;
        } else if line.starts_with('}') || line == "    }" {
            reading = false;
        }
        if text.starts_with('}')
            && let Some(closed) = open.pop_if(|it| it.indent == indent)
            && closed.is_public
        {
            found.extend(closed.rest);
        }
        if let Some(inner) = open.last_mut().filter(|it| it.indent + 4 == indent) {
            let pattern = text.split("=>").next().unwrap_or_default();
            inner.is_public |= names_one(pattern, enums);
            inner.rest.extend(takes_the_rest(text).then_some(number));
        }
        if text.ends_with('{') && names_match(text) {
            open.push(Match {
                indent,
                is_public: reading,
                rest: Vec::new(),
            });
        }
    }
    found
}

fn names_match(text: &str) -> bool {
    text.starts_with("match ") || text.contains(" match ") || text.contains("(match ")
}

/// The sources by the crate that they belong to, tests too.
fn crates() -> BTreeMap<PathBuf, Vec<PathBuf>> {
    let mut crates: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for path in files("crates", "rs") {
        crates
            .entry(path.iter().take(2).collect())
            .or_default()
            .push(path);
    }
    crates.insert("tests".into(), files("tests", "rs"));
    crates
}

#[test]
fn every_public_event_of_others_is_named_where_it_is_read() {
    let this_file = Path::new("tests/rules/events.rs");
    let mut found = Vec::new();
    let mut seen = 0;
    for mut sources in crates().into_values() {
        sources.retain(|path| path != this_file);
        let sources: Vec<_> = sources
            .into_iter()
            .map(|path| (aliases(&read(&path)), path))
            .collect();
        let wrappers: BTreeSet<_> = sources
            .iter()
            .flat_map(|(aliases, path)| wrappers(&read(path), aliases))
            .collect();
        for (aliases, path) in &sources {
            seen += usize::from(!aliases.is_empty());
            let enums = aliases.union(&wrappers).cloned().collect();
            for number in rests(&read(path), &enums) {
                found.push(format!("{}:{number}", path.display()));
            }
        }
    }
    assert!(seen > 20, "{seen} sources with public events were found");
    none(&found);
}

#[test]
fn the_check_of_public_events_sees_them_under_other_names() {
    let text = "\
use contracts::identity::events::v1::identity_event::Event as Identity;
use contracts::{
    payments::events::v1::payments_event::Event,
};

enum Any {
    Identity(Identity),
    Payments(Event),
}

fn count(any: &Any) {
    let count = match any {
        Any::Identity(Identity::UserErased(_)) => match kind {
            Kind::A => 1,
            _ => 2,
        },
        Any::Payments(event)
            if event.is_one() =>
        {
            3
        }
        rest => 4,
    };
    it.map(|event| match event {
        SomeEvent::Identity => Event::Identity,
        _ => None,
    });
}

fn read(received: Received<'_>, event: Event) {
    match event.kind() {
        _ if late => 5,
    }
}";
    let aliases = aliases(text);
    assert_eq!(Vec::from_iter(&aliases), ["Event", "Identity"]);
    let wrappers = wrappers(text, &aliases);
    assert_eq!(Vec::from_iter(&wrappers), ["Any"]);
    let enums = aliases.union(&wrappers).cloned().collect();
    assert_eq!(rests(text, &enums), [22, 32]);
}
