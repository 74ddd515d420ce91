//! The rooms of a service: which there are, who may enter which, and what stays private.

use std::path::Path;

use crate::sources::{SERVICES, code, files, none, product, root};

/// The rooms from below: a room may use those before it.
const ROOMS: [&[&str]; 19] = [
    &["settings", "migrations"],
    &["domain"],
    &["personal"],
    &["mail"],
    &["wire"],
    &["basis"],
    &["provider"],
    &["signing"],
    &["resources"],
    &["proofs"],
    &["projector"],
    &["query"],
    &["reference"],
    &["settlement", "folding"],
    &["accounts"],
    &["publisher", "process"],
    &["grpc"],
    &["wiring"],
    &["internals"],
];

fn floor(room: &str) -> Option<usize> {
    ROOMS.iter().position(|rooms| rooms.contains(&room))
}

/// The room of a source: the folder or file right below `src`.
fn room(path: &Path) -> String {
    let mut parts = path
        .components()
        .skip_while(|part| part.as_os_str() != "src");
    let room = parts
        .nth(1)
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    room.unwrap_or_default().trim_end_matches(".rs").to_owned()
}

#[test]
fn every_room_of_a_service_has_a_floor() {
    let mut found = Vec::new();
    for service in SERVICES {
        for path in product(service) {
            let room = room(&path);
            if room != "lib" && floor(&room).is_none() {
                found.push(format!("{}: no floor is known for {room}", path.display()));
            }
        }
    }
    none(&found);
}

/// The names that lines use of their crate, right after `crate::` or in the braces of
/// `use crate::{`, with the numbers of the lines.
fn used(lines: &[(usize, String)]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    // How many braces are open since `crate::{`.
    let mut depth = 0;
    for (number, line) in lines {
        let mut rest = line.as_str();
        while depth > 0 || rest.contains("crate::") {
            if depth == 0 {
                rest = rest.split_once("crate::").map_or("", |(_, rest)| rest);
                if !rest.starts_with('{') {
                    found.push((*number, name(rest)));
                    continue;
                }
            }
            rest = in_braces(rest, &mut depth, |name| found.push((*number, name)));
            if rest.is_empty() {
                break;
            }
        }
    }
    found
}

/// Reads on in braces, up to the one that closes them, and returns what comes after it.
fn in_braces<'a>(text: &'a str, depth: &mut usize, mut found: impl FnMut(String)) -> &'a str {
    let mut is_new = true;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => {
                *depth += 1;
                is_new = *depth == 1;
            }
            '}' => {
                *depth -= 1;
                if *depth == 0 {
                    return &text[at + 1..];
                }
            }
            ',' => is_new = *depth == 1,
            _ if letter.is_whitespace() => {}
            _ => {
                if is_new && *depth == 1 {
                    found(name(&text[at..]));
                }
                is_new = false;
            }
        }
    }
    ""
}

/// The name at the beginning of a text.
fn name(text: &str) -> String {
    let is_name = |letter: &char| letter.is_alphanumeric() || *letter == '_';
    text.chars().take_while(is_name).collect()
}

#[test]
fn no_import_runs_back_up() {
    let mut found = Vec::new();
    for service in SERVICES {
        for path in product(service) {
            let Some(here) = floor(&room(&path)) else {
                continue;
            };
            for (number, name) in used(&code(&path)) {
                if floor(&name).is_some_and(|there| there > here) {
                    let place = format!("{}:{number}", path.display());
                    found.push(format!("{place} uses {name}, which stands above it"));
                }
            }
        }
    }
    none(&found);
}

/// How many modules stand between a source and the root of its crate, with itself.
fn depth(path: &Path) -> usize {
    let below = path
        .components()
        .skip_while(|part| part.as_os_str() != "src")
        .skip(1);
    let is_module = path.file_name().is_some_and(|name| name == "mod.rs");
    below.count() - usize::from(is_module)
}

/// How far a line climbs by `super`.
fn climbs(line: &str) -> usize {
    (1..9)
        .take_while(|steps| line.contains(&"super::".repeat(*steps)))
        .count()
}

/// The check of imports reads the names after `crate::`.
#[test]
fn nobody_enters_another_room_by_super() {
    let mut found = Vec::new();
    for service in SERVICES {
        for path in product(service) {
            let to_the_root = depth(&path);
            let out = code(&path).into_iter();
            let out = out.filter(|(_, line)| climbs(line) >= to_the_root);
            found.extend(out.map(|(number, line)| format!("{}:{number}: {line}", path.display())));
        }
    }
    none(&found);
}

