//! What was written once stays readable.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use eventsourcing::{DomainEvent, Upcasters};
use strum::VariantNames;

/// Checks one golden JSON file per event type and version in `folder` of the package under test,
/// named `<EventType>.<version>.json`: each of `events`, among which every type must be, must equal
/// its file, and every file must still be readable through the upcasters. With `GOLDEN_WRITE=1`
/// missing files are written.
///
/// # Panics
/// When a sample or a file is missing, or a file differs or cannot be read.
pub fn golden<E: DomainEvent + VariantNames>(folder: &str, events: &[E], upcasters: &Upcasters) {
    for variant in E::VARIANTS {
        assert!(
            events.iter().any(|event| event.event_type() == *variant),
            "{variant} has no sample"
        );
    }
    let package = std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    let folder = Path::new(&package).join(folder);
    fs::create_dir_all(&folder).unwrap();
    let files = files(&folder);
    for event in events {
        let name = format!("{}.{}.json", event.event_type(), event.event_version());
        let json = serde_json::to_string_pretty(event).unwrap() + "\n";
        if let Some(golden) = files.get(&name) {
            assert_eq!(
                *golden, json,
                "{name} has changed: raise the event's version and add an upcaster"
            );
        } else if std::env::var_os("GOLDEN_WRITE").is_some() {
            fs::write(folder.join(&name), json).unwrap();
        } else {
            panic!("{name} is missing: run the test once with GOLDEN_WRITE=1 and commit it");
        }
    }
    for (name, json) in files {
        let event: E = read(&name, json, upcasters)
            .unwrap_or_else(|error| panic!("{name} cannot be read: {error}"));
        let of_type = format!("{}.", event.event_type());
        assert!(name.starts_with(&of_type), "{name} is read as {of_type}");
    }
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read_to_string(entry.path()).unwrap())
    };
    entries.map(file).collect()
}

fn read<E: DomainEvent>(
    name: &str,
    json: String,
    upcasters: &Upcasters,
) -> Result<E, serde_json::Error> {
    let name = name.strip_suffix(".json").expect("a JSON file");
    let (event_type, version) = name.split_once('.').expect("<EventType>.<version>");
    let (_, payload) = upcasters.apply(event_type, version.to_owned(), json)?;
    serde_json::from_str(&payload)
}
