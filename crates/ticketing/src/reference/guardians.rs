//! Whose child it is.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use quick_cache::sync::Cache;
use sqlx::PgPool;
use tokio::sync::{Mutex as Turn, oneshot};
use uuid::Uuid;

use crate::query;

/// Children whose guardian stays in memory.
const CACHED: usize = 100_000;

/// For so long a child is answered for from memory: who gives a child away or archives it may
/// still book for it until then.
const FRESH: Duration = Duration::from_secs(5);

/// Who answers for a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// The user.
    pub guardian: Uuid,
    /// The child takes part in nothing new.
    pub archived: bool,
}

#[derive(Clone, Copy)]
struct Remembered {
    guarded: Guarded,
    looked_at: Instant,
}

/// Guardians by child: from memory for a few seconds, because they hardly ever change, else from
/// the read table. Callers who ask while a query is under way share the next one, so that the rush
/// at the start of a sale costs a few queries and not one for each family.
pub struct Guardians {
    pool: PgPool,
    known: Cache<Uuid, Remembered>,
    waiting: Mutex<Vec<Question>>,
    turn: Turn<()>,
}

struct Question {
    children: Vec<Uuid>,
    answer: oneshot::Sender<HashMap<Uuid, Guarded>>,
}

impl Guardians {
    /// Over the read table, with an empty memory.
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            known: Cache::new(CACHED),
            waiting: Mutex::default(),
            turn: Turn::default(),
        }
    }

    /// Forgets who answers for these children, so that the read table is asked.
    pub fn forget(&self, children: &[Uuid]) {
        for child in children {
            self.known.remove(child);
        }
    }

    /// Those of the children that are known, each with its guardian.
    ///
    /// # Errors
    /// When the read table does not answer.
    pub async fn of(&self, children: &[Uuid]) -> sqlx::Result<HashMap<Uuid, Guarded>> {
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

    /// Whoever has the turn asks for everybody who waits. One that is dropped meanwhile, or
    /// fails, leaves the others without an answer; each of them then asks in its own turn.
    async fn ask(&self, children: Vec<Uuid>) -> sqlx::Result<HashMap<Uuid, Guarded>> {
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
        let wanted: Vec<Uuid> = others.chain(&children).copied().collect();
        let looked_at = Instant::now();
        let rows: HashMap<Uuid, Guarded> = query::guardians(&self.pool, &wanted)
            .await?
            .into_iter()
            .map(|(child, guardian, archived)| (child, Guarded { guardian, archived }))
            .collect();
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

fn of_these(children: &[Uuid], rows: &HashMap<Uuid, Guarded>) -> HashMap<Uuid, Guarded> {
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
        let guardians = Guardians::new(database.pool());
        (database, guardians)
    }

    fn children(numbers: &[u128]) -> Vec<Uuid> {
        numbers.iter().copied().map(Uuid::from_u128).collect()
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
                    .map(|child| {
                        let guardian = Uuid::from_u128(1000 + child);
                        let archived = false;
                        (Uuid::from_u128(child), Guarded { guardian, archived })
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
