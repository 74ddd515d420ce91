//! kill -9 of the process, of Postgres and of NATS in mid-load: whatever was acknowledged is
//! there once, every payment settled once, and every projection equals a replay from zero.

mod evidence;
mod load;

use std::sync::Arc;

use e2e::own::OwnSystem;

use load::Load;

/// Lets `fault` happen twice in mid-load and checks everything.
async fn survive(fault: impl AsyncFn(&OwnSystem)) {
    let system = Arc::new(OwnSystem::start(&[]).await);
    let load = Load::start(&system).await;
    for _ in 0..2 {
        load.goes_on(30, 4).await;
        fault(&system).await;
        load.goes_on(30, 4).await;
    }
    let acknowledged = load.stop().await;
    evidence::check(&system, &acknowledged).await;
}

#[tokio::test]
async fn the_process_killed_in_mid_load_loses_nothing() {
    survive(async |system| {
        system.kill();
        system.restart().await;
    })
    .await;
}

#[tokio::test]
async fn postgres_killed_in_mid_load_loses_nothing() {
    survive(async |system| system.kill_postgres()).await;
}

#[tokio::test]
async fn nats_killed_in_mid_load_loses_nothing() {
    survive(async |system| system.kill_nats()).await;
}

#[tokio::test]
async fn a_broker_that_lost_everything_in_mid_load_hides_nothing_from_the_others() {
    survive(async |system| system.wipe_nats()).await;
}
