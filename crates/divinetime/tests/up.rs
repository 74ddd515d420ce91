//! `up` as a newcomer, an operator and a crash see it.

mod projections;
mod support;

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Signal, geteuid};
use serde_json::Value;
use support::{Up, json, nats_server, output, pid_in, program, runs, send, stderr, until};
use tokio::net::TcpSocket;

const POSTGRES_PID: &str = "postgres/data/postmaster.pid";
const NATS_PID: &str = "nats/nats.pid";

/// The administrator's registration: the first event of every private cluster.
fn first_event(data_dir: &Path) -> Value {
    json(data_dir, &["events", "identity", "--json", "--limit", "1"])
}

fn heads(data_dir: &Path) -> Value {
    json(data_dir, &["verify", "--json"])
}

#[test]
fn up_gets_ready_and_stops_everything_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(dir.path());
    for service in [
        "identity",
        "scheduling",
        "ticketing",
        "payments",
        "analytics",
    ] {
        let address = up.ready["services"][service].as_str().unwrap();
        let health = json(
            dir.path(),
            &["health", &format!("http://{address}"), "--json"],
        );
        assert_eq!(health["status"], "SERVING", "{service}");
    }
    let (postgres, nats) = (
        pid_in(&dir.path().join(POSTGRES_PID)),
        pid_in(&dir.path().join(NATS_PID)),
    );
    assert!(runs(postgres) && runs(nats));
    let waited = output(dir.path(), &["projections", "wait"]);
    assert!(waited.status.success(), "{}", stderr(&waited));
    let statuses = json(dir.path(), &["projections", "list", "--json"]);
    assert!(
        statuses
            .as_array()
            .unwrap()
            .iter()
            .all(|status| status["lag_events"] == 0),
        "{statuses}"
    );
    nothing_to_print(dir.path());
    let identity = up.ready["services"]["identity"].clone();
    assert!(up.stop().success());
    assert!(!runs(postgres) && !runs(nats));
    let identity = format!("http://{}", identity.as_str().unwrap());
    assert!(stderr(&output(dir.path(), &["health", &identity])).contains("does not answer"));
}

/// A log that is not there, or lacks what was asked for, is no empty log.
fn nothing_to_print(data_dir: &Path) {
    for (arguments, why) in [
        (&["analytics"][..], "analytics has no log"),
        (
            &["identity", "--aggregate", "nonsense"],
            "There is no aggregate nonsense in the log of identity",
        ),
        (
            &["identity", "--after", "2"],
            "The log of identity ends at 1",
        ),
        (&["identity", "--limit", "0"], "--limit"),
    ] {
        let printed = output(data_dir, &[&["events"], arguments].concat());
        assert!(!printed.status.success(), "{arguments:?}");
        assert!(stderr(&printed).contains(why), "{}", stderr(&printed));
    }
    let more = output(data_dir, &["events", "identity", "--after", "1"]);
    assert!(more.status.success(), "its end is no error");
    let empty = output(data_dir, &["events", "payments"]);
    assert!(empty.status.success() && empty.stdout.is_empty());
    assert_eq!(stderr(&empty), "The log of payments is empty.");
}

#[test]
fn a_second_up_is_told_what_runs_and_where() {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(dir.path());
    let second = output(dir.path(), &["up"]);
    assert!(!second.status.success());
    let error = stderr(&second);
    assert!(
        error.contains(&format!("runs here already as process {}", up.ready["pid"])),
        "{error}"
    );
    let identity = up.ready["services"]["identity"].as_str().unwrap();
    assert!(
        error.contains(&format!("identity at {identity}")),
        "{error}"
    );
    assert!(
        runs(pid_in(&dir.path().join(POSTGRES_PID))),
        "the second one stopped the first one's Postgres"
    );
    assert!(up.stop().success());
}

#[test]
fn after_kill_9_the_next_up_takes_over_from_the_orphans_and_has_lost_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(dir.path());
    let (first, before) = (first_event(dir.path()), heads(dir.path()));
    let orphan = pid_in(&dir.path().join(POSTGRES_PID));
    up.kill();
    assert!(runs(orphan), "the test needs an orphan");
    let up = Up::start(dir.path());
    assert!(!runs(orphan));
    assert_eq!(first_event(dir.path()), first);
    assert_eq!(heads(dir.path()), before);
    assert!(up.stop().success());
}

