//! From the log to the others: projectors, relay, consumers and processes against a real
//! Postgres and a real NATS.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod consumer;
#[cfg(test)]
mod hanging;
#[cfg(test)]
mod network;
#[cfg(test)]
mod passing;
#[cfg(test)]
mod personal;
#[cfg(test)]
mod process;
#[cfg(test)]
mod projector;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod tail;
#[cfg(test)]
mod traces;

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

/// Drops a future after it was polled so many times, as a crash does: between two of its
/// waits. `None` when it had not ended by then.
async fn crash_after<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}
