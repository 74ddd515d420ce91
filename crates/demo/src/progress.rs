//! Shows how far the demo is: by a bar on a terminal, by a line for each stage elsewhere, and not at
//! all with `--json`.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Writes to standard error.
#[derive(Clone)]
pub struct Progress {
    bar: Option<ProgressBar>,
    lines: bool,
    began: Instant,
}

impl Progress {
    pub fn start(steps: u64, quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = (terminal && !quiet).then(|| {
            let bar = ProgressBar::new(steps);
            if let Ok(style) =
                ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed} {wide_msg}")
            {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self {
            lines: bar.is_none() && !quiet,
            bar,
            began: Instant::now(),
        }
    }

    /// Announces the next stage.
    pub fn say(&self, stage: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(stage.to_owned());
        }
        if self.lines {
            // The demo goes on when a line of progress cannot be written.
            let seconds = self.began.elapsed().as_secs_f64();
            let _ = writeln!(std::io::stderr(), "demo {seconds:5.1} s  {stage}");
        }
    }

    pub fn step(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