#[test]
fn after_kill_9_of_everything_the_next_up_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(dir.path());
    let before = heads(dir.path());
    let (postgres, nats) = (
        pid_in(&dir.path().join(POSTGRES_PID)),
        pid_in(&dir.path().join(NATS_PID)),
    );
    up.kill();
    send(postgres, Signal::KILL);
    send(nats, Signal::KILL);
    let up = Up::start(dir.path());
    assert_eq!(heads(dir.path()), before);
    assert!(up.stop().success());
}

#[test]
fn a_killed_postgres_and_a_killed_nats_are_started_again_while_up_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(dir.path());
    let before = heads(dir.path());
    let (postgres, nats) = (dir.path().join(POSTGRES_PID), dir.path().join(NATS_PID));
    let (old_postgres, old_nats) = (pid_in(&postgres), pid_in(&nats));
    send(old_nats, Signal::KILL);
    send(old_postgres, Signal::KILL);
    let again = |file: &Path, old: i32| {
        std::fs::read_to_string(file).is_ok_and(|text| {
            text.lines()
                .next()
                .is_some_and(|pid| pid.trim().parse::<i32>().is_ok_and(|pid| pid != old))
        })
    };
    until("a new Postgres", || again(&postgres, old_postgres));
    until("a new NATS", || again(&nats, old_nats));
    until("an answer from the new Postgres", || {
        output(dir.path(), &["verify"]).status.success()
    });
    assert_eq!(heads(dir.path()), before);
    until("all projections live", || {
        output(dir.path(), &["projections", "wait"])
            .status
            .success()
    });
    assert!(up.stop().success());
}

#[test]
fn what_keeps_up_from_starting_is_one_sentence_each() {
    let dir = tempfile::tempdir().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().port();
    // Bound and not listening: nobody answers there, and nobody else can take it.
    let silent = TcpSocket::new_v4().unwrap();
    silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let unreachable = silent.local_addr().unwrap().to_string();

    let ports = [
        "IDENTITY",
        "SCHEDULING",
        "TICKETING",
        "PAYMENTS",
        "ANALYTICS",
    ];
    let fails = |variables: &[(&str, &str)], expected: &[&str]| {
        let mut up = program(&dir.path().join("data"), &["up"]);
        up.envs(ports.map(|service| (format!("DIVINETIME_{service}_PORT"), "0")));
        let output = up.envs(variables.iter().copied()).output().unwrap();
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        for text in expected {
            assert!(error.contains(text), "expected {text} in: {error}");
        }
        assert!(!error.contains("hush"), "{error}");
    };
    fails(
        &[("DIVINETIME_PAYMENTS_PORT", &taken.to_string())],
        &["of payments is taken", "--payments-port"],
    );
    fails(
        &[("DIVINETIME_POSTGRES_PORT", &taken.to_string())],
        &["Postgres, is taken", "--postgres-port"],
    );
    fails(
        &[("DIVINETIME_NATS_SERVER", "/nowhere/nats-server")],
        &["/nowhere/nats-server is no nats-server"],
    );
    fails(
        &[("DIVINETIME_POSTGRES_BIN", "/nowhere")],
        &["/nowhere holds no Postgres 15"],
    );
    fails(
        &[("DATABASE_URL", "mysql://u:hush@h/d")],
        &["DATABASE_URL is not a Postgres URL"],
    );
    fails(
        &[(
            "DATABASE_URL",
            &format!("postgres://u:hush@{unreachable}/d"),
        )],
        &[
            "DATABASE_URL leads nowhere",
            &unreachable,
            "connection refused",
        ],
    );
    fails(
        &[("NATS_URL", &format!("nats://{unreachable}"))],
        &["NATS_URL leads nowhere", &unreachable],
    );
    fails(
        &[("DIVINETIME_DATA_DIR", &file.join("x").display().to_string())],
        &["cannot be written", "--data-dir"],
    );
    fails(
        &[("DIVINETIME_HOLD_SECOND", "5")],
        &["DIVINETIME_HOLD_SECOND is not a known setting"],
    );
}

#[test]
fn a_database_that_refuses_the_password_is_told_from_one_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(dir.path());
    let url = format!(
        "postgres://divinetime:hush@127.0.0.1:{}/divinetime",
        up.ready["postgres_port"]
    );
    let refused = program(&dir.path().join("other"), &["migrate"])
        .env("DATABASE_URL", url)
        .output()
        .unwrap();
    let error = stderr(&refused);
    assert!(
        error.contains("DATABASE_URL is refused by the Postgres at 127.0.0.1"),
        "{error}"
    );
    assert!(
        error.contains("password authentication failed") && !error.contains("hush"),
        "{error}"
    );
    assert!(up.stop().success());
}

