//! What the manifests of the crates say.

use std::path::{Path, PathBuf};

use crate::sources::{files, none, read, root};

/// The manifests that build no unit tests.
fn without_tests() -> Vec<PathBuf> {
    let mut manifests = files("crates", "toml");
    manifests.push("tests/Cargo.toml".into());
    manifests.retain(|path| path.ends_with("Cargo.toml") && read(path).contains("\ntest = false"));
    manifests
}

/// The sources of the target that builds no tests: of the library, or of the program beside one.
fn sources(manifest: &Path) -> Vec<PathBuf> {
    let source = manifest.with_file_name("src");
    let is_program = read(manifest).contains("\n[[bin]]");
    if is_program && root().join(&source).join("lib.rs").exists() {
        vec![source.join("main.rs")]
    } else {
        files(source, "rs")
    }
}

#[test]
fn no_test_is_where_none_is_built() {
    let manifests = without_tests();
    assert!(!manifests.is_empty());
    let mut found = Vec::new();
    for path in manifests.iter().flat_map(|manifest| sources(manifest)) {
        let text = read(&path);
        if text.contains("::test]") || text.contains("#[test]") || text.contains("proptest!") {
            found.push(format!(
                "{}: the manifest says `test = false`",
                path.display()
            ));
        }
    }
    none(&found);
}