#[test]
fn the_check_of_super_counts_modules() {
    let deep = |path: &str| depth(Path::new(path));
    assert_eq!(deep("crates/payments/src/wire.rs"), 1);
    assert_eq!(deep("crates/payments/src/grpc/mod.rs"), 1);
    assert_eq!(deep("crates/payments/src/grpc/payment/parse.rs"), 3);
    assert_eq!(climbs("use super::super::wire; super::a()"), 2);
    assert_eq!(climbs("use crate::wire;"), 0);
}

#[test]
fn the_check_of_imports_looks_into_braces() {
    let text = "use crate::{\n    domain::{a, mail::b},\n    grpc::Servers,\n};\nuse crate::wire;\n\
                use crate::{proofs, query::{self, c}}; crate::mail::d";
    let lines: Vec<_> = (1..).zip(text.lines().map(str::to_owned)).collect();
    let used = used(&lines);
    let used: Vec<_> = used
        .iter()
        .map(|(line, name)| (*line, name.as_str()))
        .collect();
    assert_eq!(
        used,
        [
            (2, "domain"),
            (3, "grpc"),
            (5, "wire"),
            (6, "proofs"),
            (6, "query"),
            (6, "mail")
        ]
    );
}

/// What is below fails with errors of its own.
#[test]
fn the_rpcs_and_their_look_ups_make_the_statuses() {
    let mut found = Vec::new();
    for service in SERVICES {
        for path in product(service) {
            if ["grpc", "reference"].contains(&room(&path).as_str()) {
                continue;
            }
            for (number, line) in code(&path) {
                if line.contains("tonic::") {
                    found.push(format!("{}:{number}: {line}", path.display()));
                }
            }
        }
    }
    none(&found);
}

/// Rows that are read past `service::Reads` may be those of half empty tables.
#[test]
fn the_rpcs_and_their_look_ups_read_by_reads() {
    let mut found = Vec::new();
    for service in SERVICES {
        for path in product(service) {
            if !["grpc", "reference"].contains(&room(&path).as_str()) {
                continue;
            }
            for (number, line) in code(&path) {
                // A look is given the pool; whoever has one otherwise could read past `Reads`.
                if [".pool", "pool: PgPool"]
                    .iter()
                    .any(|way| line.contains(way))
                {
                    found.push(format!("{}:{number}: {line}", path.display()));
                }
            }
        }
    }
    none(&found);
}

#[test]
fn the_modules_of_a_service_are_private() {
    let mut found = Vec::new();
    for service in SERVICES {
        let path = format!("crates/{service}/src/lib.rs");
        let lines = code(Path::new(&path));
        let name = format!("pub const NAME: &str = \"{service}\";");
        if !lines.iter().any(|(_, line)| *line == name) {
            found.push(format!("{path} has no NAME"));
        }
        // identity shows its integration tests what they drive by hand.
        let shown = (service == "identity").then_some("pub mod internals;");
        let public = lines
            .iter()
            .filter(|(_, line)| line.starts_with("pub mod ") && Some(line.as_str()) != shown);
        found.extend(public.map(|(number, line)| format!("{path}:{number}: {line}")));
    }
    none(&found);
}

#[test]
fn every_service_has_the_rooms_that_it_needs() {
    let mut missing = Vec::new();
    for service in SERVICES {
        let source = root().join(format!("crates/{service}/src"));
        let mut needed = vec![
            "lib.rs",
            "settings.rs",
            "wire.rs",
            "grpc/mod.rs",
            "projector",
            "query",
        ];
        if source.join("domain").exists() {
            needed.extend(["grpc/refusals.rs", "publisher", "process", "reference"]);
        }
        for room in needed {
            if !source.join(room).exists() {
                missing.push(format!("crates/{service}/src/{room} is missing"));
            }
        }
    }
    none(&missing);
}

#[test]
fn no_service_knows_another() {
    let mut found = Vec::new();
    for service in SERVICES {
        for path in files(format!("crates/{service}/src"), "rs") {
            for (number, line) in code(&path) {
                for other in SERVICES.iter().filter(|other| **other != service) {
                    if line.starts_with(&format!("use {other}::")) {
                        found.push(format!("{}:{number}: {line}", path.display()));
                    }
                }
            }
        }
    }
    none(&found);
}
