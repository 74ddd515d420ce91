//! Everything that is held of a user, for the user.
//!
//! The rows of the read tables are handed out as they are, with every sealed value opened, so
//! that a new column is in the export before anybody thinks of it.

use eventsourcing::{
    EventLog, LogError, RecordedEvent,
    personal::{Keyring, Opened, Opener, Personal, PersonalError},
};
use serde_json::{Value, json};
use service::{Call, ReadError};
use sqlx::PgPool;
use uuid::Uuid;

use super::{ChildRecordError, ChildRecords};
use crate::{
    domain::{
        child::{Acting, Action, ChildCommand, MedicalField},
        values::UserId,
    },
    reference::OwnTables,
    resources::Resources,
};

/// Columns that are of use to the program only.
const NOT_EXPORTED: [&str; 8] = [
    "current_tag",
    "previous_tag",
    "email_key",
    "first_name_search",
    "last_name_search",
    "bio_search",
    "experience_search",
    "search",
];

/// Makes exports of what is held of users. Cheap to clone.
#[derive(Clone)]
pub struct Exports {
    log: EventLog,
    records: ChildRecords,
    keyring: Keyring,
    tables: OwnTables,
}

/// Why no export was made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("there is no user {0}")]
    NotFound(UserId),
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The look at a child's medical data could not be recorded.
    #[error(transparent)]
    Look(#[from] ChildRecordError),
    #[error(transparent)]
    Personal(#[from] PersonalError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("the export cannot be written")]
    Json(#[from] serde_json::Error),
}

impl Exports {
    pub fn new(resources: &Resources) -> Self {
        Self {
            log: resources.log.clone(),
            records: ChildRecords::new(resources),
            keyring: resources.keyring.clone(),
            tables: OwnTables::new(resources),
        }
    }

    /// One JSON object about a user, as of now.
    pub async fn of_user(&self, call: &Call, user_id: UserId) -> Result<Vec<u8>, ExportError> {
        let found = self.tables.all(|pool| Held::of(pool, user_id)).await?;
        let mut held = found.ok_or(ExportError::NotFound(user_id))?;
        let id = user_id.uuid();
        for child in &mut held.children {
            child["events"] = self.events("child", id_of(child)).await?.into();
            if let Some(admin) = call.user_id().filter(|caller| *caller != id) {
                self.record_look(call, admin.into(), child).await?;
            }
        }
        let mut events = self.events("user", id).await?;
        events.extend(self.events("trainer", id).await?);
        let mut export = json!({
            "account": held.account,
            "trainer": held.trainer,
            "children": held.children,
            "emails": held.emails,
            "logins": held.logins,
            "events": events,
        });
        let opener = self.keyring.opener(subjects(&export)).await?;
        open(&mut export, &opener)?;
        Ok(serde_json::to_vec(&export)?)
    }

    /// Records that an admin is about to see a child's medical data.
    async fn record_look(
        &self,
        call: &Call,
        admin: UserId,
        child: &Value,
    ) -> Result<(), ExportError> {
        let held = |name: &str| match child.get(name) {
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(values)) => !values.is_empty(),
            _ => false,
        };
        let columns = [
            ("allergies", MedicalField::Allergies),
            ("custom_allergens", MedicalField::CustomAllergens),
            ("medical_conditions", MedicalField::MedicalConditions),
            ("emergency_contact", MedicalField::EmergencyContact),
        ];
        let fields = columns.into_iter().filter(|(name, _)| held(name));
        let fields: Vec<_> = fields.map(|(_, field)| field).collect();
        if fields.is_empty() {
            return Ok(());
        }
        let command = ChildCommand {
            child_id: id_of(child).into(),
            acting: Acting::Admin(admin),
            now: service::now(),
            action: Action::ReadMedical { fields },
        };
        let context = call.follow_up();
        self.records.record(context, command).await?;
        Ok(())
    }

    /// What happened when, and by whom. The content of the events is in the rows.
    async fn events(&self, aggregate: &str, id: Uuid) -> Result<Vec<Value>, ExportError> {
        let id = id.to_string();
        let events = self.log.read_aggregate(aggregate, &id, 0).await?;
        Ok(events.iter().map(metadata).collect())
    }
}

/// The rows that are held of a user, sealed values still closed.
struct Held {
    account: Value,
    trainer: Option<Value>,
    /// Each with the rows of its own beside it.
    children: Vec<Value>,
    emails: Vec<Value>,
    logins: Vec<Value>,
}

impl Held {
    async fn of(pool: &PgPool, user_id: UserId) -> Result<Option<Self>, sqlx::Error> {
        let of_user = |table| rows(pool, table, user_id.uuid());
        let Some(account) = of_user("users where id = $1").await?.pop() else {
            return Ok(None);
        };
        let mut children = of_user("children where parent_id = $1 order by created_at, id").await?;
        for child in &mut children {
            complete(pool, child).await?;
        }
        Ok(Some(Self {
            account,
            trainer: of_user("trainers where user_id = $1").await?.pop(),
            children,
            emails: of_user("emails where user_id = $1 order by created_at, id").await?,
            logins: of_user("logins where user_id = $1 order by created_at").await?,
        }))
    }
}

/// Adds what is held of a child beside their row.
async fn complete(pool: &PgPool, child: &mut Value) -> Result<(), sqlx::Error> {
    let id = id_of(child);
    // This column has both sealed names in one text; they are exported one by one.
    if let Some(fields) = child.as_object_mut() {
        fields.remove("name");
    }
    let held = [
        (
            "consents",
            "child_consents where child_id = $1 order by given_at",
        ),
        (
            "custom_allergens",
            "custom_allergens where child_id = $1 order by created_at, id",
        ),
        (
            "medical_accesses",
            "medical_accesses where child_id = $1 order by read_at, id",
        ),
        (
            "guardian_transfers",
            "guardian_transfers where child_id = $1 order by requested_at, id",
        ),
    ];
    for (name, table) in held {
        child[name] = rows(pool, table, id).await?.into();
    }
    Ok(())
}

/// The rows of a table, as JSON. `table` is the table's name and the rest of the statement.
async fn rows(pool: &PgPool, table: &str, id: Uuid) -> Result<Vec<Value>, sqlx::Error> {
    let (name, _) = table.split_once(' ').unwrap_or((table, ""));
    let statement = format!("select to_jsonb({name}.*) from {table}");
    let rows = sqlx::query_scalar(&statement).bind(id);
    rows.fetch_all(pool).await
}

fn id_of(child: &Value) -> Uuid {
    let id = child.get("id").and_then(Value::as_str);
    id.and_then(|id| id.parse().ok()).unwrap_or_default()
}

fn metadata(event: &RecordedEvent) -> Value {
    json!({
        "position": event.position,
        "event": event.event_type,
        "recorded_at": event.recorded_at,
        "actor": event.actor,
    })
}

/// The subjects whose sealed values are in the JSON.
fn subjects(value: &Value) -> Vec<Uuid> {
    match value {
        Value::String(text) => sealed(text)
            .map(|personal| personal.subject())
            .into_iter()
            .collect(),
        Value::Array(values) => values.iter().flat_map(subjects).collect(),
        Value::Object(fields) => fields.values().flat_map(subjects).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// Replaces sealed values by clear ones, and by null where the subject was erased.
fn open(value: &mut Value, opener: &Opener) -> Result<(), PersonalError> {
    match value {
        Value::String(text) => {
            if let Some(personal) = sealed(text) {
                *value = match opener.open(&personal)? {
                    Opened::Known(clear) => clear,
                    Opened::Erased => Value::Null,
                };
            }
        }
        Value::Array(values) => {
            for value in values {
                open(value, opener)?;
            }
        }
        Value::Object(fields) => {
            fields.retain(|name, _| !NOT_EXPORTED.contains(&name.as_str()));
            for value in fields.values_mut() {
                open(value, opener)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

fn sealed(text: &str) -> Option<Personal<Value>> {
    Personal::from_sealed(text).ok()
}
