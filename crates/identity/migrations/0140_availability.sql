-- From scheduling's public events: where trainers work and when they can be booked.
create table trainer_locations (
    trainer_id uuid not null,
    location_id uuid not null,
    primary key (trainer_id, location_id)
);
create index trainers_at_location on trainer_locations (location_id, trainer_id);

create table trainer_slots (
    slot_id uuid primary key,
    trainer_id uuid not null,
    location_id uuid not null,
    starts_at timestamptz not null,
    -- The session that has it.
    session_id uuid
);
create index open_slots_of_trainer on trainer_slots (trainer_id, starts_at, location_id)
    where session_id is null;
