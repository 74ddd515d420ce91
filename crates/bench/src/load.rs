//! Writers that act commands one after the other, and what they saw.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crate::table::median;

/// What one measurement saw.
pub struct Measured {
    pub per_second: f64,
    pub p50: Duration,
    pub p99: Duration,
    /// Attempts refused for concurrency.
    pub refused: u64,
}

/// Runs `writers` tasks for a while; `make(writer)` gives a task's state, `act` sends its next
/// command and says whether it was accepted.
pub async fn run<S, F>(
    writers: usize,
    seconds: u64,
    make: impl Fn(usize) -> S,
    act: impl Fn(S) -> F + Clone + Send + Sync + 'static,
) -> Measured
where
    S: Send + 'static,
    F: Future<Output = (S, bool)> + Send,
{
    let ended = Arc::new(AtomicBool::new(false));
    let begin = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let (ended, act, mut state) = (Arc::clone(&ended), act.clone(), make(writer));
            tokio::spawn(async move {
                let (mut latencies, mut refused) = (Vec::new(), 0);
                while !ended.load(Ordering::Relaxed) {
                    let sent = Instant::now();
                    let (next, accepted) = act(state).await;
                    state = next;
                    if accepted {
                        latencies.push(sent.elapsed());
                    } else {
                        refused += 1;
                    }
                }
                (latencies, refused)
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    ended.store(true, Ordering::Relaxed);
    let mut latencies = Vec::new();
    let mut refused = 0;
    for task in tasks {
        let (mine, refusals): (Vec<Duration>, u64) = task.await.expect("a writer ends");
        latencies.extend(mine);
        refused += refusals;
    }
    let elapsed = begin.elapsed();
    latencies.sort_unstable();
    let at = |share: f64| {
        latencies
            .get((latencies.len() as f64 * share) as usize)
            .copied()
            .unwrap_or_default()
    };
    Measured {
        per_second: latencies.len() as f64 / elapsed.as_secs_f64(),
        p50: at(0.5),
        p99: at(0.99),
        refused,
    }
}

/// The medians of several measurements.
pub fn middle(rounds: &[Measured]) -> Measured {
    let of = |value: fn(&Measured) -> f64| median(rounds.iter().map(value).collect());
    Measured {
        per_second: of(|m| m.per_second),
        p50: Duration::from_secs_f64(of(|m| m.p50.as_secs_f64())),
        p99: Duration::from_secs_f64(of(|m| m.p99.as_secs_f64())),
        refused: of(|m| m.refused as f64) as u64,
    }
}

/// 12.3 ms
pub fn milliseconds(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1_000.0)
}
