use chrono::{DateTime, Utc};
use contracts::identity::v1::{
    AddCustomAllergenRequest, AddCustomAllergenResponse, GetChildMedicalRequest,
    GetChildMedicalResponse, ListMedicalAccessRequest, ListMedicalAccessResponse,
    RemoveCustomAllergenRequest, RemoveCustomAllergenResponse, UpdateMedicalRequest,
    UpdateMedicalResponse, child_medical_service_server::ChildMedicalService,
};
use service::{Call, internal, not_found};
use tonic::{Request, Response, Status};

use super::{
    child_backend::ChildBackend,
    convert::{self, children::SealedMedical},
    parse::{self, children::acting},
    refusals::personal_status,
};
use crate::{
    domain::{
        child::{Acting, Action, ChildCommand},
        values::ChildId,
    },
    query::{self, medical::Cursor},
};

pub struct ChildMedicalRpcs {
    pub(super) backend: ChildBackend,
}

#[tonic::async_trait]
impl ChildMedicalService for ChildMedicalRpcs {
    async fn update_medical(
        &self,
        request: Request<UpdateMedicalRequest>,
    ) -> Result<Response<UpdateMedicalResponse>, Status> {
        let call = Call::of(&request);
        let acting = acting(&call);
        let (context, child_id, medical) =
            parse::medical::update_medical(&call, request.into_inner())?;
        let subject = self
            .backend
            .own(child_id, acting)
            .await?
            .medical_subject(child_id);
        let sealer = self.backend.sealer(subject).await?;
        let (changes, custom) = medical
            .seal(child_id, &sealer, &self.backend.resources.lookup)
            .map_err(personal_status)?;
        let command = ChildCommand {
            child_id,
            acting,
            now: service::now(),
            action: Action::UpdateMedical {
                subject,
                changes: Box::new(changes),
                custom,
            },
        };
        let position = self.backend.execute(context, command).await?;
        Ok(Response::new(UpdateMedicalResponse { position }))
    }

    async fn add_custom_allergen(
        &self,
        request: Request<AddCustomAllergenRequest>,
    ) -> Result<Response<AddCustomAllergenResponse>, Status> {
        let call = Call::of(&request);
        let acting = acting(&call);
        let (context, child_id, allergen) =
            parse::medical::add_custom_allergen(&call, request.into_inner())?;
        let subject = self
            .backend
            .own(child_id, acting)
            .await?
            .medical_subject(child_id);
        let sealer = self.backend.sealer(subject).await?;
        let allergen = allergen
            .seal(child_id, &sealer, &self.backend.resources.lookup)
            .map_err(personal_status)?;
        let name_key = allergen.name_key.clone();
        let command = ChildCommand {
            child_id,
            acting,
            now: service::now(),
            action: Action::AddAllergen { subject, allergen },
        };
        let answer = self.backend.answer(context, command, |child| {
            let id = child.allergen(&name_key).map(|id| id.to_string());
            AddCustomAllergenResponse {
                allergen_id: id.unwrap_or_default(),
                position: None,
            }
        });
        answer.await
    }

    async fn remove_custom_allergen(
        &self,
        request: Request<RemoveCustomAllergenRequest>,
    ) -> Result<Response<RemoveCustomAllergenResponse>, Status> {
        let call = Call::of(&request);
        let (context, child_id, allergen_id) =
            parse::medical::remove_custom_allergen(&call, request.into_inner())?;
        let command = ChildCommand {
            child_id,
            acting: acting(&call),
            now: service::now(),
            action: Action::RemoveAllergen { allergen_id },
        };
        let position = self.backend.execute(context, command).await?;
        Ok(Response::new(RemoveCustomAllergenResponse { position }))
    }

    async fn get_child_medical(
        &self,
        request: Request<GetChildMedicalRequest>,
    ) -> Result<Response<GetChildMedicalResponse>, Status> {
        let call = Call::of(&request);
        let (now, acting) = (service::now(), acting(&call));
        let (context, child_id, min_position) =
            parse::medical::get_child_medical(&call, request.into_inner())?;
        self.backend.reached(min_position.as_ref(), &call).await?;
        self.may_read(child_id, acting, now).await?;
        let sealed = self.sealed(child_id).await?;
        let command = ChildCommand {
            child_id,
            acting,
            now,
            action: Action::ReadMedical {
                fields: sealed.fields(),
            },
        };
        // The look is recorded before anything is opened.
        self.backend.execute(context, command).await?;
        let opener = self
            .backend
            .resources
            .keyring
            .opener(sealed.subjects())
            .await;
        let opener = opener.map_err(personal_status)?;
        let medical = sealed.open(&opener).map_err(personal_status)?;
        Ok(Response::new(GetChildMedicalResponse {
            medical: Some(medical),
        }))
    }

    async fn list_medical_access(
        &self,
        request: Request<ListMedicalAccessRequest>,
    ) -> Result<Response<ListMedicalAccessResponse>, Status> {
        let call = Call::of(&request);
        let (child_id, page, min_position) =
            parse::medical::list_medical_access(request.into_inner())?;
        self.backend.own(child_id, acting(&call)).await?;
        self.backend.reached(min_position.as_ref(), &call).await?;
        let pool = &self.backend.resources.pool;
        let mut rows = query::medical::accesses(pool, child_id.uuid(), &page)
            .await
            .map_err(internal)?;
        let next_page_token = page.next_token(&mut rows, |row| Cursor::from(row));
        let accesses = rows.into_iter().map(convert::children::medical_access);
        Ok(Response::new(ListMedicalAccessResponse {
            accesses: accesses.collect(),
            next_page_token,
        }))
    }
}

impl ChildMedicalRpcs {
    /// Lets in the guardian, admins, and trainers of what is paid and not over.
    async fn may_read(
        &self,
        child_id: ChildId,
        acting: Acting,
        now: DateTime<Utc>,
    ) -> Result<(), Status> {
        let Acting::Trainer(trainer) = acting else {
            return self.backend.own(child_id, acting).await.map(drop);
        };
        let coaches = self
            .backend
            .upcoming
            .coaches(trainer.uuid(), child_id.uuid(), now)
            .await?;
        if coaches {
            Ok(())
        } else {
            Err(not_found("child", &child_id.to_string()))
        }
    }

    async fn sealed(&self, child_id: ChildId) -> Result<SealedMedical, Status> {
        let pool = &self.backend.resources.pool;
        let child = query::children::by_id(pool, child_id.uuid()).await;
        let child = child
            .map_err(internal)?
            .ok_or_else(|| not_found("child", &child_id.to_string()))?;
        let allergens = query::medical::allergens(pool, child_id.uuid())
            .await
            .map_err(internal)?;
        Ok(SealedMedical { child, allergens })
    }
}
