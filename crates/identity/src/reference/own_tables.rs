//! Identity's own read tables, brought up to date where a command must know what the log has.

use service::{CatchUp, ReadError, Reads, Source};
use sqlx::PgPool;

use crate::projector::children::Children;
use crate::projector::trainers::Trainers;
use crate::projector::users::Users;
use crate::resources::Resources;

/// The read tables of users, trainers and children. Cheap to clone.
#[derive(Clone)]
pub struct OwnTables {
    children: Reads<Children>,
    all: Reads<(Users, Trainers, Children)>,
    of_users: Source<Users>,
    of_trainers: Source<Trainers>,
    of_children: Source<Children>,
}

impl OwnTables {
    pub fn new(resources: &Resources) -> Self {
        Self {
            children: resources.reads(),
            all: resources.reads(),
            of_users: resources.source(Users::decode),
            of_trainers: resources.source(Trainers::decode),
            of_children: resources.source(Children::decode),
        }
    }

    /// What `look` finds in the tables of children, once they have everything that the log has now.
    pub async fn children<'a, F, R>(
        &'a self,
        look: impl Fn(&'a PgPool) -> F,
    ) -> Result<R, ReadError>
    where
        F: Future<Output = Result<R, sqlx::Error>>,
    {
        let sources: [&dyn CatchUp; 1] = [&self.of_children];
        self.children.current(sources, look).await
    }

    /// What `look` finds in all of the tables, once they have everything that the log has now.
    pub async fn all<'a, F, R>(&'a self, look: impl Fn(&'a PgPool) -> F) -> Result<R, ReadError>
    where
        F: Future<Output = Result<R, sqlx::Error>>,
    {
        self.all.current(self.sources(), look).await
    }

    /// Waits until all of the tables have everything that the log has now.
    pub async fn catch_up(&self) -> Result<(), ReadError> {
        for source in self.sources() {
            source.catch_up().await?;
        }
        Ok(())
    }

    fn sources(&self) -> [&dyn CatchUp; 3] {
        [&self.of_users, &self.of_trainers, &self.of_children]
    }
}
