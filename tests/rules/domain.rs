//! Domain modules are pure, and look alike.

use std::path::PathBuf;

use crate::sources::{SERVICES, code, files, is_test, none, root};

fn domain_files() -> Vec<PathBuf> {
    let found: Vec<_> = SERVICES
        .iter()
        .flat_map(|service| files(format!("crates/{service}/src/domain"), "rs"))
        .collect();
    assert!(found.len() > 20, "the domain modules were not found");
    found
}

/// What would make a domain module impure: input and output, the wire, a clock, randomness.
const FORBIDDEN: [&str; 14] = [
    "sqlx",
    "tonic",
    "prost",
    "tokio",
    "contracts::",
    "contracts_core::",
    "service::",
    "async_nats",
    "std::fs",
    "std::net",
    "Utc::now",
    "SystemTime",
    "now_v7",
    "new_v4",
];

fn impurities(line: &str) -> impl Iterator<Item = &'static str> {
    FORBIDDEN
        .into_iter()
        .filter(move |word| line.contains(word))
}

#[test]
fn domain_modules_know_no_clock_no_database_and_no_wire() {
    let mut files = domain_files();
    files.extend(crate::sources::files("crates/values/src", "rs"));
    let mut found = Vec::new();
    for path in files.iter().filter(|path| !is_test(path)) {
        for (number, line) in code(path) {
            let here = impurities(&line).map(|word| format!("{}:{number}: {word}", path.display()));
            found.extend(here);
        }
    }
    none(&found);
}

#[test]
fn the_check_for_impurity_sees_one() {
    let impure: Vec<_> = impurities("let now = chrono::Utc::now();").collect();
    assert_eq!(impure, ["Utc::now"]);
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
