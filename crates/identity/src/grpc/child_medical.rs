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
use service::{Call, Reads};
use tonic::{Request, Response, Status};

use self::parse::{
    AddCustomAllergen, GetChildMedical, ListMedicalAccess, RemoveCustomAllergen, UpdateMedical,
};
use super::refusals::personal_status;
use super::{acting, child_command, execute_on_child};
use crate::accounts::ChildRecords;
use crate::domain::child::{Action, Child};
use crate::projector::children::Children;
use crate::query::{self, MedicalAccessCursor};
use crate::reference::References;
use crate::resources::Resources;

/// Keeps children's medical data, and records who looks at them.
pub struct ChildMedicalRpcs {
    references: References,
    records: ChildRecords,
    list: Reads<Children>,
    keyring: Keyring,
    lookup: LookupKey,
}

impl ChildMedicalRpcs {
    pub fn on(resources: &Resources, references: &References) -> Self {
        Self {
            references: references.clone(),
            records: ChildRecords::new(resources),
            list: resources.reads(),
            keyring: resources.keyring.clone(),
            lookup: resources.lookup.clone(),
        }
    }
}

#[tonic::async_trait]
impl ChildMedicalService for ChildMedicalRpcs {
    async fn update_medical(
        &self,
        request: Request<UpdateMedicalRequest>,
    ) -> Result<Response<UpdateMedicalResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let UpdateMedical { child_id, medical } = UpdateMedical::try_from(message)?;
        let references = &self.references;
        let subject = references.medical_subject(acting(&call), child_id).await?;
        let sealer = self.records.sealer(subject).await;
        let changes = sealer.and_then(|sealer| medical.seal(child_id, &sealer, &self.lookup));
        let (changes, custom) = changes.map_err(personal_status)?;
        let action = Action::UpdateMedical {
            subject,
            changes: Box::new(changes),
            custom,
        };
        execute_on_child(
            &self.records,
            &call,
            message,
            child_id,
            action,
            reply::updated,
        )
        .await
    }

    async fn add_custom_allergen(
        &self,
        request: Request<AddCustomAllergenRequest>,
    ) -> Result<Response<AddCustomAllergenResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let AddCustomAllergen { child_id, allergen } = AddCustomAllergen::try_from(message)?;
        let references = &self.references;
        let subject = references.medical_subject(acting(&call), child_id).await?;
        let sealer = self.records.sealer(subject).await;
        let allergen = sealer.and_then(|sealer| allergen.seal(child_id, &sealer, &self.lookup));
        let allergen = allergen.map_err(personal_status)?;
        let name_key = allergen.name_key.clone();
        let action = Action::AddAllergen { subject, allergen };
        let reply = |child: &Child| reply::allergen_added(child, &name_key);
        execute_on_child(&self.records, &call, message, child_id, action, reply).await
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
        let action = Action::RemoveAllergen { allergen_id };
        execute_on_child(
            &self.records,
            &call,
            message,
            child_id,
            action,
            reply::allergen_removed,
        )
        .await
    }

    /// The look is recorded before anything is opened, and anew each time.
    async fn get_child_medical(
        &self,
        request: Request<GetChildMedicalRequest>,
    ) -> Result<Response<GetChildMedicalResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let GetChildMedical { child_id } = GetChildMedical::try_from(message)?;
        let references = &self.references;
        let sealed = references.medical(&call, message, acting(&call), child_id);
        let sealed = sealed.await?;
        let fields = sealed.fields();
        let look = child_command(&call, child_id, Action::ReadMedical { fields });
        self.records.record(call.follow_up(), look).await?;
        let opener = self.keyring.opener(sealed.subjects()).await;
        let medical = opener.and_then(|opener| reply::medical(sealed, &opener));
        Ok(Response::new(GetChildMedicalResponse {
            medical: Some(medical.map_err(personal_status)?),
        }))
    }

    async fn list_medical_access(
        &self,
        request: Request<ListMedicalAccessRequest>,
    ) -> Result<Response<ListMedicalAccessResponse>, Status> {
        let (call, message) = (Call::of(&request), request.get_ref());
        let ListMedicalAccess { child_id, page } = ListMedicalAccess::of(message, &call)?;
        self.references.own_child(acting(&call), child_id).await?;
        let look = |pool| query::medical_accesses(pool, child_id, &page);
        let rows = self.list.read(&call, message, look).await?;
        let (accesses, next_page_token) = page.cut(rows, MedicalAccessCursor::of);
        Ok(Response::new(ListMedicalAccessResponse {
            accesses,
            next_page_token,
        }))
    }
}
