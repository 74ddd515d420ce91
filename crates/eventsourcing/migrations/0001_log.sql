-- The event log of one service. Created in the service's own schema by the owner role;
-- the service's role may read these tables and call the functions, nothing else.

-- The head of the log: one row, locked by each append, so that positions are gapless and
-- in commit order. `hash` is the hash of the last batch.
create table log_head (
    singleton boolean primary key default true check (singleton),
    position bigint not null,
    recorded_at timestamptz not null,
    hash bytea not null
);
insert into log_head (position, recorded_at, hash) values (0, 'epoch', decode(repeat('00', 32), 'hex'));

-- Gives a writer that knows nothing of positions (postgres-es) the next one, under the same lock.
create function next_position() returns bigint language sql volatile as $$
    update log_head set position = position + 1 returning position
$$;

-- The columns up to `metadata` are those of postgres-es.
create table events (
    aggregate_type text not null,
    aggregate_id text not null,
    sequence bigint not null check (sequence >= 0),
    event_type text not null,
    event_version text not null,
    payload json not null,
    metadata json not null default '{}',
    position bigint not null default next_position() unique,
    event_id uuid not null default gen_random_uuid(),
    recorded_at timestamptz not null default clock_timestamp(),
    command_id uuid not null default gen_random_uuid(),
    actor text not null default 'system',
    correlation_id uuid not null default gen_random_uuid(),
    causation_id uuid,
    trace_context text,
    primary key (aggregate_type, aggregate_id, sequence)
);

-- One row for each appended batch: the link of the hash chain, and the proof that an
-- append whose answer was lost did commit. A row without positions is a tombstone: that
-- batch was given up and can never commit.
create table batches (
    batch_id uuid primary key,
    first_position bigint unique,
    last_position bigint,
    recorded_at timestamptz not null,
    hash bytea not null
);

-- What each request id was answered with.
create table requests (
    request_id uuid primary key,
    fingerprint bytea not null,
    position bigint not null,
    reply bytea not null
);

-- Claims: derived from the events, checked in the transaction that appends them.
create table unique_claims (
    scope text not null,
    key text not null,
    aggregate_id text not null,
    primary key (scope, key)
);
create table interval_claims (
    scope text not null,
    key text not null,
    during tstzrange not null check (not isempty(during)),
    aggregate_id text not null,
    exclude using gist (scope with =, key with =, during with &&)
);
-- An aggregate may give back everything it holds.
create index unique_claims_by_aggregate on unique_claims (aggregate_id);
create index interval_claims_by_aggregate on interval_claims (aggregate_id);

create table snapshots (
    aggregate_type text not null,
    aggregate_id text not null,
    last_sequence bigint not null check (last_sequence >= 0),
    fold_version integer not null,
    payload json not null,
    primary key (aggregate_type, aggregate_id)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the event log is append-only: % on % refused', tg_op, tg_table_name
        using errcode = 'insufficient_privilege';
end
$$;
create trigger append_only before update or delete or truncate on events
    for each statement execute function refuse_change();
alter table events enable always trigger append_only;
create trigger append_only before update or delete or truncate on batches
    for each statement execute function refuse_change();
alter table batches enable always trigger append_only;

-- What a batch consists of. `command` is the 1-based number of the command in the batch, `ordinal` of the
-- event; `last` of a request is the ordinal of its command's last event.
create type append_event as (
    ordinal int, command int, aggregate_type text, aggregate_id text, sequence bigint,
    event_type text, event_version text, payload text, event_id uuid,
    command_id uuid, actor text, correlation_id uuid, causation_id uuid, trace_context text
);
create type append_unique as (command int, aggregate_id text, acquire boolean, scope text, key text);
create type append_interval as (command int, aggregate_id text, acquire boolean, scope text, key text, during tstzrange);
create type append_released as (command int, aggregate_id text);
create type append_request as (command int, last int, request_id uuid, fingerprint bytea, reply bytea);

-- Appends a batch of commands, all or none, and returns the head of the log before it.
--
-- Nothing is looked up first: a constraint refuses what may not be, and `judge_batch` says then which
-- commands it were. Within one batch no two commands touch the same claim or request id (the caller
-- sees to that), so that every refusal is caused by a row that was there before. p_digests holds
-- 32 bytes for each command.
create function append_batch(
    p_batch uuid, p_digests bytea,
    p_events append_event[], p_unique append_unique[], p_intervals append_interval[],
    p_released append_released[], p_requests append_request[]
) returns bigint language plpgsql security definer set search_path from current as $$
declare
    v_count int := cardinality(p_events);
    v_now timestamptz := clock_timestamp();
    v_last bigint;
    v_hash bytea;
begin
    update log_head
        set position = position + v_count,
            recorded_at = greatest(recorded_at, v_now),
            hash = sha256(hash || int8send(position + 1)
                || int8send((extract(epoch from greatest(recorded_at, v_now)) * 1000000)::bigint)
                || p_digests)
        returning position, recorded_at, hash into v_last, v_now, v_hash;

    insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload,
                        position, event_id, recorded_at, command_id, actor, correlation_id, causation_id, trace_context)
    select e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, e.event_version, e.payload::json,
           v_last - v_count + e.ordinal, e.event_id, v_now,
           e.command_id, e.actor, e.correlation_id, e.causation_id, e.trace_context
    from unnest(p_events) e;

    -- Before anything is taken: a command that gives back everything comes before any that takes
    -- something, and what it takes itself it takes afterwards.
    if cardinality(p_released) > 0 then
        delete from unique_claims c using unnest(p_released) r where c.aggregate_id = r.aggregate_id;
        delete from interval_claims c using unnest(p_released) r where c.aggregate_id = r.aggregate_id;
    end if;
    if cardinality(p_unique) > 0 then
        delete from unique_claims c using unnest(p_unique) u
        where not u.acquire and c.scope = u.scope and c.key = u.key and c.aggregate_id = u.aggregate_id;
        insert into unique_claims (scope, key, aggregate_id)
        select u.scope, u.key, u.aggregate_id from unnest(p_unique) u where u.acquire;
    end if;
    if cardinality(p_intervals) > 0 then
        delete from interval_claims c using unnest(p_intervals) i
        where not i.acquire and c.scope = i.scope and c.key = i.key and c.during = i.during and c.aggregate_id = i.aggregate_id;
        insert into interval_claims (scope, key, during, aggregate_id)
        select i.scope, i.key, i.during, i.aggregate_id from unnest(p_intervals) i where i.acquire;
    end if;
    if cardinality(p_requests) > 0 then
        insert into requests (request_id, fingerprint, position, reply)
        select r.request_id, r.fingerprint, v_last - v_count + r.last, r.reply from unnest(p_requests) r;
    end if;

    insert into batches (batch_id, first_position, last_position, recorded_at, hash)
        values (p_batch, v_last - v_count + 1, v_last, v_now, v_hash);
    return v_last - v_count;
