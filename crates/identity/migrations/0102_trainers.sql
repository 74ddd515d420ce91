-- Trainer profiles, folded from the log.
create table trainers (
    user_id uuid primary key,
    first_name text not null,
    last_name text not null,
    bio text not null,
    experience text not null,
    photos text[] not null,
    -- Minor units of `currency`.
    price_per_hour bigint not null,
    -- ISO 4217.
    currency text not null,
    -- Minutes.
    session_duration integer not null,
    external boolean not null,
    created_at timestamptz not null
);

-- The order of ListTrainers.
create index trainers_by_name on trainers (last_name, first_name, user_id);