#[test]
fn an_administrator_is_appointed_once_per_address() {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(dir.path());
    let create = |password: &str| {
        program(
            dir.path(),
            &[
                "create-admin",
                "--email",
                "a@b.example",
                "--first-name",
                "A",
                "--last-name",
                "B",
                "--json",
            ],
        )
        .env("DIVINETIME_ADMIN_PASSWORD", password)
        .output()
        .unwrap()
    };
    let short = create("short");
    assert!(stderr(&short).contains("password"), "{}", stderr(&short));
    let created = create("correct horse battery");
    assert!(created.status.success(), "{}", stderr(&created));
    let created: Value = serde_json::from_slice(&created.stdout).unwrap();
    assert!(
        created["user_id"].is_string() && created["position"].is_i64(),
        "{created}"
    );
    let again = create("correct horse battery");
    assert!(
        stderr(&again).contains("a user with this email address exists"),
        "{}",
        stderr(&again)
    );
    assert!(up.stop().success());
}

#[test]
fn the_api_of_a_service_and_its_workers_run_as_processes_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let up = Up::start(dir.path());
    let secret = |name: &str| std::fs::read_to_string(dir.path().join("keys").join(name)).unwrap();
    let (postgres, nats) = (&up.ready["postgres_port"], &up.ready["nats_port"]);
    let database_url = format!(
        "postgres://divinetime:{}@127.0.0.1:{postgres}/divinetime",
        secret("postgres.password")
    );
    let nats_url = format!(
        "nats://divinetime:{}@127.0.0.1:{nats}",
        secret("nats.password")
    );
    for command in ["serve", "project"] {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let address = format!("127.0.0.1:{port}");
        let mut service = program(dir.path(), &[command, "identity", "--listen", &address])
            .env("DATABASE_URL", &database_url)
            .env("NATS_URL", &nats_url)
            .env(
                "DIVINETIME_SERVICE_KEY_FILE",
                dir.path().join("keys/service.key"),
            )
            .env(
                "DIVINETIME_MASTER_KEY_FILE",
                dir.path().join("keys/master.key"),
            )
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("http://{address}");
        until("SERVING", || {
            output(dir.path(), &["health", &url]).status.success()
        });
        send(service.id().try_into().unwrap(), Signal::TERM);
        assert!(service.wait().unwrap().success(), "{command}");
    }
    assert!(up.stop().success());
}

#[test]
fn as_root_a_closed_data_directory_works_and_the_servers_are_not_root() {
    if !geteuid().is_root() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let data = dir.path().join("data");
    let up = Up::start(&data);
    let cluster = data.join("postgres").canonicalize().unwrap();
    let streams = data.join("nats").canonicalize().unwrap();
    assert!(
        cluster.starts_with("/var/lib/divinetime"),
        "{}",
        cluster.display()
    );
    assert_ne!(std::fs::metadata(cluster.join("data")).unwrap().uid(), 0);
    assert_eq!(
        std::fs::metadata(cluster.join("data")).unwrap().mode() & 0o077,
        0
    );
    let before = heads(&data);
    up.kill();
    let up = Up::start(&data);
    assert_eq!(heads(&data), before);
    assert!(up.stop().success());
    std::fs::remove_dir_all(cluster).unwrap();
    std::fs::remove_dir_all(streams).unwrap();
}

#[test]
fn as_an_ordinary_user_everything_runs_as_that_user() {
    use std::os::unix::process::CommandExt as _;

    let dir = tempfile::tempdir().unwrap();
    let mut up = program(dir.path(), &["up", "--json"]);
    if geteuid().is_root() {
        // A checkout that is closed to others cannot be tested so.
        let binary = Path::new(env!("CARGO_BIN_EXE_divinetime"));
        let open = |path: &Path| {
            path.ancestors()
                .all(|dir| dir.metadata().is_ok_and(|meta| meta.mode() & 0o001 != 0))
        };
        if !open(binary) || !open(&nats_server()) {
            return;
        }
        let (user, group) = nobody();
        chown(dir.path(), Some(user), Some(group)).unwrap();
        up.uid(user).gid(group).current_dir("/");
    }
    let up = Up::wait_for(up);
    assert!(runs(pid_in(&dir.path().join(POSTGRES_PID))));
    assert!(up.stop().success());
}

/// User and group of `nobody`.
fn nobody() -> (u32, u32) {
    let id = |option| {
        let output = Command::new("id")
            .args([option, "nobody"])
            .output()
            .expect("id knows nobody");
        String::from_utf8_lossy(&output.stdout)
            .trim()
            .parse()
            .expect("id knows nobody")
    };
    (id("-u"), id("-g"))
}
