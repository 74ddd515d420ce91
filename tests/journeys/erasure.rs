//! A family is erased: nothing of it can be read again, and nothing else has changed.

mod backup;
mod certificate;

use std::collections::BTreeMap;

use contracts::{
    common::v1::LogPosition,
    identity::v1::{
        EraseSubjectRequest, ErasureCertificate, GetUserRequest, ListChildrenRequest, User,
        child_service_client::ChildServiceClient, user_service_client::UserServiceClient,
    },
    payments::events::v1::PayableKind,
    scheduling::v1::{
        CancelSessionRequest, SessionState, session_service_client::SessionServiceClient,
    },
};
use sqlx::PgPool;
use tonic::Status;

use e2e::{
    own::OwnSystem,
    people::{self, Parent, id, reason},
    replay,
    system::{System, eventually},
};

use backup::uuid;

async fn erase(
    system: &System,
    parent: &Parent,
) -> Result<(ErasureCertificate, Option<LogPosition>), Status> {
    let request = EraseSubjectRequest {
        request_id: id(),
        user_id: parent.user.id.clone(),
        child_id: String::new(),
    };
    let mut users = UserServiceClient::new(system.channel("identity"));
    let answer = users
        .erase_subject(parent.user.says(request))
        .await?
        .into_inner();
    Ok((answer.certificate.expect("a certificate"), answer.position))
}

/// Books and pays a session of the first child.
async fn paid_session(system: &System, parent: &Parent, slot: &str) -> String {
    let first = Parent {
        user: parent.user.clone(),
        children: vec![parent.children[0].clone()],
    };
    let booked = people::book(system, &first, slot, id())
        .await
        .expect("a session");
    let session_id = booked.session_id;
    let kind = PayableKind::Session;
    people::pay(system, &parent.user, kind, &session_id, "sandbox_ok", id())
        .await
        .expect("a payment");
    people::session_becomes(system, &parent.user, &session_id, SessionState::Paid).await;
    session_id
}

async fn cancel(system: &System, parent: &Parent, session_id: &str) {
    let request = CancelSessionRequest {
        request_id: id(),
        session_id: session_id.to_owned(),
    };
    let mut sessions = SessionServiceClient::new(system.channel("scheduling"));
    let canceled = sessions.cancel_session(parent.user.says(request)).await;
    canceled.expect("it is cancelled");
    people::session_becomes(system, &parent.user, session_id, SessionState::Canceled).await;
}

async fn rows(database: &PgPool, table: &str) -> Vec<String> {
    sqlx::query_scalar(&format!(
        "select row_to_json(t)::text from {table} t order by 1"
    ))
    .fetch_all(database)
    .await
    .expect("its rows")
}

/// The rows of tables.
type Figures = BTreeMap<String, Vec<String>>;

/// All that statistics and money are made of.
async fn figures(system: &System, database: &PgPool) -> Figures {
    system.operate(&["projections", "wait"]);
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_schema || '.' || table_name from information_schema.tables \
         where table_schema = 'analytics' and table_name like 'statistic%' \
         or table_schema = 'payments' and table_name in ('payments', 'refunds', 'sandbox_charges')",
    )
    .fetch_all(database)
    .await
    .expect("the tables");
    let mut figures = BTreeMap::new();
    for table in tables {
        figures.insert(table.clone(), rows(database, &table).await);
    }
    assert!(figures.values().any(|rows| !rows.is_empty()));
    figures
}

/// All that was counted stands as it was; what has come is that one user has left.
fn one_user_has_left(before: &Figures, after: &Figures, user_id: &str) {
    let mut new = Vec::new();
    for (table, rows) in after {
        for row in &before[table] {
            assert!(rows.contains(row), "{table} has lost {row}");
        }
        new.extend(rows.iter().filter(|row| !before[table].contains(row)));
    }
    let account = format!("\"user_id\":\"{user_id}\",\"active\":false");
    let (accounts, left): (Vec<&String>, _) = new.iter().partition(|row| row.contains(&account));
    assert_eq!(accounts.len(), 1, "their account in {new:?}");
    assert!(
        left.iter()
            .all(|row| row.contains("\"metric\":\"user_left\"")),
        "more has changed: {left:?}"
    );
    // The fact, and its day.
    assert_eq!(left.len(), 2, "{left:?}");
}

async fn read(system: &System, admin: &people::User, user_id: &str) -> User {
    let request = GetUserRequest {
        user_id: user_id.to_owned(),
        min_position: None,
    };
    let mut users = UserServiceClient::new(system.channel("identity"));
    let answer = users
        .get_user(admin.says(request))
        .await
        .expect("the account");
    answer.into_inner().user.expect("the account")
}

