//! What a projector reads and writes in its transactions.

use sqlx::{PgPool, Postgres, Row as _, Transaction};

use crate::{
    projector::{ProjectorError, fold::Parking},
    tables::TableSet,
};

/// A projection as its owner knows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ownership {
    pub projection: &'static str,
    pub generation: i64,
    /// Whether a commit must be on disk: not for rows that can be computed again.
    pub durable: bool,
}

/// A transaction that holds the projection's row, so that nothing else moves it.
pub(crate) struct Locked {
    pub transaction: Transaction<'static, Postgres>,
    pub parked: Vec<String>,
}

/// Begins a transaction as the owner. Fails with `Fenced` when somebody else has become it.
pub(crate) async fn begin(pool: &PgPool, owner: Ownership) -> Result<Locked, ProjectorError> {
    let mut transaction = crate::begin(pool).await?;
    // A batch's rows are found one by one by their key, whatever the statistics say of a table
    // that was empty a moment ago.
    let row = sqlx::query(
        "select set_config('synchronous_commit', $2, true), \
                set_config('enable_seqscan', 'off', true), \
                set_config('enable_mergejoin', 'off', true), \
                set_config('enable_hashjoin', 'off', true), \
                generation, \
                array(select key from parked_keys k where k.projection = p.projection) \
         from projections p where projection = $1 for update",
    )
    .bind(owner.projection)
    .bind(if owner.durable { "on" } else { "off" })
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or(ProjectorError::Fenced)?;
    if row.try_get::<i64, _>(4)? != owner.generation {
        return Err(ProjectorError::Fenced);
    }
    Ok(Locked {
        parked: row.try_get(5)?,
        transaction,
    })
}

/// Loads the touched rows, one query for each table.
pub(crate) async fn load(
    transaction: &mut Transaction<'static, Postgres>,
    tables: &mut impl TableSet,
) -> Result<(), ProjectorError> {
    for table in tables.tables() {
        if let Some((sql, keys)) = table.keys_to_load()? {
            let rows = sqlx::query(sql)
                .bind(keys)
                .fetch_all(&mut **transaction)
                .await?;
            for row in rows {
                table.load(row.try_get(0)?)?;
            }
        }
        table.loaded();
    }
    Ok(())
}

/// Writes the changed rows, one upsert and one delete for each table that has any.
pub(crate) async fn write(
    transaction: &mut Transaction<'static, Postgres>,
    tables: &mut impl TableSet,
) -> Result<(), ProjectorError> {
    for table in tables.tables() {
        let writes = table.writes().map_err(ProjectorError::Unwritable)?;
        for (sql, json) in [writes.delete, writes.upsert].into_iter().flatten() {
            sqlx::query(sql)
                .bind(json)
                .execute(&mut **transaction)
                .await?;
        }
    }
    Ok(())
}

