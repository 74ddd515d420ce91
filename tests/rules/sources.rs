//! The sources that the rules look at.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Every service, by the name of its crate.
pub const SERVICES: [&str; 5] = [
    "identity",
    "scheduling",
    "ticketing",
    "payments",
    "analytics",
];

/// The folder of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned()
}

/// A file of the workspace.
pub fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files with an extension below a folder of the workspace, by their path in it.
pub fn files(folder: impl AsRef<Path>, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&root().join(folder), extension, &mut found);
    found.sort();
    found
        .into_iter()
        .map(|path| {
            path.strip_prefix(root())
                .expect("below the root")
                .to_owned()
        })
        .collect()
}

fn collect(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|known| known == extension) {
            found.push(path);
        }
    }
}

/// The sources of a service without its tests.
pub fn product(service: &str) -> Vec<PathBuf> {
    let mut found = files(format!("crates/{service}/src"), "rs");
    found.retain(|path| !is_test(path));
    found
}

/// Tests may use what they like.
pub fn is_test(path: &Path) -> bool {
    path.components().any(|part| {
        let part = part.as_os_str().to_string_lossy();
        let tests = ["test", "sample", "properties"];
        part.ends_with("tests.rs") || tests.iter().any(|start| part.starts_with(start))
    })
}

/// The lines of a source that are code, with their numbers: without comments, and up to its tests.
pub fn code(path: &Path) -> Vec<(usize, String)> {
    let text = read(path);
    // Tests in the file itself stand at its end.
    let product = text.split("#[cfg(test)]\nmod tests {").next();
    product
        .unwrap_or_default()
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(number, line)| (number + 1, line.to_owned()))
        .collect()
}

/// Fails with everything that was found.
pub fn none(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
