use contracts::identity::v1::{
    AddChildRequest, GetChildRequest, ListChildrenRequest, SkillLevel,
    child_service_client::ChildServiceClient,
};
use e2e::people::{User, id};

use super::Story;

impl Story<'_> {
    pub(super) async fn children(&mut self, parent: &User) -> String {
        let c = self.canaries;
        let mut children = ChildServiceClient::new(self.system.channel("identity"));
        let request = AddChildRequest {
            request_id: id(),
            guardian_consent: true,
            first_name: c.text("AddChild.first_name"),
            last_name: c.text("AddChild.last_name"),
            birthdate: Some(c.date("AddChild.birthdate")),
            skill_level: SkillLevel::Beginner.into(),
            specify: c.text("AddChild.specify"),
            team: c.text("AddChild.team"),
            ..AddChildRequest::default()
        };
        let added = children.add_child(self.says(Some(parent), request)).await;
        let added = added.expect("a child").into_inner();
        let read = GetChildRequest {
            child_id: added.child_id.clone(),
            min_position: added.position,
        };
        c.came_back(
            &children
                .get_child(self.says(Some(parent), read))
                .await
                .expect("a child"),
        );
        let list = self.says(Some(parent), ListChildrenRequest::default());
        c.came_back(&children.list_children(list).await.expect("children"));
        let mut date = c.date("AddChild.birthdate, bad");
        date.month += 12;
        let bad = AddChildRequest {
            request_id: c.bad("AddChild.request_id, bad"),
            guardian_consent: true,
            first_name: c.bad("AddChild.first_name, long").repeat(10),
            last_name: c.bad("AddChild.last_name, long").repeat(10),
            birthdate: Some(date),
            specify: c.bad("AddChild.specify, long").repeat(300),
            team: c.bad("AddChild.team, long").repeat(100),
            ..AddChildRequest::default()
        };
        self.refused(children.add_child(self.says(Some(parent), bad)).await);
        added.child_id
    }
}
