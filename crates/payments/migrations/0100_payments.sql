-- Read tables, and the sandbox provider's own books. The log's tables are the runtime's.

-- What can be paid, folded from scheduling's and ticketing's public events.
create table payables (
    kind            text        not null,
    payable_id      uuid        not null,
    user_id         uuid        not null,
    trainer_id      uuid,
    event_id        uuid,
    event_ticket_id uuid,
    ticket_id       uuid,
    amount          bigint      not null,
    currency        text        not null,
    expires_at      timestamptz not null,
    state           text        not null,
    primary key (kind, payable_id)
);

-- Payments for tickets.
create table payments (
    id                uuid        primary key,
    user_id           uuid        not null,
    event_id          uuid,
    event_ticket_id   uuid,
    ticket_id         uuid,
    payable_id        uuid        not null,
    stripe_payment_id text,
    amount            bigint      not null,
    currency          text        not null,
    refunded          bigint      not null,
    status            text        not null,
    failure_code      text,
    payment_method    text        not null,
    email             text,
    live              boolean     not null,
    created_at        timestamptz not null,
    updated_at        timestamptz not null
);
create index payments_by_time on payments (created_at desc, id desc);
create index payments_by_user on payments (user_id, created_at desc, id desc);
create index payments_by_payable on payments (payable_id);

-- Payments for sessions.
create table trainer_orders (
    id                uuid        primary key,
    user_id           uuid        not null,
    trainer_id        uuid        not null,
    payable_id        uuid        not null,
    stripe_payment_id text,
    amount            bigint      not null,
    currency          text        not null,
    refunded          bigint      not null,
    status            text        not null,
    failure_code      text,
    payment_method    text        not null,
    live              boolean     not null,
    created_at        timestamptz not null,
    updated_at        timestamptz not null
);
create index trainer_orders_by_time on trainer_orders (created_at desc, id desc);
create index trainer_orders_by_user on trainer_orders (user_id, created_at desc, id desc);
create index trainer_orders_by_payable on trainer_orders (payable_id);

-- Money that goes back. `status` is the legacy word, `state` ours.
create table refunds (
    id                uuid        primary key,
    ticket_id         uuid,
    user_id           uuid        not null,
    payment_id        uuid        not null,
    amount            bigint      not null,
    currency          text        not null,
    status            text        not null,
    state             text        not null,
    stripe_payment_id text,
    reason            text        not null,
    cause_event_id    uuid        not null,
    failure_code      text,
    requested_at      timestamptz not null,
    updated_at        timestamptz not null
);
create index refunds_by_payment on refunds (payment_id, id);

-- The sandbox provider's books: one row for each idempotency key that it was sent.
create table sandbox_charges (
    idempotency_key uuid        primary key,
    operation       text        not null check (operation in ('charge', 'refund')),
    charge_key      uuid        references sandbox_charges (idempotency_key),
    payment_method  text        not null,
    amount          bigint      not null check (amount > 0),
    currency        text        not null,
    -- Whether the request arrived. One that was lost on the way is not known when asked for.
    seen            boolean     not null,
    -- Null when it succeeds.
    failure_code    text,
    -- The answer is "not yet" until then.
    decided_at      timestamptz not null,
    received_at     timestamptz not null default now()
);
