//! A service's README is complete: it names every RPC, every event and every table.

use crate::sources::{SERVICES, files, none, read};

/// The words after a keyword at the beginning of a line: `rpc BookSession(` is `BookSession`.
fn names(text: &str, keyword: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.trim_start().strip_prefix(keyword))
        .map(|rest| {
            let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
            rest.chars().take_while(|letter| is_name(*letter)).collect()
        })
        .collect()
}

fn missing(service: &str, kind: &str, names: impl IntoIterator<Item = String>) -> Vec<String> {
    let readme = read(format!("crates/{service}/README.md"));
    let names = names.into_iter();
    names
        .filter(|name| {
            !["`", "/"]
                .iter()
                .any(|before| readme.contains(&format!("{before}{name}`")))
        })
        .map(|name| format!("crates/{service}/README.md does not name the {kind} `{name}`"))
        .collect()
}

#[test]
fn a_readme_names_every_rpc() {
    let mut found = Vec::new();
    for service in SERVICES {
        let rpcs: Vec<String> = files(format!("proto/divinetime/{service}/v1"), "proto")
            .iter()
            .flat_map(|path| names(&read(path), "rpc "))
            .collect();
        assert!(!rpcs.is_empty(), "{service} has RPCs");
        found.extend(missing(service, "RPC", rpcs));
    }
    none(&found);
}

#[test]
fn a_readme_names_every_event() {
    let mut found = Vec::new();
    for service in SERVICES {
        let events = files(format!("crates/{service}/golden"), "json");
        let events = events.iter().map(|path| {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            file.split('.').next().unwrap_or_default().to_owned()
        });
        found.extend(missing(service, "event", events));
    }
    found.dedup();
    none(&found);
}

#[test]
fn a_readme_names_every_table() {
    let mut found = Vec::new();
    for service in SERVICES {
        let migrations = files(format!("crates/{service}/migrations"), "sql");
        let tables = migrations
            .iter()
            .flat_map(|path| names(&read(path), "create table "));
        found.extend(missing(service, "table", tables));
    }
    none(&found);
}

#[test]
fn the_check_of_readmes_sees_what_is_missing() {
    assert_eq!(
        names("  rpc BookSession(X) returns", "rpc "),
        ["BookSession"]
    );
    assert_eq!(
        missing("scheduling", "RPC", ["FlyToTheMoon".to_owned()]).len(),
        1
    );
}
