//! One log as a projector reads it. What takes long goes on in the background, so that a log
//! that hangs holds up none of the others.

use std::{sync::Arc, time::Duration};

use futures::{
    FutureExt,
    future::{self, BoxFuture},
};
use tokio::task::JoinHandle;

use crate::{
    feed::{Batch, Feed, FeedError},
    projector::ProjectorError,
};

/// So long a projector waits for a log before it turns to the others.
const PATIENCE: Duration = Duration::from_millis(50);

/// A feed, what is under way from it, and what was seen of its head.
pub(crate) struct Reader<E> {
    feed: Arc<dyn Feed<E>>,
    batch: Option<Asked<Batch<E>>>,
    look: Option<Asked<i64>>,
    /// The last read has failed.
    failing: bool,
    /// What the last look saw, if it has been answered.
    head: Option<i64>,
    /// Why the last look has failed.
    unseen: Option<String>,
}

/// Something that a log was asked for when the projector was at a position.
struct Asked<T> {
    position: i64,
    answer: JoinHandle<Result<T, FeedError>>,
    /// The answer did not come in time.
    late: bool,
}

impl<E: Send + Sync + 'static> Reader<E> {
    pub fn new(feed: &Arc<dyn Feed<E>>) -> Self {
        Self {
            feed: Arc::clone(feed),
            batch: None,
            look: None,
            failing: false,
            head: None,
            unseen: None,
        }
    }

    /// The next batch after a position, `None` when there is nothing more or no answer yet.
    pub async fn batch(&mut self, after: i64, limit: usize) -> Result<Option<Batch<E>>, FeedError> {
        let ahead = self.batch.take().filter(|asked| asked.position == after);
        let asked = ahead.unwrap_or_else(|| self.read(after, limit));
        let asked = self.batch.insert(asked);
        let Some(answer) = asked.answer(self.feed.source()).await else {
            return Ok(None);
        };
        self.batch = None;
        self.failing = answer.is_err();
        let batch = answer?;
        Ok((batch.upto > after).then_some(batch))
    }

    /// Begins to read what follows a position.
    pub fn read_ahead(&mut self, after: i64, limit: usize) {
        self.batch = Some(self.read(after, limit));
    }

    fn read(&self, after: i64, limit: usize) -> Asked<Batch<E>> {
        let feed = Arc::clone(&self.feed);
        let answer = async move { feed.read(after, limit).await };
        Asked::at(after, answer)
    }

    /// Forgets what is under way: it may not follow what is read next.
    pub fn forget(&mut self) {
        self.batch = None;
    }

    /// Whether an answer is overdue and has not come yet.
    pub fn is_late(&self) -> bool {
        (self.batch.as_ref()).is_some_and(|asked| asked.late && !asked.answer.is_finished())
    }

    /// Whether the last read has failed.
    pub fn is_failing(&self) -> bool {
        self.failing
    }

    /// Looks at the head, for a projector that stands at a position. Fails only when the log
    /// ends before that.
    pub async fn look(&mut self, position: i64) -> Result<(), ProjectorError> {
        self.head = None;
        let feed = &self.feed;
        let asked = self.look.get_or_insert_with(|| {
            let feed = Arc::clone(feed);
            Asked::at(position, async move { feed.head().await })
        });
        let position = asked.position;
        let Some(answer) = asked.answer(feed.source()).await else {
            return Ok(());
        };
        self.look = None;
        match answer {
            Ok(head) if head < position => {
                return Err(ProjectorError::Ahead {
                    source_name: self.feed.source(),
                    position,
                    head,
                });
            }
            Ok(head) => (self.head, self.unseen) = (Some(head), None),
            Err(error) => self.unseen = Some(error.to_string()),
        }
        Ok(())
    }

    /// The head at the last look, `None` while that has no answer or has failed.
    pub fn head(&self) -> Option<i64> {
        self.head
    }

    /// Why the last look has failed.
    pub fn unseen(&self) -> Option<&str> {
        self.unseen.as_deref()
    }

    /// Returns when there may be more after a position. `None` while reading fails: what has
    /// come in the meantime is no reason to try sooner.
    pub fn changed(&self, position: i64) -> Option<BoxFuture<'static, ()>> {
        if self.failing {
            return None;
        }
        if self.is_late() {
            return Some(future::ready(()).boxed());
        }
        let feed = Arc::clone(&self.feed);
        Some(async move { feed.changed(position).await }.boxed())
    }
}

impl<T: Send + 'static> Asked<T> {
    fn at(
        position: i64,
        answer: impl Future<Output = Result<T, FeedError>> + Send + 'static,
    ) -> Self {
        Self {
            position,
            answer: tokio::spawn(answer),
            late: false,
        }
    }

    /// The answer, unless it takes too long. Not to be asked again after it was given.
    async fn answer(&mut self, source_name: &'static str) -> Option<Result<T, FeedError>> {
        let Ok(answer) = tokio::time::timeout(PATIENCE, &mut self.answer).await else {
            self.late = true;
            return None;
        };
        Some(answer.unwrap_or_else(|error| {
            Err(FeedError::Broken {
                source_name,
                reason: error.to_string(),
            })
        }))
    }
}

impl<T> Drop for Asked<T> {
    fn drop(&mut self) {
        self.answer.abort();
    }
}
