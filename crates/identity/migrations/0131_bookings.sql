-- What children are booked for, folded from the public events of scheduling and ticketing.
create table bookings (
    -- A session or a hold of tickets.
    id uuid primary key,
    -- SESSION or TICKETS.
    kind text not null,
    -- Who booked.
    parent_id uuid not null,
    child_ids uuid[] not null,
    trainer_ids uuid[] not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    -- HELD, PAID, CANCELED or COMPLETED.
    state text not null
);
create index bookings_of_children on bookings using gin (child_ids);
create index bookings_of_trainers on bookings using gin (trainer_ids);
create index bookings_of_parent on bookings (parent_id, ends_at);

-- Events, for the tickets that come after them.
create table booked_events (
    id uuid primary key,
    trainer_ids uuid[] not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null
);
