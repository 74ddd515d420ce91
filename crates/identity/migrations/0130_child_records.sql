-- What else is known of children, folded from the log.
create table custom_allergens (
    id uuid primary key,
    child_id uuid not null,
    -- Sealed for the child's medical subject.
    name text not null,
    created_at timestamptz not null
);
create index custom_allergens_of_child on custom_allergens (child_id, created_at, id);

-- Consents that stand.
create table child_consents (
    child_id uuid not null,
    -- CHILD_DATA or MEDICAL_DATA.
    purpose text not null,
    guardian_id uuid not null,
    policy_version text not null,
    given_at timestamptz not null,
    primary key (child_id, purpose)
);

-- Every look of somebody else than the guardian at medical data.
create table medical_accesses (
    -- The event.
    id uuid primary key,
    child_id uuid not null,
    reader_id uuid not null,
    -- ADMIN or TRAINER.
    role text not null,
    -- ALLERGIES, CUSTOM_ALLERGENS, MEDICAL_CONDITIONS, EMERGENCY_CONTACT.
    fields text[] not null,
    read_at timestamptz not null
);
create index medical_accesses_of_child on medical_accesses (child_id, read_at desc, id desc);

-- Offers to hand a child over.
create table guardian_transfers (
    id uuid primary key,
    child_id uuid not null,
    guardian_id uuid not null,
    -- Null when nobody answers to the address that was given.
    to_user_id uuid,
    -- OPEN, even when it has expired, ACCEPTED or CANCELED.
    status text not null,
    requested_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz
);
create index guardian_transfers_of_guardian on guardian_transfers (guardian_id, requested_at, id);
create index guardian_transfers_to on guardian_transfers (to_user_id, requested_at, id);
