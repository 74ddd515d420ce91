//! Which version this is, and by which rules it tells the time.

use std::sync::LazyLock;

use values::ZoneRules;

static LONG: LazyLock<String> =
    LazyLock::new(|| format!("{}\n{}", env!("CARGO_PKG_VERSION"), zone_rules()));

/// What `--version` prints after the name of the program.
pub fn long() -> &'static str {
    &LONG
}

/// One line that names the release of the time zone rules in use, and where they are from.
pub fn zone_rules() -> String {
    let rules = ZoneRules::in_use();
    let source = if rules.is_of_the_machine() {
        "of this machine, which are newer than the program's"
    } else {
        "of the program"
    };
    format!("time zone rules {}, {source}", rules.version())
}
