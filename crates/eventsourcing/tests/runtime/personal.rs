//! Sealed values and the keys they are sealed with, on a real Postgres.

use eventsourcing::{
    migration,
    personal::{Keyring, LocalMasterKey, MasterKeys, Opened, Personal, PersonalError, TABLES},
};
use testing_core::LogDatabase;
use uuid::Uuid;

async fn database() -> LogDatabase {
    LogDatabase::of(&[migration(100, "subject keys", TABLES)]).await
}

fn master() -> LocalMasterKey {
    LocalMasterKey::generate().unwrap()
}

fn keyring(database: &LogDatabase, master: &LocalMasterKey) -> Keyring {
    Keyring::new(database.pool(), MasterKeys::new(master.clone()))
}

async fn seal(keyring: &Keyring, subject: Uuid, value: &str) -> Personal<String> {
    let sealer = keyring.sealer(subject).await.unwrap();
    sealer.seal(&value.to_owned()).unwrap()
}

async fn open(
    keyring: &Keyring,
    personal: &Personal<String>,
) -> Result<Opened<String>, PersonalError> {
    let opener = keyring.opener([personal.subject()]).await?;
    opener.open(personal)
}

fn known(value: &str) -> Opened<String> {
    Opened::Known(value.to_owned())
}

#[tokio::test]
async fn what_is_sealed_hides_its_value_and_opens_again_in_any_process_with_the_master_key() {
    let database = database().await;
    let master = master();
    let (here, there) = (keyring(&database, &master), keyring(&database, &master));
    let subject = Uuid::now_v7();
    let name = seal(&here, subject, "Cleo").await;
    assert_eq!(name.subject(), subject);
    assert!(!name.as_sealed().contains("Cleo"));
    assert_ne!(name, seal(&here, subject, "Cleo").await);
    assert_eq!(open(&here, &name).await.unwrap(), known("Cleo"));
    assert_eq!(open(&there, &name).await.unwrap(), known("Cleo"));
}

#[tokio::test]
async fn sealed_text_survives_json_and_clear_text_is_no_personal_value() {
    let database = database().await;
    let keys = keyring(&database, &master());
    let name = seal(&keys, Uuid::now_v7(), "Cleo").await;
    let json = serde_json::to_string(&name).unwrap();
    assert_eq!(
        serde_json::from_str::<Personal<String>>(&json).unwrap(),
        name
    );
    for clear in ["\"Cleo\"", "\"\"", "\"sealed:1:Cleo\"", "null"] {
        assert!(
            serde_json::from_str::<Personal<String>>(clear).is_err(),
            "{clear}"
        );
    }
    assert!(!format!("{name:?}").contains("Cleo"));
}

#[tokio::test]
async fn of_an_erased_subject_nothing_opens_and_nothing_more_is_sealed() {
    let database = database().await;
    let keys = keyring(&database, &master());
    let (anna, berta, nobody) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let gone = seal(&keys, anna, "Anna").await;
    let stays = seal(&keys, berta, "Berta").await;
    let first = keys.destroy(anna).await.unwrap();
    assert!(first.fingerprint.is_some());
    let again = keys.destroy(anna).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(open(&keys, &gone).await.unwrap(), Opened::Erased);
    assert_eq!(open(&keys, &stays).await.unwrap(), known("Berta"));
    let refused = keys.sealer(anna).await.err();
    assert!(matches!(refused, Some(PersonalError::Erased(subject)) if subject == anna));
    // One that never had a key gets none later either.
    keys.destroy(nobody).await.unwrap();
    assert!(matches!(
        keys.sealer(nobody).await.err(),
        Some(PersonalError::Erased(_))
    ));
}

#[tokio::test]
async fn a_copy_of_the_database_without_the_keys_shows_nothing() {
    let database = database().await;
    let master = master();
    let name = seal(&keyring(&database, &master), Uuid::now_v7(), "Cleo").await;
    sqlx::query("delete from subject_keys")
        .execute(&database.pool())
        .await
        .unwrap();
    let restored = keyring(&database, &master);
    assert_eq!(open(&restored, &name).await.unwrap(), Opened::Erased);
}

