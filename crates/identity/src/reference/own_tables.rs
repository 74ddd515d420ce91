//! Identity's own read tables, waited for where a command must know what the log has.

use service::{Call, ReadError, Reads};
use sqlx::PgPool;

use crate::{
    projector::{children::Children, trainers::Trainers, users::Users},
    resources::Resources,
    wire,
};

/// The read tables of users, trainers and children. Cheap to clone.
#[derive(Clone)]
pub struct OwnTables {
    children: Reads<Children>,
    all: Reads<(Users, Trainers, Children)>,
}

impl OwnTables {
    pub fn new(resources: &Resources) -> Self {
        Self {
            children: resources.reads(),
            all: resources.reads(),
        }
    }

    /// What `look` finds in the tables of children, once they have reached a position of identity's
    /// log.
    pub async fn children_at<'a, F, R>(
        &'a self,
        call: &Call,
        position: i64,
        look: impl Fn(&'a PgPool) -> F,
    ) -> Result<R, ReadError>
    where
        F: Future<Output = sqlx::Result<R>>,
    {
        let position = [wire::position(position)];
        self.children.read_at(call, &position, look).await
    }

    /// What `look` finds in all of the tables, once they have reached a position of identity's log.
    pub async fn all_at<'a, F, R>(
        &'a self,
        call: &Call,
        position: i64,
        look: impl Fn(&'a PgPool) -> F,
    ) -> Result<R, ReadError>
    where
        F: Future<Output = sqlx::Result<R>>,
    {
        let position = [wire::position(position)];
        self.all.read_at(call, &position, look).await
    }

    /// Waits until all of the tables have reached a position of identity's log.
    pub async fn reached(&self, call: &Call, position: i64) -> Result<(), ReadError> {
        self.all.reached(call, &[wire::position(position)]).await
    }
}
