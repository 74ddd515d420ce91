//! Who answers for a child, cached.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use quick_cache::sync::Cache;
use service::{ReadError, Reads};
use sqlx::PgPool;
use tokio::sync::{Mutex as Turn, oneshot};
use uuid::Uuid;
use values::{ChildId, UserId};

use crate::projector::Children;

/// So many children are cached.
const CACHED: usize = 100_000;

/// Guardians are cached for this long: a former guardian, or one who has archived the child, may
/// still take places for it until then.
const FRESH: Duration = Duration::from_secs(5);

/// What is known of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guarded {
    pub guardian_id: UserId,
    /// Whether it takes part in nothing new.
    pub archived: bool,
}

#[derive(Clone, Copy)]
struct Remembered {
    guarded: Guarded,
    looked_at: Instant,
}

/// Guardians by child, from memory for a few seconds, because they hardly ever change, otherwise
/// from the read table. Callers who ask while a query is under way share the next one, so that the
/// rush at the start of a sale costs a few queries and not one for each family.
pub struct Guardians {
    children: Reads<Children>,
    known: Cache<ChildId, Remembered>,
    waiting: Mutex<Vec<Question>>,
    turn: Turn<()>,
}

struct Question {
    children: Vec<ChildId>,
    answer: oneshot::Sender<HashMap<ChildId, Guarded>>,
}

impl Guardians {
    /// Over the read table, with an empty memory.
    pub fn new(children: Reads<Children>) -> Self {
        Self {
            children,
            known: Cache::new(CACHED),
            waiting: Mutex::default(),
            turn: Turn::default(),
        }
    }

    /// What is known of these children, for those that are known at all.
    pub async fn of(&self, children: &[ChildId]) -> Result<HashMap<ChildId, Guarded>, ReadError> {
        let mut found = HashMap::with_capacity(children.len());
        let mut unknown = Vec::new();
        for child in children {
            let remembered = self.known.get(child);
            match remembered.filter(|known| known.looked_at.elapsed() < FRESH) {
                Some(known) => drop(found.insert(*child, known.guarded)),
                None => unknown.push(*child),
            }
        }
        if !unknown.is_empty() {
            found.extend(self.ask(unknown).await?);
        }
        Ok(found)
    }

    /// The same from the read table alone, by a query that begins after this call.
    pub async fn now_of(
        &self,
        children: &[ChildId],
    ) -> Result<HashMap<ChildId, Guarded>, ReadError> {
        self.ask(children.to_vec()).await
    }

    /// The caller who has the turn asks for everybody who waits. If that call is dropped or fails,
    /// the others have no answer, and each of them asks in its own turn.
    async fn ask(&self, children: Vec<ChildId>) -> Result<HashMap<ChildId, Guarded>, ReadError> {
        let (answer, mut answered) = oneshot::channel();
        let question = Question {
            children: children.clone(),
            answer,
        };
        self.questions().push(question);
        let _turn = self.turn.lock().await;
        if let Ok(answer) = answered.try_recv() {
            return Ok(answer);
        }
        let questions = mem::take(&mut *self.questions());
        let others = questions.iter().flat_map(|question| &question.children);
        let wanted: Vec<Uuid> = others.chain(&children).map(|child| child.uuid()).collect();
        let looked_at = Instant::now();
        let rows = self.children.look(|pool| find(pool, &wanted)).await?;
        for (child, guarded) in &rows {
            let guarded = *guarded;
            let remembered = Remembered { guarded, looked_at };
            self.known.insert(*child, remembered);
        }
        for Question { children, answer } in questions {
            // Nobody may be waiting for it any more.
            let _ = answer.send(of_these(&children, &rows));
        }
        Ok(of_these(&children, &rows))
    }

    fn questions(&self) -> std::sync::MutexGuard<'_, Vec<Question>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn find(pool: &PgPool, children: &[Uuid]) -> Result<HashMap<ChildId, Guarded>, sqlx::Error> {
    let rows: Vec<(Uuid, Uuid, bool)> = sqlx::query_as(
        "select child_id, guardian_id, archived from children where child_id = any($1)",
    )
    .bind(children)
    .fetch_all(pool)
    .await?;
    let guarded = |(child, guardian, archived): (Uuid, Uuid, bool)| {
        let guardian_id = guardian.into();
        let guarded = Guarded {
            guardian_id,
            archived,
        };
        (child.into(), guarded)
    };
    Ok(rows.into_iter().map(guarded).collect())
}

fn of_these(children: &[ChildId], rows: &HashMap<ChildId, Guarded>) -> HashMap<ChildId, Guarded> {
    let found = children
        .iter()
        .filter_map(|child| Some((*child, *rows.get(child)?)));
    found.collect()
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, future::join_all};
    use testing::Database;

    use super::*;

    /// Guardians of the children 1 to 100: guardian 1001 of child 1, and so on.
    async fn guardians() -> (Database, Guardians) {
        let database = Database::of(&crate::definition()).await;
        for child in 1..=100 {
            sqlx::query(
                "insert into children (child_id, guardian_id, archived) values ($1, $2, false)",
            )
            .bind(Uuid::from_u128(child))
            .bind(Uuid::from_u128(1000 + child))
            .execute(&database.pool())
            .await
            .unwrap();
        }
        let guardians = Guardians::new(Reads::new(database.pool()));
        (database, guardians)
    }

    fn child(number: u128) -> ChildId {
        Uuid::from_u128(number).into()
    }

    fn children(numbers: &[u128]) -> Vec<ChildId> {
        numbers.iter().map(|number| child(*number)).collect()
    }

    #[tokio::test]
    async fn everyone_who_asks_at_once_gets_the_own_answer() {
        let (_database, guardians) = guardians().await;
        for _ in 0..2 {
            let answers = join_all((1..=120u128).map(|number| {
                let asked = children(&[number, number + 1, 1]);
                let guardians = &guardians;
                async move { guardians.of(&asked).await.unwrap() }
            }))
            .await;
            for (number, answer) in (1..=120u128).zip(answers) {
                let expected: HashMap<_, _> = [number, number + 1, 1]
                    .into_iter()
                    .filter(|child| *child <= 100)
                    .map(|number| {
                        let guarded = Guarded {
                            guardian_id: Uuid::from_u128(1000 + number).into(),
                            archived: false,
                        };
                        (child(number), guarded)
                    })
                    .collect();
                assert_eq!(answer, expected);
            }
        }
    }

    #[tokio::test]
    async fn whoever_gives_up_in_its_turn_takes_nobody_along() {
        let (database, guardians) = guardians().await;
        let (first, second) = (children(&[1]), children(&[2]));
        let mut first = Box::pin(guardians.of(&first));
        let mut second = Box::pin(guardians.of(&second));
        {
            let _turn = guardians.turn.lock().await;
            assert!((&mut first).now_or_never().is_none());
            assert!((&mut second).now_or_never().is_none());
        }
        let mut lock = database.pool().begin().await.unwrap();
        sqlx::query("lock table children")
            .execute(&mut *lock)
            .await
            .unwrap();
        let asking_for_both = (&mut first).now_or_never();
        assert!(asking_for_both.is_none(), "the table is locked");
        drop(first);
        lock.rollback().await.unwrap();
        assert_eq!(second.await.unwrap().len(), 1);
    }
}
