//! Ctrl-C and SIGTERM.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::console;

/// Exit code after a second Ctrl-C, as shells give it.
const INTERRUPTED: i32 = 130;

/// A token that the first signal cancels. The second one ends the process at once; what it leaves
/// behind, the next start repairs.
pub fn stop_on_signal() -> io::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = CancellationToken::new();
    let first = stop.clone();
    tokio::spawn(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        first.cancel();
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        console::error(format_args!(
            "divinetime: stopped at once, without draining"
        ));
        std::process::exit(INTERRUPTED);
    });
    Ok(stop)
}
