//! Rules that hold over all crates.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned()
}

fn rust_files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn domain_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join("crates"))
        .expect("crates/")
        .flatten()
    {
        rust_files(&entry.path().join("src/domain"), &mut found);
    }
    assert!(found.len() > 20, "the domain modules were not found");
    found
}

/// What would make a domain module impure: input and output, the wire, a clock, randomness.
const FORBIDDEN: [&str; 13] = [
    "sqlx",
    "tonic",
    "prost",
    "tokio",
    "contracts::",
    "service::",
    "async_nats",
    "std::fs",
    "std::net",
    "Utc::now",
    "SystemTime",
    "now_v7",
    "new_v4",
];

fn impurities(text: &str) -> Vec<(usize, &'static str)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .flat_map(|(number, line)| {
            FORBIDDEN
                .iter()
                .filter(move |word| line.contains(**word))
                .map(move |word| (number + 1, *word))
        })
        .collect()
}

#[test]
fn domain_modules_know_no_clock_no_database_and_no_wire() {
    let mut found = Vec::new();
    for path in domain_files() {
        // Tests of the domain may use what they like.
        if path
            .components()
            .any(|part| part.as_os_str().to_string_lossy().starts_with("tests"))
        {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        found.extend(
            impurities(code)
                .into_iter()
                .map(|(line, word)| format!("{}:{line}: {word}", path.display())),
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_check_for_impurity_sees_one() {
    let impure =
        "use serde::Serialize;\n// sqlx in a comment is fine\nlet now = chrono::Utc::now();\n";
    assert_eq!(impurities(impure), [(3, "Utc::now")]);
}

#[test]
fn every_aggregate_has_the_same_files() {
    let mut missing = Vec::new();
    for path in domain_files()
        .iter()
        .filter(|path| path.ends_with("aggregate.rs"))
    {
        let folder = path.parent().expect("a folder");
        for file in ["command.rs", "event.rs", "error.rs"] {
            if !folder.join(file).exists() {
                missing.push(format!("{}/{file}", folder.display()));
            }
        }
    }
    assert!(missing.is_empty(), "missing: {missing:?}");
}

#[test]
fn no_floating_point_touches_money() {
    let mut found = Vec::new();
    let mut files = Vec::new();
    for service in [
        "identity",
        "scheduling",
        "ticketing",
        "payments",
        "analytics",
    ] {
        rust_files(&root().join("crates").join(service).join("src"), &mut files);
    }
    for path in files {
        let text = fs::read_to_string(&path).expect("a source file");
        for (number, line) in text.lines().enumerate() {
            let float = line.contains("f64") || line.contains("f32");
            if float && !line.trim_start().starts_with("//") {
                found.push(format!("{}:{}", path.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "floating point in {}", found.join("\n"));
}
