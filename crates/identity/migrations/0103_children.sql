-- Children, folded from the log. Personal texts are sealed for the child, medical ones for its
-- medical subject; '' is what was never given, was withdrawn or erased.
create table children (
    id uuid primary key,
    first_name text not null,
    last_name text not null,
    -- Both, for readers of the old schema.
    name text not null generated always as (trim(first_name || ' ' || last_name)) stored,
    -- The guardian: a user.
    parent_id uuid not null,
    birthdate text not null,
    -- BEGINNER, INTERMEDIATE or ADVANCED.
    skill_level text not null,
    team text not null,
    specify text not null,
    allergies text not null,
    medical_conditions text not null,
    emergency_contact text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    archived_at timestamptz,
    erased_at timestamptz
);

-- The order of ListChildren.
create index children_of_parent on children (parent_id, created_at, id);
