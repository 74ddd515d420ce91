use contracts::identity::v1::{
    AdditionalSource, AdditionalSources, CreateTrainerRequest, GetTrainerRequest,
    ListTrainersRequest, Photos, TrainerContacts, UpdateTrainerRequest,
    trainer_service_client::TrainerServiceClient,
};
use e2e::people::{User, dollars, id};
use tonic::transport::Channel;

use super::Story;

impl Story<'_> {
    pub(super) async fn trainers(&mut self, trainer: &User) {
        let c = self.canaries;
        let mut trainers = TrainerServiceClient::new(self.system.channel("identity"));
        let request = CreateTrainerRequest {
            request_id: id(),
            user_id: trainer.id.clone(),
            first_name: c.text("CreateTrainer.first_name"),
            last_name: c.text("CreateTrainer.last_name"),
            bio: c.text("CreateTrainer.bio"),
            experience: c.text("CreateTrainer.experience"),
            photos: vec![
                c.url("CreateTrainer.photos"),
                c.url("CreateTrainer.photos, second"),
            ],
            price_per_hour: Some(dollars(80)),
            session_duration_minutes: 60,
            contacts: Some(TrainerContacts {
                email: c.email("CreateTrainer.contacts.email"),
                phone_number: c.phone("CreateTrainer.contacts.phone_number"),
            }),
            additional_sources: vec![AdditionalSource {
                title: c.text("CreateTrainer.additional_sources.title"),
                url: c.url("CreateTrainer.additional_sources.url"),
            }],
            ..CreateTrainerRequest::default()
        };
        let created = trainers
            .create_trainer(self.says(Some(trainer), request))
            .await;
        let created = created.expect("a trainer").into_inner();
        let read = GetTrainerRequest {
            trainer_id: trainer.id.clone(),
            min_position: created.position,
        };
        c.came_back(
            &trainers
                .get_trainer(self.says(None, read))
                .await
                .expect("the trainer"),
        );
        let list = self.says(None, ListTrainersRequest::default());
        c.came_back(&trainers.list_trainers(list).await.expect("trainers"));
        let bad = CreateTrainerRequest {
            request_id: c.bad("CreateTrainer.request_id, bad"),
            user_id: c.bad("CreateTrainer.user_id, bad"),
            first_name: c.bad("CreateTrainer.first_name, long").repeat(10),
            last_name: c.bad("CreateTrainer.last_name, long").repeat(10),
            bio: c.bad("CreateTrainer.bio, long").repeat(500),
            experience: c.bad("CreateTrainer.experience, long").repeat(500),
            photos: vec![format!("http://{}", c.secret("CreateTrainer.photos, bad"))],
            contacts: Some(TrainerContacts {
                email: c.bad("CreateTrainer.contacts.email, bad"),
                phone_number: c.bad("CreateTrainer.contacts.phone_number, bad"),
            }),
            additional_sources: vec![AdditionalSource {
                title: c
                    .bad("CreateTrainer.additional_sources.title, long")
                    .repeat(10),
                url: c.bad("CreateTrainer.additional_sources.url, bad"),
            }],
            ..CreateTrainerRequest::default()
        };
        self.refused(trainers.create_trainer(self.says(Some(trainer), bad)).await);
        self.changed_trainer(trainer, &mut trainers).await;
    }

    async fn changed_trainer(
        &mut self,
        trainer: &User,
        trainers: &mut TrainerServiceClient<Channel>,
    ) {
        let c = self.canaries;
        let request = UpdateTrainerRequest {
            request_id: id(),
            first_name: Some(c.text("UpdateTrainer.first_name")),
            last_name: Some(c.text("UpdateTrainer.last_name")),
            bio: Some(c.text("UpdateTrainer.bio")),
            experience: Some(c.text("UpdateTrainer.experience")),
            photos: Some(Photos {
                addresses: vec![c.url("UpdateTrainer.photos")],
            }),
            contacts: Some(TrainerContacts {
                email: c.email("UpdateTrainer.contacts.email"),
                phone_number: c.phone("UpdateTrainer.contacts.phone_number"),
            }),
            additional_sources: Some(AdditionalSources {
                sources: vec![AdditionalSource {
                    title: c.text("UpdateTrainer.additional_sources.title"),
                    url: c.url("UpdateTrainer.additional_sources.url"),
                }],
            }),
            ..UpdateTrainerRequest::default()
        };
        let changed = trainers
            .update_trainer(self.says(Some(trainer), request))
            .await;
        let read = GetTrainerRequest {
            trainer_id: trainer.id.clone(),
            min_position: changed.expect("it has changed").into_inner().position,
        };
        c.came_back(
            &trainers
                .get_trainer(self.says(None, read))
                .await
                .expect("the trainer"),
        );
        let bad = UpdateTrainerRequest {
            request_id: c.bad("UpdateTrainer.request_id, bad"),
            trainer_id: c.bad("UpdateTrainer.trainer_id, bad"),
            first_name: Some(c.bad("UpdateTrainer.first_name, long").repeat(10)),
            bio: Some(c.bad("UpdateTrainer.bio, long").repeat(500)),
            photos: Some(Photos {
                addresses: vec![c.bad("UpdateTrainer.photos, bad")],
            }),
            ..UpdateTrainerRequest::default()
        };
        self.refused(trainers.update_trainer(self.says(Some(trainer), bad)).await);
        let search = ListTrainersRequest {
            text: c.secret("ListTrainers.text"),
            page_token: c.bad("ListTrainers.page_token, bad"),
            ..ListTrainersRequest::default()
        };
        self.refused(trainers.list_trainers(self.says(None, search)).await);
    }
}
