//! What the followers of one log in a process share.

use crate::accounts::{Fixture, Note, event};

#[tokio::test]
async fn what_one_follower_has_read_the_others_take_from_memory() {
    let fixture = Fixture::new().await;
    let notes = [event("a", 1), event("b", 2), Note::Closed.of("a")];
    fixture.append(&notes).await;
    let read = fixture.feed("bank").read(0, 10).await.unwrap();
    assert_eq!(read.upto, 3);
    fixture
        .execute("alter table events rename to elsewhere")
        .await;
    let other = fixture.feed("branch");
    let shared = other.read(1, 10).await.unwrap();
    let shared: Vec<_> = shared
        .events
        .into_iter()
        .map(|event| (event.source, event.position, event.event))
        .collect();
    assert_eq!(
        shared,
        [
            ("branch", 2, Note::Credited { amount: 2 }),
            ("branch", 3, Note::Closed)
        ]
    );
    assert!(other.read(3, 10).await.is_err(), "the log itself is asked");
}
