//! What `up` says when it is ready: where everything is, and what to try next.

use std::path::Path;
use std::time::Duration;

use service::SERVICES;

use crate::embedded::home::Home;
use crate::embedded::lock::Running;
use crate::{console, version};

/// The text leaves out what this `up` has not started or made, such as a private Postgres.
pub fn show(home: &Home, running: &Running, has_admin: bool, after: Duration) {
    let mut lines = vec![
        String::new(),
        format!("DivineTime is up (after {:.1} s)", after.as_secs_f64()),
        String::new(),
    ];
    lines.extend(services(running).map(|(name, _, address)| format!("  {name:<11} {address}")));
    for (server, port) in [
        ("postgres", running.postgres_port),
        ("nats", running.nats_port),
    ] {
        lines.extend(port.map(|port| format!("  {server:<11} 127.0.0.1:{port} (private)")));
    }
    lines.push(String::new());
    lines.push(format!("  data in {}", home.root().display()));
    lines.push(format!("  {}", version::zone_rules()));
    if has_admin {
        lines.push(format!(
            "  an administrator's login in {}",
            home.admin_file().display()
        ));
    }
    lines.push("\nTry next, in another terminal:\n".to_owned());
    lines.extend(hints(home, running).map(|hint| format!("  {hint}")));
    lines.push("\nCtrl-C stops everything and keeps the data.".to_owned());
    console::line(format_args!("{}", lines.join("\n")));
}

/// Name, default port and address of each service, in the order in which a booking passes through them.
fn services(running: &Running) -> impl Iterator<Item = (&'static str, u16, &str)> {
    SERVICES
        .iter()
        .filter_map(|(name, port)| Some((*name, *port, running.services.get(*name)?.as_str())))
}

fn hints(home: &Home, running: &Running) -> [String; 3] {
    let program = std::env::args()
        .next()
        .unwrap_or_else(|| "divinetime".to_owned());
    let place = match Path::new(".divinetime").canonicalize() {
        Ok(default) if default == home.root() => String::new(),
        _ => format!(" --data-dir {}", home.root().display()),
    };
    let elsewhere: Vec<String> = services(running)
        .filter(|(_, port, address)| *address != format!("127.0.0.1:{port}"))
        .map(|(name, _, address)| format!(" --{name} http://{address}"))
        .collect();
    let identity = running.services.get("identity").map_or("", String::as_str);
    [
        format!("{program} demo{place}{}", elsewhere.concat()),
        format!("{program} projections list{place}"),
        format!(
            "buf curl --http2-prior-knowledge --protocol grpc -d '{{}}' \\\n      http://{identity}/divinetime.identity.v1.TrainerService/ListTrainers"
        ),
    ]
}
