//! A child's medical data: under which key they are sealed, who may see them, and the rows.

use contracts::ReadRpc;
use eventsourcing::personal::Personal;
use service::{Call, not_found, now};
use sqlx::PgPool;
use tonic::Status;
use uuid::Uuid;

use super::References;
use crate::domain::child::{Acting, MedicalField};
use crate::domain::values::ChildId;
use crate::personal::Column;
use crate::projector::children::{ChildRow, CustomAllergenRow};
use crate::query;

/// A child's medical data, still sealed.
pub struct SealedMedical {
    pub child: ChildRow,
    /// The allergens by other names.
    pub allergens: Vec<CustomAllergenRow>,
}

impl References {
    /// The subject under which the medical data of a child of the caller are sealed.
    ///
    /// # Errors
    /// `NOT_FOUND` when the caller does not answer for the child.
    pub async fn medical_subject(&self, acting: Acting, child_id: ChildId) -> Result<Uuid, Status> {
        let child = self.own_child(acting, child_id).await?;
        Ok(child.medical_subject(child_id))
    }

    /// The medical data of a child, for those who may see them: the guardian, admins, and trainers
    /// of what is paid and not over.
    ///
    /// # Errors
    /// `NOT_FOUND` when the caller is somebody else; what [`service::Reads::read`] refuses.
    pub async fn medical<M: ReadRpc>(
        &self,
        call: &Call,
        request: &M,
        acting: Acting,
        child_id: ChildId,
    ) -> Result<SealedMedical, Status> {
        self.may_see(acting, child_id).await?;
        let look = |pool| sealed(pool, child_id);
        let sealed = self.medical.read(call, request, look).await?;
        sealed.ok_or_else(|| not_found("child", &child_id.to_string()))
    }

    async fn may_see(&self, acting: Acting, child_id: ChildId) -> Result<(), Status> {
        let Acting::Trainer(trainer_id) = acting else {
            return self.own_child(acting, child_id).await.map(drop);
        };
        if self.upcoming.coaches(trainer_id, child_id, now()).await? {
            Ok(())
        } else {
            Err(not_found("child", &child_id.to_string()))
        }
    }
}

async fn sealed(pool: &PgPool, child_id: ChildId) -> Result<Option<SealedMedical>, sqlx::Error> {
    let Some(child) = query::child_row(pool, child_id).await? else {
        return Ok(None);
    };
    let allergens = query::custom_allergens(pool, child_id).await?;
    Ok(Some(SealedMedical { child, allergens }))
}

impl SealedMedical {
    /// The fields that have data.
    pub fn fields(&self) -> Vec<MedicalField> {
        let child = &self.child;
        [
            (
                child.allergies.personal().is_some(),
                MedicalField::Allergies,
            ),
            (!self.allergens.is_empty(), MedicalField::CustomAllergens),
            (
                child.medical_conditions.personal().is_some(),
                MedicalField::MedicalConditions,
            ),
            (
                child.emergency_contact.personal().is_some(),
                MedicalField::EmergencyContact,
            ),
        ]
        .into_iter()
        .filter_map(|(is_there, field)| is_there.then_some(field))
        .collect()
    }

    /// The subjects whose keys open the data.
    pub fn subjects(&self) -> Vec<Uuid> {
        let child = &self.child;
        let columns = [
            subject(&child.allergies),
            subject(&child.medical_conditions),
            subject(&child.emergency_contact),
        ];
        let names = self.allergens.iter().map(|row| row.name.subject());
        columns.into_iter().flatten().chain(names).collect()
    }
}

fn subject<T>(column: &Column<T>) -> Option<Uuid> {
    column.personal().map(Personal::subject)
}
