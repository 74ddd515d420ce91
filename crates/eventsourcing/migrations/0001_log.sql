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

-- Appends a batch of commands and returns a verdict for each that was refused.
--
-- The batch is inserted optimistically; only when a constraint refuses it are the verdicts
-- worked out, and the accepted rest is inserted. Within one batch no two commands touch the
-- same claim or request id (the caller sees to that), so that every refusal is caused by a row
-- that was there before.
--
-- Arrays starting with e_ have an element for each event, u_ for each unique claim, i_ for each
-- interval claim, r_ for each request id; *_command are 1-based command numbers. p_digests holds
-- 32 bytes for each command, r_offset the number of events up to the request's last.
create function append_batch(
    p_batch uuid, p_commands int, p_digests bytea,
    e_command int[], e_aggregate_type text[], e_aggregate_id text[], e_sequence bigint[],
    e_type text[], e_version text[], e_payload text[], e_id uuid[],
    e_command_id uuid[], e_actor text[], e_correlation uuid[], e_causation uuid[], e_trace text[],
    u_command int[], u_aggregate_id text[], u_acquire boolean[], u_scope text[], u_key text[],
    i_command int[], i_aggregate_id text[], i_acquire boolean[], i_scope text[], i_key text[],
    i_from timestamptz[], i_to timestamptz[],
    r_command int[], r_offset int[], r_id uuid[], r_fingerprint bytea[], r_reply bytea[],
    out previous_position bigint,
    out refused int[], out kinds text[], out details text[],
    out first_positions bigint[], out fingerprints bytea[], out replies bytea[]
) language plpgsql security definer set search_path from current as $$
declare
    v_ok boolean[] := array_fill(true, array[p_commands]);
    v_count int := cardinality(e_command);
    v_offsets int[];
    v_digests bytea := p_digests;
    v_now timestamptz;
    v_last bigint;
    v_hash bytea;
