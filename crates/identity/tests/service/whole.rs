//! The service as the program runs it: working in its own role, its relay waiting for a broker that
//! does not answer.

use contracts::{common::v1::Role, identity::v1::GetUserRequest};
use identity::MailSettings;

use crate::{mail_world::written, world::World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_its_own_role_and_without_a_broker_it_registers_logs_in_reads_and_tells_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::with_mail(MailSettings {
        directory: Some(folder.path().to_owned()),
        ..MailSettings::default()
    })
    .await;
    world.admin().await;
    let anna = world.account(Role::Parent, "anna@example.com").await;
    let request = GetUserRequest {
        user_id: anna.user_id.clone(),
        min_position: anna.position.clone(),
    };
    let user = world.call(&anna, request).await.unwrap().user;
    assert_eq!(user.unwrap().user_id, anna.user_id);
    let told = world.published().await.into_iter();
    let told: Vec<_> = told.map(|envelope| envelope.event_type).collect();
    assert_eq!(
        told,
        [
            "UserRegistered",
            "UserLoggedIn",
            "UserRegistered",
            "UserLoggedIn"
        ]
    );

    // Of the two it greets the one who has registered.
    let mail = written(folder.path(), "eml").await;
    for part in [
        "To: anna@example.com",
        "Subject: Welcome to DivineTime",
        "Hello Anna,",
    ] {
        assert!(mail.contains(part), "{part} is not in\n{mail}");
    }
    assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    world.stop().await;
}
