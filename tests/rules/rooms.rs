//! The rooms of a service: which there are, who may enter which, and what stays private.

use std::path::Path;

use crate::sources::{SERVICES, code, files, none, product, root};

/// The rooms from below: a room may use those before it.
const ROOMS: [&[&str]; 19] = [
    &["settings", "migrations"],
    &["domain"],
    &["wire"],
    &["basis"],
    &["events", "provider"],
    &["personal"],
    &["mail"],
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

#[test]
fn no_import_runs_back_up() {
    let mut found = Vec::new();
    for service in SERVICES {
        for path in product(service) {
            let Some(here) = floor(&room(&path)) else {
                continue;
            };
            for (number, line) in code(&path) {
                let used = line.split("crate::").skip(1).filter_map(|rest| {
                    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
                    let name: String = rest.chars().take_while(|it| is_name(*it)).collect();
                    floor(&name).filter(|there| *there > here).map(|_| name)
                });
                let place = format!("{}:{number}", path.display());
                found
                    .extend(used.map(|name| format!("{place} uses {name}, which stands above it")));
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
        let public = lines
            .iter()
            .filter(|(_, line)| line.starts_with("pub mod ") && line != "pub mod internals;");
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
