-- Read tables of ticketing: folded from its own log and, for reference, from identity's and
-- scheduling's public events. All of them can be dropped and folded again.

-- Events as browsers see them. The log's own table is named `events`.
create table event_listings (
    id uuid primary key,
    title text not null,
    description text not null,
    event_type text not null check (event_type in ('CLINIC', 'CAMP', 'NETWORKING')),
    location_id uuid not null,
    time_zone text not null,
    start_date date not null,
    end_date date not null,
    -- Local, "HH:MM".
    start_time text not null,
    end_time text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    -- [{"starts_at": ..., "ends_at": ...}], in order.
    days jsonb not null,
    -- The cheapest tier.
    price_minor_units bigint not null,
    currency_code text not null,
    max_participants integer not null,
    min_age integer,
    max_age integer,
    skill_levels text[] not null,
    state text not null check (state in ('DRAFT', 'PUBLISHED')),
    canceled boolean not null,
    created_at timestamptz not null,
    published_at timestamptz
);
create index event_listings_by_start on event_listings (starts_at, id);
create index event_listings_at_location on event_listings (location_id, starts_at, id);

-- Who coaches an event.
create table event_trainers (
    event_id uuid not null,
    trainer_id uuid not null,
    primary key (event_id, trainer_id)
);
create index event_trainers_by_trainer on event_trainers (trainer_id);

-- Tiers of an event and their sale.
create table event_tickets (
    id uuid primary key,
    event_id uuid not null,
    -- Place among the event's tiers, from 0.
    ordinal integer not null,
    type text not null,
    price_minor_units bigint not null,
    currency_code text not null,
    capacity integer not null,
    -- Tickets sold.
    total_amount integer not null,
    -- Tickets that wait for their payment.
    held integer not null,
    deleted boolean not null
);
create unique index event_tickets_by_event on event_tickets (event_id, ordinal);
create unique index event_tickets_by_type on event_tickets (event_id, type) where not deleted;

-- Which child takes part in which event; the id is that of the ticket it came with.
create table event_registrations (
    id uuid primary key,
    event_id uuid not null,
    child_id uuid not null,
    status text not null check (status in ('PENDING', 'PAID', 'CANCELED'))
);
create index event_registrations_by_event on event_registrations (event_id, child_id);
create index event_registrations_by_child on event_registrations (child_id);

-- Tickets, from the moment they are held.
create table tickets (
    id uuid primary key,
    hold_id uuid not null,
    user_id uuid not null,
    event_id uuid not null,
    event_ticket_id uuid not null,
    child_id uuid not null,
    price_minor_units bigint not null,
    currency_code text not null,
    type text not null,
    -- How many it stands for; one child, one ticket.
    capacity integer not null,
    status text not null check (status in ('PENDING', 'ACTIVE', 'CANCELED', 'REFUNDED')),
    payment_id uuid,
    hold_expires_at timestamptz not null,
    held_at timestamptz not null
);
create index tickets_by_user on tickets (user_id, id desc);
create index tickets_by_event on tickets (event_id, id desc);
create index tickets_by_hold on tickets (hold_id, id desc);
create index tickets_by_tier on tickets (event_ticket_id, id desc);
create index tickets_by_child on tickets (child_id, id desc);

-- Which child uses which ticket; the id is that of the ticket.
create table user_tickets (
    id uuid primary key,
    user_id uuid not null,
    ticket_id uuid not null,
    event_ticket_id uuid not null,
    child_id uuid not null,
    status text not null check (status in ('PENDING', 'ACTIVE', 'CANCELED', 'REFUNDED')),
    refund_id uuid
);
create index user_tickets_by_user on user_tickets (user_id);
create index user_tickets_by_child on user_tickets (child_id);

-- Holds. A payment knows nothing else of what it pays for.
create table ticket_holds (
    id uuid primary key,
    event_id uuid not null,
    user_id uuid not null,
    total_minor_units bigint not null,
    currency_code text not null,
    state text not null check (state in ('HELD', 'CONFIRMED', 'EXPIRED')),
    payment_id uuid,
    expires_at timestamptz not null,
    held_at timestamptz not null
);

-- Whose child it is, from identity.
create table children (
    child_id uuid primary key,
    guardian_id uuid not null,
    archived boolean not null
);

-- Venues and their zones, from scheduling.
create table locations (
    location_id uuid primary key,
    time_zone text not null
);