begin
    for v_attempt in 1..2 loop
    begin
        v_now := clock_timestamp();
        update log_head
            set position = position + v_count,
                recorded_at = greatest(recorded_at, v_now),
                hash = sha256(hash || int8send(position + 1)
                    || int8send((extract(epoch from greatest(recorded_at, v_now)) * 1000000)::bigint)
                    || v_digests)
            returning position, recorded_at, hash into v_last, v_now, v_hash;
        previous_position := v_last - v_count;

        insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload,
                            position, event_id, recorded_at, command_id, actor, correlation_id, causation_id, trace_context)
        select e.aggregate_type, e.aggregate_id, e.sequence, e.type, e.version, e.payload::json,
               previous_position + coalesce(v_offsets[e.ordinal], e.ordinal), e.id, v_now,
               e.command_id, e.actor, e.correlation, e.causation, e.trace
        from unnest(e_command, e_aggregate_type, e_aggregate_id, e_sequence, e_type, e_version, e_payload, e_id,
                    e_command_id, e_actor, e_correlation, e_causation, e_trace) with ordinality
             as e (command, aggregate_type, aggregate_id, sequence, type, version, payload, id,
                   command_id, actor, correlation, causation, trace, ordinal)
        where v_ok[e.command];

        if false = any (u_acquire) then
            delete from unique_claims c
            using unnest(u_command, u_aggregate_id, u_acquire, u_scope, u_key) as u (command, aggregate_id, acquire, scope, key)
            where not u.acquire and v_ok[u.command]
              and c.scope = u.scope and c.key = u.key and c.aggregate_id = u.aggregate_id;
        end if;
        if true = any (u_acquire) then
            insert into unique_claims (scope, key, aggregate_id)
            select u.scope, u.key, u.aggregate_id
            from unnest(u_command, u_aggregate_id, u_acquire, u_scope, u_key) as u (command, aggregate_id, acquire, scope, key)
            where u.acquire and v_ok[u.command];
        end if;
        if false = any (i_acquire) then
            delete from interval_claims c
            using unnest(i_command, i_aggregate_id, i_acquire, i_scope, i_key, i_from, i_to)
                as i (command, aggregate_id, acquire, scope, key, lower, upper)
            where not i.acquire and v_ok[i.command]
              and c.scope = i.scope and c.key = i.key and c.during = tstzrange(i.lower, i.upper)
              and c.aggregate_id = i.aggregate_id;
        end if;
        if true = any (i_acquire) then
            insert into interval_claims (scope, key, during, aggregate_id)
            select i.scope, i.key, tstzrange(i.lower, i.upper), i.aggregate_id
            from unnest(i_command, i_aggregate_id, i_acquire, i_scope, i_key, i_from, i_to)
                as i (command, aggregate_id, acquire, scope, key, lower, upper)
            where i.acquire and v_ok[i.command];
        end if;

        if cardinality(r_command) > 0 then
            insert into requests (request_id, fingerprint, position, reply)
            select r.id, r.fingerprint, previous_position + coalesce(v_offsets[r.last], r.last), r.reply
            from unnest(r_command, r_offset, r_id, r_fingerprint, r_reply) as r (command, last, id, fingerprint, reply)
            where v_ok[r.command];
        end if;

        insert into batches (batch_id, first_position, last_position, recorded_at, hash)
            values (p_batch, previous_position + 1, v_last, v_now, v_hash);
        return;
    exception when unique_violation or exclusion_violation then
        if v_attempt = 2 then
            raise;
        end if;
        -- The lock went with the failed attempt.
        select position into previous_position from log_head for update;
        -- A tombstone: this batch was given up by its sender.
        if exists (select 1 from batches b where b.batch_id = p_batch) then
            raise exception 'batch % was given up', p_batch using errcode = 'object_not_in_prerequisite_state';
        end if;
        with direct (command, kind, detail, first_position, fingerprint, reply, rank) as (
            select r.command, 'duplicate', null, q.position, q.fingerprint, q.reply, 1
            from unnest(r_command, r_id) as r (command, id) join requests q on q.request_id = r.id
            union all
            select e.command, 'conflict', null, null, null, null, 2
            from unnest(e_command, e_aggregate_type, e_aggregate_id, e_sequence) as e (command, type, id, sequence)
            join events v on v.aggregate_type = e.type and v.aggregate_id = e.id and v.sequence = e.sequence
            union all
            select u.command, 'claim', u.scope || ' ' || u.key, null, null, null, 3
            from unnest(u_command, u_aggregate_id, u_acquire, u_scope, u_key) as u (command, aggregate_id, acquire, scope, key)
            join unique_claims c on c.scope = u.scope and c.key = u.key
            where u.acquire and not exists (
                select 1 from unnest(u_command, u_aggregate_id, u_acquire, u_scope, u_key) as o (command, aggregate_id, acquire, scope, key)
                where o.command = u.command and not o.acquire
                  and o.scope = c.scope and o.key = c.key and o.aggregate_id = c.aggregate_id)
            union all
            select i.command, 'claim', i.scope || ' ' || i.key, null, null, null, 3
            from unnest(i_command, i_aggregate_id, i_acquire, i_scope, i_key, i_from, i_to)
                as i (command, aggregate_id, acquire, scope, key, lower, upper)
            join interval_claims c on c.scope = i.scope and c.key = i.key and c.during && tstzrange(i.lower, i.upper)
            where i.acquire and not exists (
                select 1 from unnest(i_command, i_aggregate_id, i_acquire, i_scope, i_key, i_from, i_to)
                    as o (command, aggregate_id, acquire, scope, key, lower, upper)
                where o.command = i.command and not o.acquire and o.scope = c.scope and o.key = c.key
                  and c.during = tstzrange(o.lower, o.upper) and o.aggregate_id = c.aggregate_id)
        ), first_reason as (
            select distinct on (command) * from direct order by command, rank
        ), target as (
            select distinct e.command, e.type, e.id
            from unnest(e_command, e_aggregate_type, e_aggregate_id) as e (command, type, id)
        ), dependent as (
            select t.command
            from target t
            join (select t.type, t.id, min(t.command) as command from first_reason f join target t using (command) group by 1, 2) f
                on f.type = t.type and f.id = t.id and t.command > f.command
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
        -- What stood in the way is gone: another process gave its claim back in the meantime.
        -- From here on the lock is held.
        if refused is null then
            continue;
        end if;
        if cardinality(refused) = p_commands then
            return;
        end if;
        select array_agg(not (number = any (refused)) order by number) into v_ok
            from generate_series(1, p_commands) as number;
        select array_agg(running order by ordinal), max(running) into v_offsets, v_count
            from (select ordinal, sum(v_ok[command]::int) over (order by ordinal)::int as running
                  from unnest(e_command) with ordinality as e (command, ordinal)) numbered;
        select string_agg(substring(p_digests from (number - 1) * 32 + 1 for 32), ''::bytea order by number) into v_digests
            from generate_series(1, p_commands) as number where v_ok[number];
    end;
    end loop;
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
