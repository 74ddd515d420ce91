-- Trainer profiles, folded from the log.
create table trainers (
    user_id uuid primary key,
    -- Sealed with the trainer's key; empty once they were erased.
    first_name text not null,
    last_name text not null,
    bio text not null,
    experience text not null,
    photos text not null,
    contacts text not null,
    additional_sources text not null,
    -- Keyed tokens of the words above: what a search finds, without saying what it is.
    first_name_search bigint[] not null,
    last_name_search bigint[] not null,
    bio_search bigint[] not null,
    experience_search bigint[] not null,
    search bigint[] generated always as
        (first_name_search || last_name_search || bio_search || experience_search) stored,
    -- Minor units of `currency`.
    price_per_hour bigint not null,
    -- ISO 4217.
    currency text not null,
    -- Minutes.
    session_duration integer not null,
    external boolean not null,
    accepting_bookings boolean not null,
    -- What the account is: open, and still of role TRAINER.
    active boolean not null,
    is_trainer boolean not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    erased_at timestamptz,
    -- Whether lists show the profile.
    listed boolean generated always as (active and is_trainer and erased_at is null) stored
);

-- The orders of ListTrainers.
create index trainers_by_age on trainers (created_at, user_id) where listed;
create index trainers_by_price on trainers (currency, price_per_hour, user_id) where listed;
create index trainers_by_words on trainers using gin (search) where listed;
