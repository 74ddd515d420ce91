//! The append path beside COPY of the same rows into the same table.

use std::time::Instant;

use crate::{
    Arguments,
    account::{Account, AccountCommand as Command},
    commands,
    load::run,
    table::{median, print, thousands},
};
use eventsourcing::{Context, Repository};
use sqlx::postgres::PgPoolCopyExt;
use testing_core::LogDatabase;

const WRITERS: usize = 1_024;

/// Appends with 1,024 writers, then copies what they wrote into an empty log's table: once with
/// everything on, once events alone, which is all that COPY does.
pub async fn compare(arguments: &Arguments) {
    let (mut all, mut all_copied) = (Vec::new(), Vec::new());
    let (mut events, mut events_copied) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        let database = LogDatabase::new_at(&arguments.database_url).await;
        all.push(
            commands::runtime_on(&database, arguments, WRITERS)
                .await
                .per_second,
        );
        all_copied.push(copy(arguments, &database).await);
        let database = LogDatabase::new_at(&arguments.database_url).await;
        events.push(credits(&database, arguments).await);
        events_copied.push(copy(arguments, &database).await);
    }
    let row = |name: &str, appended: Vec<f64>, copied: Vec<f64>| {
        let (appended, copied) = (median(appended), median(copied));
        let share = format!("{:.0}%", 100.0 * appended / copied);
        vec![
            name.to_owned(),
            thousands(appended),
            thousands(copied),
            share,
        ]
    };
    print(
        "Append at 1,024 writers, one event a command, beside one COPY of the same rows into the same table",
        &["", "appended/s", "copied/s", "share"],
        &[
            row("claim for each fifth, request id, chain", all, all_copied),
            row("events and chain alone", events, events_copied),
        ],
    );
}

/// Events a second when every writer credits an account of its own, without request ids.
async fn credits(database: &LogDatabase, arguments: &Arguments) -> f64 {
    let accounts = Repository::<Account>::new(&database.log().await);
    let opened = (0..WRITERS).map(|writer| {
        let (accounts, id) = (accounts.clone(), writer.to_string());
        async move {
            let open = Command::Open { owner: id.clone() };
            let opened = accounts
                .create(&id, Context::system(), open, |_, _| Vec::new())
                .await;
            opened.expect("the account opens");
        }
    });
    futures::future::join_all(opened).await;
    let measured = run(
        WRITERS,
        arguments.seconds,
        |writer| writer.to_string(),
        move |id| {
            let accounts = accounts.clone();
            async move {
                let credit = Command::Credit { amount: 1 };
                let credited = accounts
                    .execute(&id, Context::system(), credit, |_, _| Vec::new())
                    .await;
                credited.expect("the runtime accepts");
                (id, true)
            }
        },
    )
    .await;
    measured.per_second
}

/// Events a second of one COPY of the log's rows into another log's events table.
async fn copy(arguments: &Arguments, source: &LogDatabase) -> f64 {
    const COLUMNS: &str = "aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, position, \
        event_id, recorded_at, command_id, actor, correlation_id, causation_id, trace_context";
    let target = LogDatabase::new_at(&arguments.database_url).await;
    let mut rows = source
        .pool()
        .copy_out_raw(&format!(
            "copy (select {COLUMNS} from events order by position) to stdout"
        ))
        .await
        .expect("the rows are read");
    let mut data = Vec::new();
    while let Some(chunk) = futures::StreamExt::next(&mut rows).await {
        data.extend_from_slice(&chunk.expect("a chunk of rows"));
    }
    drop(rows);
    let pool = target.pool();
    let begin = Instant::now();
    let mut into = pool
        .copy_in_raw(&format!("copy events ({COLUMNS}) from stdin"))
        .await
        .expect("a copy begins");
    into.send(data).await.expect("the rows are sent");
    let count = into.finish().await.expect("the copy commits");
    count as f64 / begin.elapsed().as_secs_f64()
}
