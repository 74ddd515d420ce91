//! One answer to each recurring question.

use std::path::{Path, PathBuf};

use crate::sources::{SERVICES, code, files, none, product, read};

const PRONOUNS: [&str; 8] = [
    "she", "her", "hers", "herself", "he", "him", "his", "himself",
];

fn all_products() -> Vec<PathBuf> {
    SERVICES
        .iter()
        .flat_map(|service| product(service))
        .collect()
}

fn found_in(paths: &[PathBuf], is_odd: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for path in paths {
        for (number, line) in code(path) {
            if is_odd(&line) {
                found.push(format!("{}:{number}: {}", path.display(), line.trim()));
            }
        }
    }
    found
}

#[test]
fn no_rpc_path_is_written_out() {
    none(&found_in(&all_products(), |line| {
        line.contains("\"/divinetime.")
    }));
}

/// Whether a line parses the id of a command, or makes a position, by itself.
fn is_by_hand(line: &str) -> bool {
    let by_hand = [
        "request.request_id",
        "\"request_id\"",
        ".request_id()",
        ".set_position(",
        "LogPosition {",
    ];
    by_hand.iter().any(|word| line.contains(word)) || calls(line, "position(")
}

/// Whether a line calls the function of that name, and not a method.
fn calls(line: &str, function: &str) -> bool {
    line.match_indices(function).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|before| !before.is_alphanumeric() && !matches!(before, '_' | '.'))
    })
}

#[test]
fn no_position_is_set_by_hand() {
    let mut handlers = all_products();
    handlers.retain(|path| path.components().any(|part| part.as_os_str() == "grpc"));
    // analytics has no log: its positions are where facts come from.
    handlers.retain(|path| !path.starts_with("crates/analytics"));
    none(&found_in(&handlers, is_by_hand));
}

#[test]
fn no_fingerprint_covers_a_secret() {
    const SECRETS: [&str; 5] = ["password", "new_password", "code", "token", "refresh_token"];
    let handlers: String = files("crates/identity/src/grpc", "rs")
        .iter()
        .map(read)
        .collect();
    let mut found = Vec::new();
    let mut seen = 0;
    for path in files("proto/divinetime/identity/v1", "proto") {
        let text = read(&path);
        for message in text.split("\nmessage ").skip(1) {
            let (name, body) = message.split_once(' ').unwrap_or_default();
            let body = body.split("\n}").next().unwrap_or_default();
            let has = |field: &str| body.contains(&format!(" string {field} = "));
            // Nothing is recorded of a request without an id.
            if !name.ends_with("Request") || !has("request_id") || !SECRETS.iter().any(|it| has(it))
            {
                continue;
            }
            seen += 1;
            let handler = format!("        request: Request<{name}>");
            let handler = handlers.split(&handler).nth(1).unwrap_or_default();
            let handler = handler.split("\n    }\n").next().unwrap_or_default();
            if !handler.contains("&message.without_secrets()") {
                found.push(format!("the fingerprint of {name} covers its secret"));
            }
        }
    }
    none(&found);
    assert!(seen >= 7, "{seen} requests with secrets were found");
}

#[test]
fn no_local_day_is_resolved_in_sql() {
    let mut found = Vec::new();
    let mut sources = files("crates", "rs");
    sources.extend(files("crates", "sql"));
    sources.extend(files("tests", "rs"));
    sources.retain(|path| path != Path::new("tests/rules/words.rs"));
    for path in sources {
        let text = read(&path).to_lowercase();
        // Postgres has zone data of its own, which may differ from those of the program.
        let resolved = (1..)
            .zip(text.lines())
            .filter(|(_, line)| line.contains("at time zone") || calls(line, "timezone("));
        found.extend(resolved.map(|(number, _)| format!("{}:{number}", path.display())));
    }
    none(&found);
}

/// In prose, in texts, and in names of which it is a part.
#[test]
fn nobody_is_called_she_or_he() {
    let mut texts: Vec<PathBuf> = ["md", "rs", "sql", "html", "txt"]
        .iter()
        .flat_map(|extension| files("crates", extension))
        .collect();
    texts.extend(files("tests", "rs"));
    texts.extend(files("proto/divinetime", "proto"));
    texts.extend(["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(PathBuf::from));
    let this_file = Path::new("tests/rules/words.rs");
    let mut found = Vec::new();
    for path in texts.iter().filter(|path| path.as_path() != this_file) {
        for (number, line) in read(path).lines().enumerate() {
            let mut words = line.split(|letter: char| !letter.is_alphabetic());
            if words.any(|word| PRONOUNS.contains(&word.to_lowercase().as_str())) {
                found.push(format!(
                    "{}:{}: {}",
                    path.display(),
                    number + 1,
                    line.trim()
                ));
            }
        }
    }
    none(&found);
}

#[test]
fn the_checks_of_words_see_what_is_odd() {
    let here = [Path::new("tests/rules/words.rs").to_owned()];
    let seen = found_in(&here, |line| line.contains("\"/divinetime."));
    assert_eq!(seen.len(), 2, "{seen:?}");
    for odd in [
        "            position: Some(wire::position(7)),",
        "        position: recorded_at.map(wire::position).or(Some(position(8))),",
        "        let id: Uuid = fields.id(\"request_id\", &request.request_id);",
        "        let _: Uuid = fields.id(\"request_id\", request_id);",
    ] {
        assert!(is_by_hand(odd), "{odd}");
    }
    assert!(!is_by_hand("checkpoints.position(projection, source)"));
}
