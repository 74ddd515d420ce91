//! Medical data of children, and children that change hands.

use contracts::identity::v1::{
    AddCustomAllergenRequest, Allergies, ConsentPurpose, EmergencyContact, GetChildMedicalRequest,
    GetChildRequest, MedicalConditions, RecordConsentRequest, TransferGuardianRequest,
    UpdateChildRequest, UpdateMedicalRequest,
    child_medical_service_client::ChildMedicalServiceClient,
    child_service_client::ChildServiceClient, transfer_guardian_request::NewGuardian,
};
use e2e::people::{User, id};

use super::Story;

impl Story<'_> {
    pub(super) async fn medical(&mut self, parent: &User, child_id: &str) {
        let c = self.canaries;
        let mut children = ChildServiceClient::new(self.system.channel("identity"));
        let mut medical = ChildMedicalServiceClient::new(self.system.channel("identity"));
        let consent = RecordConsentRequest {
            request_id: id(),
            child_id: child_id.to_owned(),
            purpose: ConsentPurpose::MedicalData.into(),
            policy_version: "2025-01".to_owned(),
        };
        let consented = children
            .record_consent(self.says(Some(parent), consent))
            .await;
        consented.expect("their consent");
        let request = UpdateMedicalRequest {
            request_id: id(),
            child_id: child_id.to_owned(),
            allergies: Some(Allergies {
                names: vec![c.text("UpdateMedical.allergies.names")],
            }),
            medical_conditions: Some(MedicalConditions {
                asthma: true,
                other: c.text("UpdateMedical.medical_conditions.other"),
            }),
            emergency_contact: Some(EmergencyContact {
                name: c.text("UpdateMedical.emergency_contact.name"),
                phone_number: c.phone("UpdateMedical.emergency_contact.phone_number"),
                relationship: c.text("UpdateMedical.emergency_contact.relationship"),
            }),
        };
        let updated = medical
            .update_medical(self.says(Some(parent), request))
            .await;
        updated.expect("medical data");
        let request = AddCustomAllergenRequest {
            request_id: id(),
            child_id: child_id.to_owned(),
            name: c.text("AddCustomAllergen.name"),
        };
        let added = medical
            .add_custom_allergen(self.says(Some(parent), request))
            .await;
        let read = GetChildMedicalRequest {
            child_id: child_id.to_owned(),
            min_position: added.expect("an allergen").into_inner().position,
        };
        let read = medical
            .get_child_medical(self.says(Some(parent), read))
            .await;
        c.came_back(&read.expect("medical data"));
        let bad = UpdateMedicalRequest {
            request_id: c.bad("UpdateMedical.request_id, bad"),
            child_id: c.bad("UpdateMedical.child_id, bad"),
            allergies: Some(Allergies {
                names: vec![c.bad("UpdateMedical.allergies.names, long").repeat(10)],
            }),
            medical_conditions: Some(MedicalConditions {
                asthma: true,
                other: c
                    .bad("UpdateMedical.medical_conditions.other, long")
                    .repeat(500),
            }),
            emergency_contact: Some(EmergencyContact {
                name: c
                    .bad("UpdateMedical.emergency_contact.name, long")
                    .repeat(10),
                phone_number: c.bad("UpdateMedical.emergency_contact.phone_number, bad"),
                relationship: c
                    .bad("UpdateMedical.emergency_contact.relationship, long")
                    .repeat(10),
            }),
        };
        self.refused(medical.update_medical(self.says(Some(parent), bad)).await);
        let bad = AddCustomAllergenRequest {
            request_id: c.bad("AddCustomAllergen.request_id, bad"),
            child_id: c.bad("AddCustomAllergen.child_id, bad"),
            name: c.bad("AddCustomAllergen.name, long").repeat(10),
        };
        self.refused(
            medical
                .add_custom_allergen(self.says(Some(parent), bad))
                .await,
        );
    }

    pub(super) async fn changed_child(&mut self, parent: &User, child_id: &str) {
        let c = self.canaries;
        let mut children = ChildServiceClient::new(self.system.channel("identity"));
        let request = UpdateChildRequest {
            request_id: id(),
            child_id: child_id.to_owned(),
            first_name: Some(c.text("UpdateChild.first_name")),
            last_name: Some(c.text("UpdateChild.last_name")),
            birthdate: Some(c.date("UpdateChild.birthdate")),
            specify: Some(c.text("UpdateChild.specify")),
            team: Some(c.text("UpdateChild.team")),
            ..UpdateChildRequest::default()
        };
        let changed = children
            .update_child(self.says(Some(parent), request))
            .await;
        let read = GetChildRequest {
            child_id: child_id.to_owned(),
            min_position: changed.expect("it has changed").into_inner().position,
        };
        c.came_back(
            &children
                .get_child(self.says(Some(parent), read))
                .await
                .expect("a child"),
        );
        let bad = UpdateChildRequest {
            request_id: c.bad("UpdateChild.request_id, bad"),
            child_id: c.bad("UpdateChild.child_id, bad"),
            first_name: Some(c.bad("UpdateChild.first_name, long").repeat(10)),
            team: Some(c.bad("UpdateChild.team, long").repeat(100)),
            ..UpdateChildRequest::default()
        };
        self.refused(children.update_child(self.says(Some(parent), bad)).await);
        let nobody = TransferGuardianRequest {
            request_id: id(),
            child_id: child_id.to_owned(),
            new_guardian: Some(NewGuardian::NewGuardianEmail(
                c.secret_email("TransferGuardian.new_guardian_email, unknown"),
            )),
        };
        let offered = children
            .transfer_guardian(self.says(Some(parent), nobody))
            .await;
        offered.expect("the same answer as for a known address");
        let bad = TransferGuardianRequest {
            request_id: id(),
            child_id: child_id.to_owned(),
            new_guardian: Some(NewGuardian::NewGuardianEmail(
                c.bad("TransferGuardian.new_guardian_email, bad"),
            )),
        };
        self.refused(
            children
                .transfer_guardian(self.says(Some(parent), bad))
                .await,
        );
    }
}
