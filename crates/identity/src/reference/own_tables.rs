//! Identity's own read tables, waited for where a command must know what the log has.

use eventsourcing::Projection;
use service::{Call, NotReached, Reads};
use sqlx::PgPool;

use crate::{
    projector::{children::Children, trainers::Trainers, users::Users},
    resources::Resources,
    wire,
};

/// The read tables of users, trainers and children. Cheap to clone.
#[derive(Clone)]
pub struct OwnTables {
    users: Reads<Users>,
    trainers: Reads<Trainers>,
    children: Reads<Children>,
}

impl OwnTables {
    pub fn new(resources: &Resources) -> Self {
        Self {
            users: resources.reads(),
            trainers: resources.reads(),
            children: resources.reads(),
        }
    }

    /// The tables of children, once they have reached a position of identity's log.
    pub async fn children_at(&self, call: &Call, position: i64) -> Result<&PgPool, NotReached> {
        at(&self.children, call, position).await
    }

    /// All of the tables, once they have reached a position of identity's log.
    pub async fn all_at(&self, call: &Call, position: i64) -> Result<&PgPool, NotReached> {
        at(&self.users, call, position).await?;
        at(&self.trainers, call, position).await?;
        at(&self.children, call, position).await
    }
}

async fn at<'a, P: Projection>(
    reads: &'a Reads<P>,
    call: &Call,
    position: i64,
) -> Result<&'a PgPool, NotReached> {
    reads.reached_at(call, &[wire::position(position)]).await
}