#[tokio::test]
async fn keys_move_to_a_new_master_key_and_no_sealed_text_changes() {
    let database = database().await;
    let (old, new) = (master(), master());
    let before = keyring(&database, &old);
    let subjects: Vec<Uuid> = (0..600).map(|_| Uuid::now_v7()).collect();
    let mut names = Vec::new();
    for subject in &subjects {
        names.push(seal(&before, *subject, "Cleo").await);
    }
    before.destroy(subjects[7]).await.unwrap();
    let lookup = before.lookup().await.unwrap().fingerprint("test", "value");

    let both = Keyring::new(
        database.pool(),
        MasterKeys::new(new.clone()).with_previous(old.clone()),
    );
    assert_eq!(open(&both, &names[0]).await.unwrap(), known("Cleo"));
    let mut told = Vec::new();
    let done = both
        .rewrap(|done, left| told.push((done, left)))
        .await
        .unwrap();
    // All but the destroyed one, and the key of lookups.
    assert_eq!(done, 600);
    assert_eq!(told.last(), Some(&(600, 0)));
    assert_eq!(both.rewrap(|_, _| ()).await.unwrap(), 0);

    let after = keyring(&database, &new);
    for (number, name) in names.iter().enumerate() {
        let expected = if number == 7 {
            Opened::Erased
        } else {
            known("Cleo")
        };
        assert_eq!(open(&after, name).await.unwrap(), expected);
    }
    assert_eq!(
        after.lookup().await.unwrap().fingerprint("test", "value"),
        lookup
    );
    let late = keyring(&database, &old);
    let refused = open(&late, &names[0]).await;
    assert!(
        matches!(refused, Err(PersonalError::UnknownMasterKey(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_value_that_was_changed_or_moved_to_another_subject_is_damaged() {
    let database = database().await;
    let keys = keyring(&database, &master());
    let (anna, berta) = (Uuid::now_v7(), Uuid::now_v7());
    let name = seal(&keys, anna, "Anna").await;
    keys.sealer(berta).await.unwrap();
    let text = name.as_sealed();
    let moved = text.replace(
        &anna.as_simple().to_string(),
        &berta.as_simple().to_string(),
    );
    let (start, end) = text.split_at(text.len() - 10);
    let other = if end.starts_with('A') { "B" } else { "A" };
    let changed = format!("{start}{other}{}", &end[1..]);
    let cut = text[..text.len() - 4].to_owned();
    for text in [moved, changed, cut] {
        let damaged = Personal::from_sealed(&text).unwrap();
        let opened = open(&keys, &damaged).await;
        assert!(
            matches!(opened, Err(PersonalError::Damaged(_))),
            "{opened:?}"
        );
    }
}

#[tokio::test]
async fn look_ups_are_the_same_in_every_process_and_differ_by_purpose_and_deployment() {
    let (one, other) = (database().await, database().await);
    let master = master();
    let (first, second) = tokio::join!(
        async { keyring(&one, &master).lookup().await.unwrap() },
        async { keyring(&one, &master).lookup().await.unwrap() },
    );
    let elsewhere = keyring(&other, &master).lookup().await.unwrap();
    let of = first.fingerprint("user.email", "anna@example.com");
    assert_eq!(of, second.fingerprint("user.email", "anna@example.com"));
    assert_ne!(of, elsewhere.fingerprint("user.email", "anna@example.com"));
    assert_ne!(of, first.fingerprint("user.phone", "anna@example.com"));
    assert_eq!(of.len(), 64);
    let tag = first.tag("code", b"123456");
    assert!(second.matches("code", b"123456", &tag));
    assert!(!second.matches("code", b"123457", &tag));
    assert!(!second.matches("token", b"123456", &tag));
}

#[tokio::test]
async fn many_who_seal_for_one_new_subject_share_one_key() {
    let database = database().await;
    let master = master();
    let subject = Uuid::now_v7();
    let keyrings: Vec<Keyring> = (0..8).map(|_| keyring(&database, &master)).collect();
    let sealed = futures::future::join_all(keyrings.iter().map(|keys| seal(keys, subject, "Cleo")));
    for name in sealed.await {
        assert_eq!(open(&keyrings[0], &name).await.unwrap(), known("Cleo"));
    }
}
