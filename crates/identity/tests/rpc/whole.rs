//! The service as the program runs it: migrated by the owner, working in its own role, its
//! relay waiting for a broker that does not answer.

use std::{collections::BTreeMap, fs, path::Path, str::FromStr as _};

use contracts::{
    common::v1::Role,
    identity::v1::{
        GetUserRequest, LoginRequest, authentication_service_client::AuthenticationServiceClient,
        user_service_client::UserServiceClient,
    },
    log::v1::{ReadRequest, event_log_service_client::EventLogServiceClient},
};
use identity::{IdentitySettings, MailSettings, NewAdmin, Resources, create_admin, definition};
use service::{
    Secret, Settings,
    auth::KeyPair,
    database,
    host::{self, Mode},
};
use sqlx::{ConnectOptions as _, Executor as _, PgConnection, postgres::PgConnectOptions};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

use crate::harness::{Bearer, MASTER_KEY, PASSWORD, registration};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_its_own_role_and_without_a_broker_it_registers_logs_in_reads_and_tells_its_log() {
    let (mut server, database_name, url) = new_database().await;
    let mail = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let mut settings = Settings {
        database_url: Secret::new(url),
        nats_url: Secret::new("nats://127.0.0.1:1"),
        broker_prefix: "test".to_owned(),
        addresses: BTreeMap::from([("identity".to_owned(), address.clone())]),
        service_key: Some(KeyPair::generate().unwrap()),
        database_connections: 6,
        ..Settings::default()
    };
    settings.set(IdentitySettings {
        master_key: service::MasterKeyText::parse(MASTER_KEY),
        mail: MailSettings {
            directory: Some(mail.path().to_owned()),
            ..MailSettings::default()
        },
        ..IdentitySettings::default()
    });
    let owner_url = settings.owner_database_url().clone();
    database::migrate(
        &owner_url,
        identity::NAME,
        &identity::definition().migrations,
    )
    .await
    .unwrap();
    appoint(&owner_url, &settings.own()).await;
    let stop = CancellationToken::new();
    let running = host::start(definition(), settings, Mode::Both, listener, stop.clone())
        .await
        .unwrap();

    let channel = Endpoint::from_shared(address).unwrap().connect_lazy();
    let token = whole_round(&channel).await;
    let told = public_events(&channel, token).await;
    assert_eq!(
        told,
        [
            "UserRegistered",
            "UserRegistered",
            "UserLoggedIn",
            "UserLoggedIn"
        ]
    );

    welcome(mail.path()).await;

    stop.cancel();
    running.stopped().await.unwrap();
    let drop = format!("drop database {database_name} with (force)");
    server.execute(drop.as_str()).await.unwrap();
}

/// Returns when the one mail that greets the one who has registered is there.
async fn welcome(folder: &Path) {
    let files = || fs::read_dir(folder).into_iter().flatten().flatten();
    let whole = || files().find(|file| file.path().extension().is_some_and(|is| is == "eml"));
    let file = loop {
        match whole() {
            Some(file) => break file,
            None => tokio::task::yield_now().await,
        }
    };
    let mail = fs::read_to_string(file.path()).unwrap();
    for part in [
        "To: anna@example.com",
        "Subject: Welcome to DivineTime",
        "Hello Anna,",
    ] {
        assert!(mail.contains(part), "{part} is not in\n{mail}");
    }
    assert_eq!(files().count(), 1);
}

async fn new_database() -> (PgConnection, String, String) {
    let url = std::env::var("TEST_DATABASE_URL").expect("./dev test sets it");
    let options = PgConnectOptions::from_str(&url).unwrap();
    let mut server = options.connect().await.unwrap();
    let name = format!("test_{}", Uuid::now_v7().simple());
    let create = format!("create database {name}");
    server.execute(create.as_str()).await.unwrap();
    let url = options.database(&name).to_url_lossy().to_string();
    (server, name, url)
}

async fn appoint(owner_url: &Secret, settings: &IdentitySettings) {
    let pool = database::connect(owner_url, identity::NAME, 2)
        .await
        .unwrap();
    let log = eventsourcing::EventLog::open(pool.clone(), eventsourcing::Upcasters::none())
        .await
        .unwrap();
    let admin = NewAdmin {
        email: "root@example.com".to_owned(),
        password: PASSWORD.to_owned(),
        first_name: "Ada".to_owned(),
        last_name: "Root".to_owned(),
    };
    let parts = Resources::new(&log, &pool, settings).await.unwrap();
    create_admin(&parts, admin).await.unwrap();
}

/// Registers, logs in, reads; then logs the administrator in, whose token it returns.
async fn whole_round(channel: &Channel) -> String {
    let mut users = UserServiceClient::new(channel.clone());
    let request = registration(Role::Parent, "anna@example.com");
    let registered = users.register_user(request).await.unwrap().into_inner();
    let login = |email: &str| LoginRequest {
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
    };
    let mut authentication = AuthenticationServiceClient::new(channel.clone());
    let answer = authentication
        .login(login("anna@example.com"))
        .await
        .unwrap();
    let answer = answer.into_inner();
    let bearer = Bearer(answer.access_token);
    let request = GetUserRequest {
        user_id: registered.user_id.clone(),
        min_position: answer.position,
    };
    let mut own = UserServiceClient::with_interceptor(channel.clone(), bearer);
    let user = own.get_user(request).await.unwrap().into_inner().user;
    assert_eq!(user.unwrap().user_id, registered.user_id);
    let admin = authentication
        .login(login("root@example.com"))
        .await
        .unwrap();
    admin.into_inner().access_token
}

async fn public_events(channel: &Channel, token: String) -> Vec<String> {
    let mut log = EventLogServiceClient::with_interceptor(channel.clone(), Bearer(token));
    let request = ReadRequest {
        after_position: 0,
        limit: 0,
    };
    let mut events = log.read(request).await.unwrap().into_inner();
    let mut names = Vec::new();
    while let Some(event) = events.message().await.unwrap() {
        names.push(event.envelope.unwrap().event_type);
    }
    names
}
