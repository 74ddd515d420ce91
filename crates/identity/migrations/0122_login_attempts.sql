-- What was tried and failed, and what was asked for, so that a restart forgets nothing. The keys
-- are keyed hashes of accounts and networks. Not a read table: failures are no events.
create table login_attempts (
    key bytea primary key,
    -- What is counted: PAIR, NETWORK, ACCOUNT; or KNOWN for a network that an account was entered from.
    kind text not null,
    -- Keyed hash of the account it belongs to; none for a network.
    account bytea,
    attempts integer not null default 0,
    last_at timestamptz not null,
    blocked_until timestamptz
);

create index login_attempts_account on login_attempts (account);
create index login_attempts_old on login_attempts (last_at);
