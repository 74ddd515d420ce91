//! The append path beside COPY of the same rows into the same table.

use std::time::Instant;

use eventsourcing::{Context, Repository, testing::TestDatabase};
use sqlx::postgres::PgPoolCopyExt;
use uuid::Uuid;

use crate::{
    Arguments,
    account::{Account, AccountCommand as Command},
    load::run,
    table::{median, print, thousands},
};

const WRITERS: usize = 1_024;

/// Appends with 1,024 writers, then copies what they wrote into an empty log's table.
pub async fn compare(arguments: &Arguments) {
    let (mut appended, mut copied) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        let database = TestDatabase::create_at(&arguments.database_url, &[]).await;
        let log = database.log().await;
        let accounts = Repository::<Account>::new(&log);
        let measured = run(
            WRITERS,
            arguments.seconds,
            |_| (),
            move |()| {
                let accounts = accounts.clone();
                async move {
                    let id = Uuid::now_v7().to_string();
                    let context = Context::system().with_request(Uuid::now_v7(), [7; 32]);
                    let open = Command::Open { owner: id.clone() };
                    accounts
                        .create(&id, context, open, |_, _| Vec::new())
                        .await
                        .expect("accepted");
                    ((), true)
                }
            },
        )
        .await;
        appended.push(measured.per_second);
        copied.push(copy(arguments, &database).await);
    }
    let (append, copy) = (median(appended), median(copied));
    print(
        "Append at 1,024 writers (one event a command, claim, request id, chain) beside COPY of the same rows",
        &["", "events/s", "share"],
        &[
            vec![
                "append".to_owned(),
                thousands(append),
                format!("{:.0}%", 100.0 * append / copy),
            ],
            vec!["COPY".to_owned(), thousands(copy), "100%".to_owned()],
        ],
    );
}

/// Events a second of one COPY of the log's rows into another log's events table.
async fn copy(arguments: &Arguments, source: &TestDatabase) -> f64 {
    const COLUMNS: &str = "aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, position, \
        event_id, recorded_at, command_id, actor, correlation_id, causation_id, trace_context";
    let target = TestDatabase::create_at(&arguments.database_url, &[]).await;
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
