mod parse;
mod reply;

use contracts::identity::v1::child_medical_service_server::ChildMedicalService;
use contracts::identity::v1::{
    AddCustomAllergenRequest, AddCustomAllergenResponse, GetChildMedicalRequest,
    GetChildMedicalResponse, ListMedicalAccessRequest, ListMedicalAccessResponse,
    RemoveCustomAllergenRequest, RemoveCustomAllergenResponse, UpdateMedicalRequest,
    UpdateMedicalResponse,
};
use eventsourcing::personal::{Keyring, LookupKey};
use service::{Call, Reads, not_found, now};
use sqlx::PgPool;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use self::parse::{
    AddCustomAllergen, GetChildMedical, ListMedicalAccess, RemoveCustomAllergen, UpdateMedical,
};
use self::reply::SealedMedical;
use super::refusals::personal_status;
use super::{acting, child_command, execute_on_child};
use crate::accounts::ChildRecords;
use crate::domain::child::{Acting, Action, Child};
use crate::domain::values::ChildId;
use crate::projector::children::Children;
use crate::query::{self, MedicalAccessCursor};
use crate::reference::UpcomingBookings;
use crate::resources::Resources;

/// Keeps children's medical data, and records who looks at them.
pub struct ChildMedicalRpcs {
    records: ChildRecords,
    upcoming: UpcomingBookings,
    list: Reads<Children>,
    keyring: Keyring,
    lookup: LookupKey,
}

impl ChildMedicalRpcs {
    pub fn on(resources: &Resources, upcoming: &UpcomingBookings) -> Self {
        Self {
            records: ChildRecords::new(&resources.log, &resources.keyring),
            upcoming: upcoming.clone(),
            list: resources.reads(),
            keyring: resources.keyring.clone(),
            lookup: resources.lookup.clone(),
        }
    }

    /// The subject under which the medical data of a child of the caller are sealed.
    async fn own_subject(&self, call: &Call, child_id: ChildId) -> Result<Uuid, Status> {
        let child = self.records.own(child_id, acting(call)).await?;
        Ok(child.medical_subject(child_id))
    }

    /// Lets in the guardian, admins, and trainers of what is paid and not over.
    async fn may_read(&self, call: &Call, child_id: ChildId) -> Result<(), Status> {
        let Acting::Trainer(trainer_id) = acting(call) else {
            self.records.own(child_id, acting(call)).await?;
            return Ok(());
        };
        if self.upcoming.coaches(trainer_id, child_id, now()).await? {
            Ok(())
        } else {
            Err(not_found("child", &child_id.to_string()))
        }
    }
}

async fn sealed(pool: &PgPool, child_id: ChildId) -> sqlx::Result<Option<SealedMedical>> {
    let Some(child) = query::child_row(pool, child_id).await? else {
        return Ok(None);
    };
    let allergens = query::custom_allergens(pool, child_id).await?;
    Ok(Some(SealedMedical { child, allergens }))
}

#[tonic::async_trait]
impl ChildMedicalService for ChildMedicalRpcs {
    async fn update_medical(
        &self,
        request: Request<UpdateMedicalRequest>,
    ) -> Result<Response<UpdateMedicalResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let UpdateMedical { child_id, medical } = UpdateMedical::try_from(message)?;
        let subject = self.own_subject(&call, child_id).await?;
        let sealer = self.records.sealer(subject).await;
        let changes = sealer.and_then(|sealer| medical.seal(child_id, &sealer, &self.lookup));
        let (changes, custom) = changes.map_err(personal_status)?;
        let action = Action::UpdateMedical {
            subject,
            changes: Box::new(changes),
            custom,
        };
        let update = child_command(&call, child_id, action);
        let reply = |_: &_| UpdateMedicalResponse::default();
        execute_on_child(&self.records, &call, message, update, reply).await
    }

    async fn add_custom_allergen(
        &self,
        request: Request<AddCustomAllergenRequest>,
    ) -> Result<Response<AddCustomAllergenResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let AddCustomAllergen { child_id, allergen } = AddCustomAllergen::try_from(message)?;
        let subject = self.own_subject(&call, child_id).await?;
        let sealer = self.records.sealer(subject).await;
        let allergen = sealer.and_then(|sealer| allergen.seal(child_id, &sealer, &self.lookup));
        let allergen = allergen.map_err(personal_status)?;
        let name_key = allergen.name_key.clone();
        let add = child_command(&call, child_id, Action::AddAllergen { subject, allergen });
        let reply = |child: &Child| reply::allergen_added(child, &name_key);
        execute_on_child(&self.records, &call, message, add, reply).await
    }

    async fn remove_custom_allergen(
        &self,
        request: Request<RemoveCustomAllergenRequest>,
    ) -> Result<Response<RemoveCustomAllergenResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let RemoveCustomAllergen {
            child_id,
            allergen_id,
        } = RemoveCustomAllergen::try_from(message)?;
        let remove = child_command(&call, child_id, Action::RemoveAllergen { allergen_id });
        let reply = |_: &_| RemoveCustomAllergenResponse::default();
        execute_on_child(&self.records, &call, message, remove, reply).await
    }

    /// The look is recorded before anything is opened, and anew each time.
    async fn get_child_medical(
        &self,
        request: Request<GetChildMedicalRequest>,
    ) -> Result<Response<GetChildMedicalResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let GetChildMedical { child_id } = GetChildMedical::try_from(message)?;
        self.may_read(&call, child_id).await?;
        let look = |pool| sealed(pool, child_id);
        let sealed = self.list.read(&call, message, look).await?;
        let sealed = sealed.ok_or_else(|| not_found("child", &child_id.to_string()))?;
        let fields = sealed.fields();
        let look = child_command(&call, child_id, Action::ReadMedical { fields });
        self.records.execute(call.follow_up(), look, |_| ()).await?;
        let opener = self.keyring.opener(sealed.subjects()).await;
        let medical = opener.and_then(|opener| sealed.open(&opener));
        Ok(Response::new(GetChildMedicalResponse {
            medical: Some(medical.map_err(personal_status)?),
        }))
    }

    async fn list_medical_access(
        &self,
        request: Request<ListMedicalAccessRequest>,
    ) -> Result<Response<ListMedicalAccessResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListMedicalAccess { child_id, page } = ListMedicalAccess::try_from(message)?;
        self.records.own(child_id, acting(&call)).await?;
        let look = |pool| query::medical_accesses(pool, child_id, &page);
        let rows = self.list.read(&call, message, look).await?;
        let (accesses, next_page_token) = page.cut(rows, MedicalAccessCursor::of);
        Ok(Response::new(ListMedicalAccessResponse {
            accesses,
            next_page_token,
        }))
    }
}
