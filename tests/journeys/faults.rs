//! kill -9 of the process, of Postgres and of NATS in mid-load: whatever was acknowledged is
//! there once, and every projection equals a replay from zero.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use sqlx::PgPool;
use tokio::task::JoinHandle;

use e2e::{
    people::{self, Camp, Parent, id},
    system::{System, eventually},
};

const WRITERS: usize = 6;

/// What a writer got acknowledged.
#[derive(Default)]
struct Acknowledged {
    children: Vec<String>,
    holds: Vec<String>,
}

/// Adds children and holds free tickets for them until told to stop; a call without an answer is
/// sent again with the same request id until it has one.
fn write(
    system: &Arc<System>,
    parent: Parent,
    camp: &Arc<Camp>,
    stop: &Arc<AtomicBool>,
    acknowledged: &Arc<AtomicUsize>,
) -> JoinHandle<Acknowledged> {
    let (system, camp) = (Arc::clone(system), Arc::clone(camp));
    let (stop, acknowledged) = (Arc::clone(stop), Arc::clone(acknowledged));
    tokio::spawn(async move {
        let mut mine = Acknowledged::default();
        while !stop.load(Ordering::Relaxed) {
            let request = id();
            let child = eventually("an answer to AddChild", || async {
                people::add_child(&system, &parent.user, request.clone())
                    .await
                    .ok()
            })
            .await;
            let buyer = Parent {
                user: parent.user.clone(),
                children: vec![child.clone()],
            };
            let request = id();
            let hold = eventually("an answer to HoldTickets", || async {
                people::hold(&system, &buyer, &camp, 0, request.clone())
                    .await
                    .ok()
            })
            .await;
            mine.children.push(child);
            mine.holds.push(hold.hold_id);
            acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        mine
    })
}

async fn progress(acknowledged: &AtomicUsize, more: usize) {
    let goal = acknowledged.load(Ordering::Relaxed) + more;
    eventually("progress", || async {
        (acknowledged.load(Ordering::Relaxed) >= goal).then_some(())
    })
    .await;
}

/// Every row of every table that a projection of the service has written.
async fn dump(database: &PgPool, schema: &str) -> BTreeMap<String, Vec<String>> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = $1 and table_type = 'BASE TABLE' \
         and table_name not in ('events', 'batches', 'requests', 'log_head', 'unique_claims', 'interval_claims', \
             'snapshots', 'projections', 'checkpoints', 'parked_keys', 'parked_events', 'credentials', \
             'sandbox_charges', 'sandbox_refunds', '_sqlx_migrations') \
         and table_name not like 'process%'",
    )
    .bind(schema)
    .fetch_all(database)
    .await
    .expect("the tables");
    let mut rows = BTreeMap::new();
    for table in tables {
        let sql = format!("select row_to_json(t)::text from {schema}.{table} t order by 1");
        let all: Vec<String> = sqlx::query_scalar(&sql)
            .fetch_all(database)
            .await
            .expect("its rows");
        rows.insert(table, all);
    }
    rows
}

async fn check(system: &System, acknowledged: &[Acknowledged]) {
    let database = system.database().await;
    for (what, sql) in [
        (
            "child",
            "select aggregate_id from identity.events where event_type = 'ChildAdded'",
        ),
        (
            "hold",
            "select (payload->'TicketsHeld'->>'hold_id') from ticketing.events where event_type = 'TicketsHeld'",
        ),
    ] {
        let logged: Vec<String> = sqlx::query_scalar(sql)
            .fetch_all(&database)
            .await
            .expect("the log");
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for id in &logged {
            *counts.entry(id).or_default() += 1;
        }
        let answers = acknowledged.iter().flat_map(|mine| {
            if what == "child" {
                &mine.children
            } else {
                &mine.holds
            }
        });
        for answer in answers {
            assert_eq!(
                counts.get(answer.as_str()),
                Some(&1),
                "{what} {answer} was acknowledged"
            );
        }
    }
    system.operate(&["projections", "wait"]);
    system.operate(&["verify"]);
    for schema in [
        "identity",
        "scheduling",
        "ticketing",
        "payments",
        "analytics",
    ] {
        let before = dump(&database, schema).await;
        assert!(!before.is_empty(), "{schema} has no read tables");
        let sql = format!("select projection from {schema}.projections where kind = 'PROJECTION'");
        let names: Vec<String> = sqlx::query_scalar(&sql)
            .fetch_all(&database)
            .await
            .expect("its projections");
        assert!(!names.is_empty(), "{schema} has no projections");
        for name in names {
            system.operate(&["projections", "rebuild", &format!("{schema}/{name}")]);
        }
        system.operate(&["projections", "wait"]);
        assert_eq!(
            dump(&database, schema).await,
            before,
            "a replay of {schema} differs"
        );
    }
}

/// Lets `fault` happen twice in mid-load and checks everything.
async fn survive(fault: impl AsyncFn(&System)) {
    let system = Arc::new(System::start(&[]).await);
    let admin = people::admin(&system).await;
    let camp = Arc::new(people::camp(&system, &admin, 1_000_000, &[(0, 1_000_000)]).await);
    let stop = Arc::new(AtomicBool::new(false));
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let parents = futures::future::join_all((0..WRITERS).map(|_| people::parent(&system, 0))).await;
    let writers: Vec<_> = parents
        .into_iter()
        .map(|parent| write(&system, parent, &camp, &stop, &acknowledged))
        .collect();
    for _ in 0..2 {
        progress(&acknowledged, 30).await;
        fault(&system).await;
        progress(&acknowledged, 30).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut mine = Vec::new();
    for writer in writers {
        mine.push(writer.await.expect("a writer"));
    }
    check(&system, &mine).await;
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
