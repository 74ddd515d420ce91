//! The settings of the environment as `--help` lists them.

use service::{Settings, TelemetrySettings, Variable};

use crate::embedded::Programs;
use crate::services;

/// What the services say of the variables that they read, and, for `up`, what it says of the programs
/// that it starts.
pub fn help(programs: bool) -> String {
    let mut help = "Settings, by environment variables:\n".to_owned();
    let mut every = Settings::variables();
    every.extend(TelemetrySettings::VARIABLES);
    section(&mut help, "Of every service", &every);
    if programs {
        let whose = "Of the private servers, which run while DATABASE_URL and NATS_URL are not set";
        section(&mut help, whose, &Programs::VARIABLES);
    }
    for definition in services::definitions() {
        let own = Settings::variables_of(definition.settings);
        if !own.is_empty() {
            section(&mut help, &format!("Of {}", definition.name), &own);
        }
    }
    help.trim_end().to_owned()
}

fn section(help: &mut String, whose: &str, variables: &[Variable]) {
    let mut lines = vec![format!("\n{whose}:")];
    for Variable {
        name,
        meaning,
        default,
    } in variables
    {
        let default = default.as_ref();
        let default = default.map(|default| format!(" [default: {default}]"));
        lines.push(format!("  {name}{}", default.unwrap_or_default()));
        lines.push(format!("      {meaning}"));
    }
    help.push_str(&lines.join("\n"));
    help.push('\n');
}
