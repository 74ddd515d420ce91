-- What projections make of the logs. Nothing else writes here; all of it can be built anew.

-- From identity's public events: who can be booked, and by whom.
create table known_trainers (
    trainer_id uuid primary key,
    price_per_hour bigint not null,
    currency text not null,
    session_duration integer not null,
    accepting_bookings boolean not null,
    -- The account is open, and still of role TRAINER.
    active boolean not null,
    is_trainer boolean not null,
    bookable boolean generated always as (accepting_bookings and active and is_trainer) stored
);

create table known_children (
    child_id uuid primary key,
    guardian_id uuid not null,
    archived boolean not null
);

create table locations (
    id uuid primary key,
    name text not null,
    time_zone text not null,
    created_at timestamptz not null
);
create index locations_by_name on locations (name collate "C", id);

create table trainer_locations (
    trainer_id uuid not null,
    location_id uuid not null,
    assigned_at timestamptz not null,
    primary key (trainer_id, location_id)
);

create table trainer_group_discounts (
    id uuid primary key,
    trainer_id uuid not null,
    participants integer not null,
    price bigint not null,
    currency text not null,
    set_at timestamptz not null,
    unique (trainer_id, participants)
);

create table schedules (
    id uuid primary key,
    trainer_id uuid not null,
    start_date timestamptz not null,
    end_date timestamptz not null,
    opened_at timestamptz not null
);
create index schedules_by_start on schedules (start_date, id);
create index schedules_of_trainer on schedules (trainer_id, start_date, id);

create table slots (
    id uuid primary key,
    schedule_id uuid not null,
    trainer_id uuid not null,
    location_id uuid not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    time_zone text not null,
    date date not null,
    "start" time not null,
    "end" time not null,
    status text not null check (status in ('FREE', 'HELD', 'BOOKED')),
    session_id uuid,
    held_until timestamptz,
    is_booked boolean generated always as (status = 'BOOKED') stored,
    is_deleted boolean not null default false
);
create index slots_by_start on slots (starts_at, id);
create index slots_of_trainer on slots (trainer_id, starts_at, id);
create index slots_at_location on slots (location_id, starts_at, id);
create index free_slots on slots (starts_at, id) where status = 'FREE';
create index free_slots_of_trainer on slots (trainer_id, starts_at, id) where status = 'FREE';
create index free_slots_at_location on slots (location_id, starts_at, id) where status = 'FREE';

create table sessions (
    id uuid primary key,
    state text not null check (state in ('PENDING', 'PAID', 'COMPLETED', 'CANCELED', 'EXPIRED')),
    slot_id uuid not null,
    schedule_id uuid not null,
    trainer_id uuid not null,
    parent_id uuid not null,
    child_ids uuid[] not null,
    location_id uuid not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    time_zone text not null,
    local_date date not null,
    local_start time not null,
    local_end time not null,
    total_price bigint not null,
    currency text not null,
    cancellation_notice_hours integer not null,
    hold_expires_at timestamptz not null,
    booked_at timestamptz not null,
    payment_id uuid,
    canceled_by text,
    canceled_late boolean not null,
    refund_payment_id uuid,
    completed_at timestamptz,
    updated_at timestamptz not null,
    -- The columns that the production schema has and that follow from the others. A session
    -- is its own booking.
    status text generated always as (
        case
            when state = 'PENDING' then 'PENDING'
            when state in ('PAID', 'COMPLETED') then 'PAID'
            else 'CANCELED'
        end
    ) stored,
    date timestamptz generated always as (starts_at) stored,
    booking_id uuid generated always as (id) stored,
    child_id uuid generated always as (child_ids[1]) stored,
    main_child_id uuid generated always as (child_ids[1]) stored,
    group_session boolean generated always as (cardinality(child_ids) > 1) stored,
    google_event_id text
);
create index sessions_by_start on sessions (starts_at, id);
create index sessions_of_parent on sessions (parent_id, starts_at, id);
create index sessions_of_trainer on sessions (trainer_id, starts_at, id);
create index sessions_of_slot on sessions (slot_id);

create table session_participants (
    session_id uuid not null,
    child_id uuid not null,
    is_main boolean not null,
    session_detail_id uuid generated always as (session_id) stored,
    primary key (session_id, child_id)
);
create index sessions_of_child on session_participants (child_id);