/// An admin sees that they are erased, and nothing else of them.
async fn shows_them_erased(system: &System, admin: &people::User, parent: &Parent) {
    let user = read(system, admin, &parent.user.id).await;
    assert!(user.erased);
    assert_eq!(
        (
            user.email,
            user.first_name,
            user.last_name,
            user.phone_number
        ),
        Default::default()
    );
    let request = ListChildrenRequest {
        guardian_id: parent.user.id.clone(),
        ..ListChildrenRequest::default()
    };
    let mut children = ChildServiceClient::new(system.channel("identity"));
    let children = children
        .list_children(admin.says(request))
        .await
        .expect("the children");
    for child in children.into_inner().children {
        assert!(child.erased, "{} is not erased", child.child_id);
        assert_eq!(
            (child.first_name, child.last_name, child.birthdate),
            Default::default()
        );
    }
}

/// With the master key and a backup, the family is closed; without the keys, everybody is.
async fn a_backup_shows_nothing(system: &System, erased: &Parent, other: &Parent) {
    let keyless = backup::restore(system, false).await;
    assert!(keyless.sealed > 0, "nothing is sealed");
    assert!(
        keyless.open.is_empty(),
        "{:?} can be read without keys",
        keyless.open
    );
    let restored = backup::restore(system, true).await;
    assert!(
        restored.open.contains(&uuid(&other.user.id)),
        "the others cannot be read"
    );
    for subject in erased.children.iter().chain([&erased.user.id]) {
        assert!(
            !restored.open.contains(&uuid(subject)),
            "{subject} can be read"
        );
    }
}

#[tokio::test]
async fn a_family_is_erased_and_only_the_figures_remain() {
    let system = OwnSystem::start(&[]).await;
    let admin = people::admin(&system).await;
    let trainer = people::trainer(&system, &admin, 2).await;
    let (parent, other) = (
        people::parent(&system, 2).await,
        people::parent(&system, 1).await,
    );
    paid_session(&system, &other, &trainer.slots[1]).await;
    let session_id = paid_session(&system, &parent, &trainer.slots[0]).await;

    let ahead = erase(&system, &parent).await.unwrap_err();
    assert_eq!(reason(&ahead), "BOOKINGS_AHEAD");
    cancel(&system, &parent, &session_id).await;
    let database = system.database().await;
    let before = figures(&system, &database).await;

    let (certificate, _) = erase(&system, &parent).await.expect("they are erased");
    certificate::check(&system, &certificate, &parent).await;
    let (again, _) = erase(&system, &parent).await.expect("the same");
    assert_eq!(again, certificate);
    system.operate(&["verify"]);
    let after = figures(&system, &database).await;
    one_user_has_left(&before, &after, &parent.user.id);
    shows_them_erased(&system, &admin, &parent).await;
    replay::is_the_same(&system).await;
    shows_them_erased(&system, &admin, &parent).await;
    a_backup_shows_nothing(&system, &parent, &other).await;
    assert!(!read(&system, &admin, &other.user.id).await.erased);
}

#[tokio::test]
async fn an_erasure_that_is_killed_finishes_after_the_restart() {
    let system = OwnSystem::start(&[]).await;
    let admin = people::admin(&system).await;
    let parent = people::parent(&system, 12).await;
    let database = system.database().await;
    let asked = async {
        // It may or may not be answered before the end.
        let _ = erase(&system, &parent).await;
    };
    let killed = async {
        eventually("the decision", || async {
            let decided = "select 1 from identity.events where event_type = 'UserErased'";
            let decided: Option<i32> = sqlx::query_scalar(decided)
                .fetch_optional(&database)
                .await
                .expect("the log");
            decided
        })
        .await;
        system.kill();
    };
    tokio::join!(asked, killed);
    database.close().await;
    system.restart().await;

    // Nobody asks again: it finishes by itself.
    let database = system.database().await;
    eventually("the certificate", || async {
        let certificate = "select 1 from identity.erasures where subject_id = $1";
        let certificate: Option<i32> = sqlx::query_scalar(certificate)
            .bind(uuid(&parent.user.id))
            .fetch_optional(&database)
            .await
            .expect("the certificates");
        certificate
    })
    .await;
    let (certificate, _) = erase(&system, &parent).await.expect("the certificate");
    certificate::check(&system, &certificate, &parent).await;
    shows_them_erased(&system, &admin, &parent).await;
    system.operate(&["verify"]);
    replay::is_the_same(&system).await;
}
