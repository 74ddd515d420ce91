//! Generates the part of the contract that the runtime and the chassis are built on. Only its
//! own files are watched: an edit of a service's proto does not rebuild what stands on this crate.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

/// What belongs to the core, below `proto/`. `crates/contracts` generates all the rest.
const FOLDERS: [&str; 2] = ["divinetime/common/v1", "divinetime/log/v1"];
const FILES: [&str; 1] = ["divinetime/identity/v1/key_service.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    let protos = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    let mut files: Vec<PathBuf> = FILES.iter().map(|file| protos.join(file)).collect();
    for folder in FOLDERS {
        let folder = protos.join(folder);
        println!("cargo:rerun-if-changed={}", folder.display());
        for entry in fs::read_dir(folder)? {
            files.push(entry?.path());
        }
    }
    for file in FILES.iter().chain(&["google"]) {
        println!("cargo:rerun-if-changed={}", protos.join(file).display());
    }
    files.push(protos.join("google/type/date.proto"));
    files.sort();

    let mut compiler = protox::Compiler::new([&protos])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(files)?;
    tonic_prost_build::configure()
        .build_transport(false)
        .include_file("contracts.rs")
        .emit_rerun_if_changed(false)
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
