//! What each service writes in the same way.

use std::path::Path;

use crate::sources::{SERVICES, code, none, product};

/// Complains about those lines of the services, in one room or (when it is empty) in all, that are
/// odd.
fn odd_lines(room: &str, is_odd: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = 0;
    for path in SERVICES.iter().flat_map(|service| product(service)) {
        if !room.is_empty() && !path.iter().any(|part| part == room) {
            continue;
        }
        seen += 1;
        let lines = code(&path).into_iter();
        let odd = lines.filter(|(_, line)| is_odd(line));
        found.extend(odd.map(|(number, line)| format!("{}:{number}: {line}", path.display())));
    }
    assert!(seen > 3, "{room} was not found");
    found
}

/// The functions of a text that read public events, each with the type that it reads.
fn readers(text: &str) -> Vec<(&str, &str)> {
    let functions = text.split("fn ").skip(1);
    let reader = |function: &'_ str| -> Option<(usize, usize, usize)> {
        let name = function.find('(')?;
        let head = &function[..function.find(" {")?];
        let event = head.find("event: ")? + "event: ".len();
        let arguments = head.contains("received: Received<'_>,");
        let end = event + head[event..].find([',', ')'])?;
        arguments.then_some((name, event, end))
    };
    functions
        .filter_map(|function| {
            let (name, event, end) = reader(function)?;
            Some((&function[..name], &function[event..end]))
        })
        .filter(|(_, event)| !event.starts_with('&'))
        .collect()
}

#[test]
fn whoever_reads_public_events_is_named_by_the_service_that_publishes_them() {
    let mut found = Vec::new();
    let mut seen = 0;
    for path in SERVICES.iter().flat_map(|service| product(service)) {
        let lines: Vec<_> = code(&path).into_iter().map(|(_, line)| line).collect();
        for (name, event) in readers(&lines.join("\n")) {
            seen += 1;
            let is_service = SERVICES.contains(&event.to_lowercase().as_str());
            if !is_service || name != format!("of_{}", event.to_lowercase()) {
                found.push(format!("{}: {name} of {event}", path.display()));
            }
        }
    }
    assert!(seen > 10, "{seen} readers were found");
    none(&found);
}

#[test]
fn the_check_of_readers_sees_them() {
    let text = "\
    pub fn read(received: Received<'_>, event: Public) -> Read {
        match event {}
    }

    pub fn of_identity(
        received: Received<'_>,
        event: Identity,
    ) -> Result<Option<Self>, DecodeError> {
        Ok(None)
    }

fn draft(received: Received<'_>, event: &EventCreated) -> Read {
}";
    assert_eq!(
        readers(text),
        [("read", "Public"), ("of_identity", "Identity")]
    );
}

#[test]
fn publishers_look_at_their_event() {
    none(&odd_lines("publisher", |line| {
        line.contains("fn ") && line.contains("(event: ") && !line.contains("(event: &")
    }));
}

#[test]
fn the_type_of_an_aggregate_is_said_once() {
    none(&odd_lines("domain", |line| {
        line.trim_start().starts_with("pub const TYPE")
    }));
}

#[test]
fn a_fold_is_given_an_event_of_tables_that_are_named_in_full() {
    none(&odd_lines("projector", |line| {
        line.starts_with("rows! {") || line.starts_with("tables! {")
    }));
    none(&odd_lines("", |line| {
        line.contains(": &Delivered<") && !line.contains("event: &Delivered<")
    }));
}

fn is_of_parsers(path: &Path) -> bool {
    path.ends_with("parse.rs") || path.iter().any(|part| part == "parse")
}

#[test]
fn requests_are_parsed_where_parsers_stand() {
    let found = odd_lines("grpc", |line| {
        line.starts_with("impl TryFrom<&pb::") || line.contains("Fields::of(request)")
    });
    let elsewhere = |place: &String| {
        let path = place.split(':').next().unwrap_or_default();
        !is_of_parsers(Path::new(path))
    };
    assert!(found.iter().any(|place| !elsewhere(place)));
    let found: Vec<_> = found.into_iter().filter(elsewhere).collect();
    none(&found);
}