end
$$;

-- Says which commands of a batch that `append_batch` has refused may not be appended, and why. Takes
-- the lock of the log: what it lets pass can be appended in the same transaction.
create function judge_batch(
    p_batch uuid, p_events append_event[], p_unique append_unique[], p_intervals append_interval[],
    p_released append_released[], p_requests append_request[],
    out refused int[], out kinds text[], out details text[],
    out first_positions bigint[], out fingerprints bytea[], out replies bytea[]
) language plpgsql security definer set search_path from current as $$
begin
    perform 1 from log_head for update;
    -- A tombstone: this batch was given up by its sender.
    if exists (select 1 from batches b where b.batch_id = p_batch) then
        raise exception 'batch % was given up', p_batch using errcode = 'object_not_in_prerequisite_state';
    end if;
    with direct (command, kind, detail, first_position, fingerprint, reply, rank) as (
        select r.command, 'duplicate', null, q.position, q.fingerprint, q.reply, 1
        from unnest(p_requests) r join requests q on q.request_id = r.request_id
        union all
        select e.command, 'conflict', null, null, null, null, 2
        from unnest(p_events) e
        join events v on v.aggregate_type = e.aggregate_type and v.aggregate_id = e.aggregate_id and v.sequence = e.sequence
        union all
        select u.command, 'claim', u.scope || ' ' || u.key, null, null, null, 3
        from unnest(p_unique) u join unique_claims c on c.scope = u.scope and c.key = u.key
        where u.acquire and not exists (
            select 1 from unnest(p_unique) o
            where o.command = u.command and not o.acquire
              and o.scope = c.scope and o.key = c.key and o.aggregate_id = c.aggregate_id)
          and not exists (
            select 1 from unnest(p_released) r where r.command = u.command and r.aggregate_id = c.aggregate_id)
        union all
        select i.command, 'claim', i.scope || ' ' || i.key, null, null, null, 3
        from unnest(p_intervals) i join interval_claims c on c.scope = i.scope and c.key = i.key and c.during && i.during
        where i.acquire and not exists (
            select 1 from unnest(p_intervals) o
            where o.command = i.command and not o.acquire and o.scope = c.scope and o.key = c.key
              and c.during = o.during and o.aggregate_id = c.aggregate_id)
          and not exists (
            select 1 from unnest(p_released) r where r.command = i.command and r.aggregate_id = c.aggregate_id)
    ), first_reason as (
        select distinct on (command) * from direct order by command, rank
    ), target as (
        select distinct e.command, e.aggregate_type, e.aggregate_id from unnest(p_events) e
    ), dependent as (
        select t.command
        from target t
        join (select t.aggregate_type, t.aggregate_id, min(t.command) as command
              from first_reason f join target t using (command) group by 1, 2) f
            on f.aggregate_type = t.aggregate_type and f.aggregate_id = t.aggregate_id and t.command > f.command
        where not exists (select 1 from first_reason d where d.command = t.command and d.kind = 'duplicate')
    ), verdict as (
        select command, kind, detail, first_position, fingerprint, reply from first_reason
        where command not in (select command from dependent)
        union all
        select command, 'stale', null, null, null, null from dependent
    )
    select array_agg(command), array_agg(kind), array_agg(detail), array_agg(first_position),
           array_agg(fingerprint), array_agg(reply)
        into refused, kinds, details, first_positions, fingerprints, replies from verdict;
end
$$;

-- Says whether a batch whose answer was lost did commit, and makes sure that it never will
-- if it did not: waits for the lock of the log, then leaves a tombstone.
create function resolve_batch(p_batch uuid, out committed_first bigint, out committed_last bigint)
language plpgsql security definer set search_path from current as $$
begin
    perform 1 from log_head for update;
    select first_position, last_position into committed_first, committed_last from batches where batch_id = p_batch;
    if not found then
        insert into batches (batch_id, recorded_at, hash) values (p_batch, clock_timestamp(), ''::bytea);
    end if;
end
$$;
