//! Where tests stand.

use std::path::Path;

use crate::sources::{SERVICES, files, none, read};

#[test]
fn tests_stand_below_what_they_test() {
    let mut found = files("crates", "rs");
    found.retain(|path| path.to_string_lossy().ends_with("_tests.rs"));
    let found: Vec<_> = found
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    none(&found);
}

#[test]
fn every_aggregate_with_golden_events_has_its_golden_test() {
    let mut found = Vec::new();
    for service in SERVICES {
        let domain = Path::new("crates").join(service).join("src/domain");
        let mut tests = files(&domain, "rs");
        tests.retain(|path| path.ends_with("tests/golden.rs"));
        let mut checked: Vec<_> = tests
            .iter()
            .filter_map(|path| {
                let text = read(path);
                let (_, rest) = text.split_once("golden(\"golden/")?;
                Some(rest.split('"').next()?.to_owned())
            })
            .collect();
        checked.sort();
        let golden = Path::new("crates").join(service).join("golden");
        let mut folders: Vec<_> = files(&golden, "json")
            .iter()
            .filter_map(|path| Some(path.parent()?.file_name()?.to_string_lossy().into_owned()))
            .collect();
        folders.dedup();
        if checked != folders {
            found.push(format!("{service}: {folders:?} are checked by {checked:?}"));
        }
    }
    none(&found);
}
