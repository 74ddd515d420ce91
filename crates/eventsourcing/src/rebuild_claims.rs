//! The claims of a log, worked out anew from its events.

use std::collections::HashMap;

use crate::{
    claims::{Claim, ClaimChange},
    error::{DecodeError, LogError},
    event::RecordedEvent,
    log::EventLog,
};

/// Events read at once.
const BATCH: i64 = 4_000;

/// Makes the claims anew from the log, in one transaction that holds the log's lock, and says
/// how many are held. `decode` gives the changes of one event. For the owner of the schema: a
/// service's role cannot write claims.
pub async fn rebuild_claims(
    log: &EventLog,
    decode: impl Fn(&RecordedEvent) -> Result<Vec<ClaimChange>, DecodeError>,
) -> Result<usize, LogError> {
    let mut transaction = crate::begin(log.pool()).await?;
    let end: i64 = sqlx::query_scalar("select position from log_head for update")
        .fetch_one(&mut *transaction)
        .await?;
    let mut held = Held::default();
    let mut position = 0;
    while position < end {
        for event in log.read(position, BATCH).await? {
            position = event.position;
            for change in decode(&event)? {
                held.change(&event.aggregate_id, change);
            }
        }
    }
    sqlx::query("delete from unique_claims")
        .execute(&mut *transaction)
        .await?;
    sqlx::query("delete from interval_claims")
        .execute(&mut *transaction)
        .await?;
    let mut live = 0;
    for (owner, claim) in held.all() {
        live += 1;
        let insert = match claim.bounds() {
            None => sqlx::query("insert into unique_claims (scope, key, aggregate_id) values ($1, $2, $3)")
                .bind(claim.scope())
                .bind(claim.key())
                .bind(owner),
            Some((from, to)) => sqlx::query(
                "insert into interval_claims (scope, key, aggregate_id, during) values ($1, $2, $3, tstzrange($4, $5))",
            )
            .bind(claim.scope())
            .bind(claim.key())
            .bind(owner)
            .bind(from)
            .bind(to),
        };
        insert.execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(live)
}

/// What each aggregate holds.
#[derive(Default)]
struct Held(HashMap<String, Vec<Claim>>);

impl Held {
    fn change(&mut self, aggregate_id: &str, change: ClaimChange) {
        let claims = self.0.entry(aggregate_id.to_owned()).or_default();
        match change {
            ClaimChange::Acquire(claim) => claims.push(claim),
            ClaimChange::Release(claim) => claims.retain(|held| *held != claim),
            ClaimChange::ReleaseAll => claims.clear(),
        }
    }

    fn all(&self) -> impl Iterator<Item = (&String, &Claim)> {
        let owners = self.0.iter();
        owners.flat_map(|(owner, claims)| claims.iter().map(move |claim| (owner, claim)))
    }
}
