-- What follows the log: projections, processes and the relay of one service. The service's
-- role may read and write all of it.

-- One row for each projection, process and relay. Its owner locks it for each transaction;
-- `generation` is raised by each new owner, which fences the one before.
create table projections (
    projection text primary key,
    kind text not null check (kind in ('PROJECTION', 'PROCESS', 'RELAY')),
    fold_version integer not null,
    generation bigint not null default 0,
    state text not null check (state in ('LIVE', 'REBUILDING')),
    rebuild_requested boolean not null default false,
    -- How many rebuilds of its read tables have begun. A reader compares it before and after it reads.
    rebuilds bigint not null default 0,
    -- The last look of its owner; a row that nobody looks at is a dead projection.
    seen_at timestamptz not null default clock_timestamp(),
    -- What keeps it from going on, null while nothing does.
    error text
);

-- How far each has come in each log that it follows.
create table checkpoints (
    projection text not null references projections on delete cascade,
    source text not null,
    position bigint not null default 0 check (position >= 0),
    -- For a relay: the last position it published.
    public_position bigint not null default 0,
    -- The head of the source at the last look.
    head bigint not null default 0,
    looked_at timestamptz not null default clock_timestamp(),
    -- When it was last known to have everything.
    complete_at timestamptz not null default clock_timestamp(),
    -- Where a rebuild ends.
    target bigint,
    primary key (projection, source)
);

-- Keys whose events cannot be folded, and the events that wait for them: one row for each key of an
-- event. Keys that share an event wait together.
create table parked_keys (
    projection text not null,
    key text not null,
    source text not null,
    position bigint not null,
    error text not null,
    parked_at timestamptz not null default clock_timestamp(),
    retry_requested boolean not null default false,
    primary key (projection, key)
);
create table parked_events (
    number bigint generated always as identity,
    projection text not null,
    key text not null,
    source text not null,
    position bigint not null,
    primary key (projection, key, source, position)
);
create index parked_events_by_position on parked_events (projection, source, position);

-- Processes: one row for each running instance.
create table process_instances (
    process text not null,
    key text not null,
    state jsonb not null,
    -- The names of its timers that are set.
    timers text[] not null,
    primary key (process, key)
);

create table process_timers (
    process text not null,
    key text not null,
    name text not null,
    due timestamptz not null,
    -- What it was set in answer to.
    correlation_id uuid not null,
    causation_id uuid not null,
    trace_context text,
    primary key (process, key, name)
);
create index process_timers_by_due on process_timers (process, due);

-- Commands that wait to be sent, in order for each key.
create table process_outbox (
    number bigint generated always as identity,
    request_id uuid primary key,
    process text not null,
    key text not null,
    service text not null,
    method text not null,
    body bytea not null,
    correlation_id uuid not null,
    causation_id uuid not null,
    trace_context text,
    attempts integer not null default 0,
    next_at timestamptz not null default clock_timestamp(),
    -- Refused for good: it and what follows it in its key wait for an operator.
    parked boolean not null default false,
    -- The last refusal: gRPC status code and message.
    code integer,
    message text
);
create index process_outbox_by_key on process_outbox (process, key, number);
