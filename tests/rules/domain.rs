//! Domain modules are pure, and look alike.

use std::{collections::BTreeSet, path::PathBuf};

use crate::sources::{SERVICES, code, files, is_test, none, root};

fn domain_files() -> Vec<PathBuf> {
    let found: Vec<_> = SERVICES
        .iter()
        .flat_map(|service| files(format!("crates/{service}/src/domain"), "rs"))
        .collect();
    assert!(found.len() > 20, "the domain modules were not found");
    found
}

/// The crates that a domain module imports; `eventsourcing` for its vocabulary.
const IMPORTED: [&str; 10] = [
    "chrono",
    "eventsourcing",
    "iso_currency",
    "phonenumber",
    "serde",
    "strum",
    "thiserror",
    "unicode_normalization",
    "uuid",
    "values",
];

/// What else a path begins with there: the own crate, modules of what is imported, primitive types.
const AT_HAND: [&str; 15] = [
    "char",
    "clippy",
    "cmp",
    "collections",
    "crate",
    "fmt",
    "i128",
    "i32",
    "i64",
    "personal",
    "self",
    "std",
    "str",
    "super",
    "u64",
];

/// What a domain module takes of the roots that also have what is impure.
const TAKEN: [(&str, &[&str]); 2] = [
    (
        "eventsourcing",
        &[
            "Claim",
            "ClaimChange",
            "ClaimingEvent",
            "Decide",
            "DecodeError",
            "DomainEvent",
            "RecordedEvent",
            "personal",
        ],
    ),
    ("std", &["cmp", "collections", "fmt", "iter", "str"]),
];

/// What imports nothing and is impure all the same: a clock, randomness.
const FORBIDDEN: [&str; 6] = [
    "Utc::now",
    "Local::now",
    "SystemTime",
    "Instant::now",
    "now_v7",
    "new_v4",
];

/// What a text takes of a root, in braces or not: the first word of each path.
fn taken<'a>(text: &'a str, root: &str) -> Vec<&'a str> {
    let start = format!("{root}::");
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let uses = text
        .match_indices(&start)
        .filter(|(at, _)| !text[..*at].ends_with(|it| is_word(it) || it == ':'));
    let paths = uses.flat_map(|(at, _)| match text[at + start.len()..].strip_prefix('{') {
        Some(group) => outer_words(group),
        None => vec![&text[at + start.len()..]],
    });
    paths
        .map(|path| {
            let path = path.trim_start();
            path.split(|letter| !is_word(letter))
                .next()
                .unwrap_or_default()
        })
        .filter(|word| !word.is_empty())
        .collect()
}

