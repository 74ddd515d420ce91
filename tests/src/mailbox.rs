//! The mail that a system without a mail server writes as files.

use std::path::Path;

use crate::system::{System, eventually};

/// The latest message about something (the template's name in lower case with hyphens) to an
/// address, as it was sent. Waits until there is one.
pub async fn message(system: &System, about: &str, to: &str) -> String {
    let directory = system.directory().join("mail");
    eventually(&format!("mail about {about}"), || async {
        latest(&directory, about, to)
    })
    .await
}

/// The code or token in the latest message about something to an address.
pub async fn code(system: &System, about: &str, to: &str) -> String {
    let message = message(system, about, to).await;
    let code = message.lines().find_map(|line| line.strip_prefix("    "));
    code.expect("a code on a line of its own").trim().to_owned()
}

fn latest(directory: &Path, about: &str, to: &str) -> Option<String> {
    let files = std::fs::read_dir(directory).ok()?.flatten();
    let about = format!("-{about}-");
    let mut files: Vec<_> = files
        .map(|file| file.path())
        .filter(|path| is_whole(path) && path.to_string_lossy().contains(&about))
        .collect();
    // Their names begin with the time.
    files.sort_unstable();
    let mut messages = files
        .iter()
        .rev()
        .filter_map(|path| std::fs::read_to_string(path).ok());
    let addressed = format!("To: {to}");
    messages
        .find(|message| message.lines().any(|line| line.trim_end() == addressed))
        .map(|message| unfolded(&message))
}

/// Without the breaks of long lines (quoted-printable).
fn unfolded(message: &str) -> String {
    message
        .replace("=\r\n", "")
        .replace("=\n", "")
        .replace("=3D", "=")
}

/// A file that is still being written has a name with a dot before it.
fn is_whole(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    !name.to_string_lossy().starts_with('.')
}
