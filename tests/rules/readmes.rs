//! A service's README is complete: it names every RPC, every event, every table and every setting.

use std::path::Path;

use crate::sources::{SERVICES, code, files, none, read};

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

/// The variables that a line of code names as a whole string.
fn variables(line: &str) -> Vec<String> {
    let parts = line.split('"').skip(1).step_by(2);
    parts
        .filter(|text| is_variable(text))
        .map(str::to_owned)
        .collect()
}

fn is_variable(text: &str) -> bool {
    let known = |letter: char| letter.is_ascii_uppercase() || letter == '_';
    text.strip_prefix("DIVINETIME_")
        .is_some_and(|rest| !rest.is_empty() && rest.chars().all(known))
}

/// The variables that a crate reads, by its sources that read settings.
fn settings(krate: &str, sources: &[&str]) -> Vec<String> {
    let lines = sources
        .iter()
        .flat_map(|source| code(Path::new(&format!("crates/{krate}/src/{source}"))));
    let found: Vec<String> = lines.flat_map(|(_, line)| variables(&line)).collect();
    assert!(!found.is_empty(), "{krate} reads settings");
    found
}

/// The crates with a table of settings, and the variables that each reads.
fn tables_of_settings() -> Vec<(&'static str, Vec<String>)> {
    let mut chassis = settings("service", &["config.rs", "telemetry.rs"]);
    let addresses = SERVICES.iter().map(|service| service.to_uppercase());
    chassis.extend(addresses.map(|service| format!("DIVINETIME_{service}_URL")));
    let own = SERVICES
        .into_iter()
        .map(|service| (service, settings(service, &["settings.rs"])));
    own.chain([("service", chassis)]).collect()
}

/// The variables of a table of settings: those in the first cells of its rows.
fn listed(readme: &str) -> Vec<&str> {
    let cells = readme
        .lines()
        .filter(|line| line.starts_with("| `DIVINETIME_"))
        .filter_map(|line| line.split('|').nth(1));
    cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .filter(|name| is_variable(name))
        .map(|name| name.strip_suffix("_FILE").unwrap_or(name))
        .collect()
}

#[test]
fn a_table_of_settings_lists_what_its_crate_reads_and_nothing_else() {
    let mut found = Vec::new();
    for (krate, read_here) in tables_of_settings() {
        let readme = read(format!("crates/{krate}/README.md"));
        let listed = listed(&readme);
        let is_listed = |name: &String| listed.contains(&name.as_str());
        let missing = read_here.iter().filter(|name| !is_listed(name));
        found
            .extend(missing.map(|name| format!("crates/{krate}/README.md does not list `{name}`")));
        let foreign = listed
            .iter()
            .filter(|name| !read_here.iter().any(|known| known == *name));
        found.extend(foreign.map(|name| format!("crates/{krate} does not read `{name}`")));
    }
    none(&found);
}

#[test]
fn the_check_of_settings_sees_variables() {
    assert_eq!(
        variables(r#"f("DIVINETIME_HOLD_SECONDS", "DIVINETIME_", "DIVINETIME_{}_URL", "x")"#),
        ["DIVINETIME_HOLD_SECONDS"]
    );
    assert_eq!(
        listed("| `DIVINETIME_A` or `DIVINETIME_A_FILE` | `DIVINETIME_B` |\n`DIVINETIME_C`"),
        ["DIVINETIME_A", "DIVINETIME_A"]
    );
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