/// The parts of a group of imports, up to its closing brace, groups in it left whole.
fn outer_words(group: &str) -> Vec<&str> {
    let (mut depth, mut begin) = (0, 0);
    let mut parts = Vec::new();
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' => {
                parts.push(&group[begin..at]);
                break;
            }
            ',' if depth == 0 => {
                parts.push(&group[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts
}

/// What a domain module takes of these roots and may not.
fn impure_parts(text: &str) -> Vec<String> {
    let parts = TAKEN.iter().flat_map(|(root, pure)| {
        let parts = taken(text, root).into_iter();
        parts
            .filter(|part| !pure.contains(part))
            .map(move |part| format!("{root}::{part}"))
    });
    parts.collect()
}

/// The words with which the paths of a line begin, types left out.
fn roots(line: &str) -> impl Iterator<Item = &str> {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices("::").filter_map(move |(at, _)| {
        let before = line[..at].trim_end_matches(is_word);
        let outside = before.strip_suffix("::").unwrap_or(before);
        let goes_on =
            outside.len() < before.len() && outside.ends_with(|it| is_word(it) || it == '>');
        let word = &line[before.len()..at];
        let is_call = line[at..].starts_with("::<");
        (!goes_on && !is_call && word.starts_with(char::is_lowercase)).then_some(word)
    })
}

/// What a line of a domain module may not say, given the modules of the domains.
fn impurities(line: &str, modules: &BTreeSet<String>) -> Vec<String> {
    let foreign = roots(line).filter(|root| {
        !IMPORTED.contains(root) && !AT_HAND.contains(root) && !modules.contains(*root)
    });
    let forbidden = FORBIDDEN.into_iter().filter(|word| line.contains(word));
    foreign.chain(forbidden).map(str::to_owned).collect()
}

/// The names of files and folders below the folders of the domains.
fn modules(files: &[PathBuf]) -> BTreeSet<String> {
    let parts = files.iter().flat_map(|path| {
        let inner = path.iter().skip_while(|part| *part != "src").skip(1);
        inner.map(|part| part.to_string_lossy().trim_end_matches(".rs").to_owned())
    });
    parts.collect()
}

#[test]
fn domain_modules_import_what_is_pure_and_know_no_clock() {
    let mut files = domain_files();
    files.extend(crate::sources::files("crates/values/src", "rs"));
    let modules = modules(&files);
    // The rules of time zones are data, which it reads from the machine where those are newer.
    files.retain(|path| !path.ends_with("values/src/zone.rs"));
    let mut found = Vec::new();
    for path in files.iter().filter(|path| !is_test(path)) {
        let lines = code(path);
        for (number, line) in &lines {
            let here = impurities(line, &modules).into_iter();
            found.extend(here.map(|word| format!("{}:{number}: {word}", path.display())));
        }
        let lines: Vec<_> = lines.into_iter().map(|(_, line)| line).collect();
        let parts = impure_parts(&lines.join("\n")).into_iter();
        found.extend(parts.map(|part| format!("{}: {part}", path.display())));
    }
    none(&found);
}

#[test]
fn the_check_for_impurity_sees_one() {
    let modules = BTreeSet::from(["session".to_owned()]);
    for (line, impure) in [
        ("let now = chrono::Utc::now();", "Utc::now"),
        ("use ::tonic::Status;", "tonic"),
        ("use std::{fs, net::TcpStream};", "net"),
        ("fn of(row: &sqlx::Row) -> values::Money {", "sqlx"),
    ] {
        assert_eq!(impurities(line, &modules), [impure]);
    }
    let pure =
        "use super::session::{Slot, tests::State}; Vec::<i64>::new(); eventsourcing::tokio::X";
    assert_eq!(impurities(pure, &modules), ["tests"]);
    let text = "use std::{\n    collections::{BTreeMap, BTreeSet},\n    fs,\n};\n\
                use eventsourcing::{Claim, EventLog}; std::env::var(x); use std::fmt;";
    let parts = ["eventsourcing::EventLog", "std::fs", "std::env"];
    assert_eq!(impure_parts(text), parts);
}

#[test]
fn every_aggregate_has_the_same_files() {
    let mut missing = Vec::new();
    let aggregates = domain_files();
    for path in aggregates
        .iter()
        .filter(|path| path.ends_with("aggregate.rs"))
    {
        let folder = path.parent().expect("a folder");
        for file in ["command.rs", "event.rs", "error.rs"] {
            if !root().join(folder).join(file).exists() {
                missing.push(format!("{}/{file} is missing", folder.display()));
            }
        }
    }
    none(&missing);
}

#[test]
fn what_is_published_of_an_aggregate_is_in_a_file_of_its_name() {
    let mut found = Vec::new();
    let publishers = SERVICES
        .iter()
        .flat_map(|service| files(format!("crates/{service}/src/publisher"), "rs"))
        .filter(|path| !is_test(path) && !path.ends_with("mod.rs"));
    let mut seen = 0;
    for path in publishers {
        seen += 1;
        let name = path.with_extension("");
        let name = name.file_name().unwrap_or_default();
        let service = path.ancestors().nth(2).expect("a service's src");
        if !root().join(service).join("domain").join(name).exists() {
            found.push(format!("{}: there is no such aggregate", path.display()));
        }
    }
    assert!(seen > 4, "the publishers were not found");
    none(&found);
}

#[test]
fn commands_call_their_moment_now_and_errors_call_a_missing_thing_not_found() {
    let mut found = Vec::new();
    for path in domain_files() {
        let odd: &[&str] = if path.ends_with("command.rs") {
            &[" at: DateTime<Utc>", " moment: DateTime<Utc>"]
        } else if path.ends_with("error.rs") {
            &["    Unknown,", "    NotRegistered,", "    Missing,"]
        } else {
            continue;
        };
        for (number, line) in code(&path) {
            if odd.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{number}: {}", path.display(), line.trim()));
            }
        }
    }
    none(&found);
}

#[test]
fn no_floating_point_touches_money() {
    let mut found = Vec::new();
    for service in SERVICES {
        for path in files(format!("crates/{service}/src"), "rs") {
            for (number, line) in code(&path) {
                if line.contains("f64") || line.contains("f32") {
                    found.push(format!("{}:{number}", path.display()));
                }
            }
        }
    }
    none(&found);
}