/// Records the keys that a batch has parked, and the events that wait.
pub(crate) async fn write_parking(
    transaction: &mut Transaction<'static, Postgres>,
    projection: &'static str,
    parking: &Parking,
) -> Result<(), ProjectorError> {
    for row in &parking.new_keys {
        tracing::error!(
            projection,
            source = row.source,
            key = row.key,
            position = row.position,
            error = row.error,
            "an event cannot be folded and has parked its key"
        );
        sqlx::query(
            "insert into parked_keys (projection, key, source, position, error) values ($1, $2, $3, $4, $5) \
             on conflict (projection, key) do update set error = excluded.error, retry_requested = false",
        )
        .bind(projection)
        .bind(storable(&row.key))
        .bind(row.source)
        .bind(row.position)
        .bind(storable(&row.error))
        .execute(&mut **transaction)
        .await?;
    }
    if parking.new_events.is_empty() {
        return Ok(());
    }
    let events = &parking.new_events;
    let keys: Vec<String> = events.iter().map(|event| storable(&event.key)).collect();
    let sources: Vec<&str> = events.iter().map(|event| event.source).collect();
    let positions: Vec<i64> = events.iter().map(|event| event.position).collect();
    sqlx::query(
        "insert into parked_events (projection, key, source, position) \
         select $1, e.key, e.source, e.position \
         from unnest($2::text[], $3::text[], $4::bigint[]) with ordinality as e (key, source, position, place) \
         order by e.place on conflict do nothing",
    )
    .bind(projection)
    .bind(keys)
    .bind(sources)
    .bind(positions)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Text as Postgres can keep it.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Moves a checkpoint from where the batch began to where it ended, in a transaction of the owner.
pub(crate) async fn advance(
    transaction: &mut Transaction<'static, Postgres>,
    projection: &'static str,
    source: &'static str,
    from: i64,
    to: i64,
) -> Result<(), ProjectorError> {
    let moved = sqlx::query(
        "update checkpoints set position = $4, head = greatest(head, $4), looked_at = clock_timestamp(), \
                complete_at = case when $4 >= head then clock_timestamp() else complete_at end \
         where projection = $1 and source = $2 and position = $3",
    )
    .bind(projection)
    .bind(source)
    .bind(from)
    .bind(to)
    .execute(&mut **transaction)
    .await?;
    if moved.rows_affected() == 1 {
        Ok(())
    } else {
        Err(ProjectorError::Unsettled(projection))
    }
}

/// Moves all checkpoints past events with nothing to fold, as the owner, in one statement. What
/// is lost of it in a crash is looked at again.
pub(crate) async fn pass(
    pool: &PgPool,
    owner: Ownership,
    sources: &[&'static str],
    from: &[i64],
    to: &[i64],
) -> Result<(), ProjectorError> {
    let moved = sqlx::query(
        "with owner as ( \
            select set_config('synchronous_commit', 'off', true) as commits \
            from projections where projection = $1 and generation = $5 for update \
         ) \
         update checkpoints c set position = s.upto, head = greatest(head, s.upto), looked_at = clock_timestamp(), \
                complete_at = case when s.upto >= head then clock_timestamp() else complete_at end \
         from owner, unnest($2::text[], $3::bigint[], $4::bigint[]) as s (source, after, upto) \
         where owner.commits = 'off' and projection = $1 and c.source = s.source and position = s.after",
    )
    .bind(owner.projection)
    .bind(sources)
    .bind(from)
    .bind(to)
    .bind(owner.generation)
    .execute(pool)
    .await?;
    if moved.rows_affected() == u64::try_from(sources.len()).unwrap_or(u64::MAX) {
        return Ok(());
    }
    positions(pool, owner, sources).await?;
    Err(ProjectorError::Unsettled(owner.projection))
}

/// What a new owner finds.
pub(crate) struct Taken {
    pub ownership: Ownership,
    /// The fold version of the stored rows.
    pub fold_version: i32,
    pub rebuilding: bool,
    pub checkpoints: Vec<Checkpoint>,
}

/// Where a projection stands in one source.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoint {
    pub position: i64,
    pub target: Option<i64>,
}

/// Becomes the owner, which fences the one before.
pub(crate) async fn take_over(
    pool: &PgPool,
    projection: &'static str,
    rebuildable: bool,
    fold_version: i32,
    sources: &[&'static str],
) -> Result<Taken, ProjectorError> {
    let mut transaction = crate::begin(pool).await?;
    sqlx::query(
        "insert into projections (projection, kind, fold_version, state) values ($1, $2, $3, 'LIVE') \
         on conflict do nothing",
    )
    .bind(projection)
    .bind(if rebuildable { "PROJECTION" } else { "PROCESS" })
    .bind(fold_version)
    .execute(&mut *transaction)
    .await?;
    let (generation, fold_version, rebuilding) = sqlx::query_as(
        "update projections set generation = generation + 1, seen_at = clock_timestamp(), error = null \
         where projection = $1 returning generation, fold_version, state = 'REBUILDING'",
    )
    .bind(projection)
    .fetch_one(&mut *transaction)
    .await?;
    let mut checkpoints = Vec::with_capacity(sources.len());
    for source in sources {
        sqlx::query(
            "insert into checkpoints (projection, source) values ($1, $2) on conflict do nothing",
        )
        .bind(projection)
        .bind(source)
        .execute(&mut *transaction)
        .await?;
        let (position, target) = sqlx::query_as(
            "select position, target from checkpoints where projection = $1 and source = $2",
        )
        .bind(projection)
        .bind(source)
        .fetch_one(&mut *transaction)
        .await?;
        checkpoints.push(Checkpoint { position, target });
    }
    transaction.commit().await?;
    Ok(Taken {
        ownership: Ownership {
            projection,
            generation,
            durable: !rebuildable,
        },
        fold_version,
        rebuilding,
        checkpoints,
    })
}

/// Where the owner stands in each source. Fails with `Fenced` when somebody else has become it.
pub(crate) async fn positions(
    pool: &PgPool,
    owner: Ownership,
    sources: &[&'static str],
) -> Result<Vec<i64>, ProjectorError> {
    let positions: Vec<i64> = sqlx::query_scalar(
        "select c.position from unnest($3::text[]) with ordinality as s (source, ordinal) \
         join checkpoints c on c.projection = $1 and c.source = s.source \
         join projections p on p.projection = c.projection and p.generation = $2 \
         order by s.ordinal",
    )
    .bind(owner.projection)
    .bind(owner.generation)
    .bind(sources)
    .fetch_all(pool)
    .await?;
    if positions.len() == sources.len() {
        Ok(positions)
    } else {
        Err(ProjectorError::Fenced)
    }
}

/// Whether the owner has been silent for so long that somebody else may take over.
pub(crate) async fn owner_is_silent(
    pool: &PgPool,
    projection: &'static str,
) -> Result<bool, sqlx::Error> {
    let silent: Option<bool> = sqlx::query_scalar(
        "select seen_at < clock_timestamp() - make_interval(secs => $2) from projections where projection = $1",
    )
    .bind(projection)
    .bind(crate::checkpoints::SILENCE.as_secs_f64())
    .fetch_optional(pool)
    .await?;
    Ok(silent.unwrap_or(true))
}

/// Says that the owner has looked, and what it saw: the heads that it knows. Returns what it is asked for, and whether
/// the checkpoints are where it left them.
pub(crate) async fn beat(
    pool: &PgPool,
    owner: Ownership,
    sources: &[&'static str],
    heads: &[Option<i64>],
    stored: &[i64],
    error: Option<&str>,
) -> Result<Wishes, ProjectorError> {
    let row = sqlx::query(
        "update projections p set seen_at = clock_timestamp(), error = $3 \
         where projection = $1 and generation = $2 \
         returning rebuild_requested, \
            array(select key from parked_keys k where k.projection = p.projection and retry_requested)",
    )
    .bind(owner.projection)
    .bind(owner.generation)
    .bind(error)
    .fetch_optional(pool)
    .await?
    .ok_or(ProjectorError::Fenced)?;
    let settled: Vec<bool> = sqlx::query_scalar(
        "update checkpoints c set head = coalesce(s.head, c.head), looked_at = clock_timestamp(), \
                complete_at = case when position >= s.head then clock_timestamp() else complete_at end \
         from unnest($2::text[], $3::bigint[], $4::bigint[]) as s (source, head, stored) \
         where projection = $1 and c.source = s.source \
         returning c.position = s.stored",
    )
    .bind(owner.projection)
    .bind(sources)
    .bind(heads)
    .bind(stored)
    .fetch_all(pool)
    .await?;
    Ok(Wishes {
        rebuild: row.try_get(0)?,
        retries: row.try_get(1)?,
        settled: settled.into_iter().all(|settled| settled),
    })
}

/// What an operator has asked for, and what has become of the checkpoints.
pub(crate) struct Wishes {
    pub rebuild: bool,
    pub retries: Vec<String>,
    pub settled: bool,
}
