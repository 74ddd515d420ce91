use contracts::{
    common::v1::Role,
    identity::v1::{
        EraseSubjectRequest, ExportSubjectRequest, GetUserRequest, ListUsersRequest,
        RegisterUserRequest, UpdateUserRequest, user_service_client::UserServiceClient,
    },
};
use e2e::people::{self, User, id};
use tonic::transport::Channel;

use super::Story;

impl Story<'_> {
    pub(super) async fn account(&mut self, role: Role) -> (User, String) {
        let c = self.canaries;
        let mut users = UserServiceClient::new(self.system.channel("identity"));
        let email = c.email("RegisterUser.email");
        let password = c.secret("RegisterUser.password");
        let request = RegisterUserRequest {
            request_id: id(),
            role: role.into(),
            email: email.clone(),
            password: password.clone(),
            first_name: c.text("RegisterUser.first_name"),
            last_name: c.text("RegisterUser.last_name"),
            phone_number: c.phone("RegisterUser.phone_number"),
        };
        let answer = users.register_user(self.says(None, request.clone())).await;
        let answer = answer.expect("an account").into_inner();
        let user_id = answer.user_id;
        let again = users.register_user(self.says(None, request.clone())).await;
        assert_eq!(again.expect("the same").into_inner().user_id, user_id);
        let taken = RegisterUserRequest {
            request_id: id(),
            ..request.clone()
        };
        self.refused(users.register_user(self.says(None, taken)).await);
        let reused = RegisterUserRequest {
            first_name: c.secret("RegisterUser.first_name, reused"),
            ..request
        };
        self.refused(users.register_user(self.says(None, reused)).await);
        self.bad_account(&mut users).await;
        let user = people::login(self.system, &email, &password).await;
        let read = GetUserRequest {
            user_id,
            min_position: answer.position,
        };
        c.came_back(
            &users
                .get_user(self.says(Some(&user), read))
                .await
                .expect("the user"),
        );
        self.changed_account(&user, &mut users).await;
        (user, password)
    }

    async fn changed_account(&mut self, user: &User, users: &mut UserServiceClient<Channel>) {
        let c = self.canaries;
        let request = UpdateUserRequest {
            request_id: id(),
            user_id: user.id.clone(),
            first_name: Some(c.text("UpdateUser.first_name")),
            last_name: Some(c.text("UpdateUser.last_name")),
            phone_number: Some(c.phone("UpdateUser.phone_number")),
        };
        let changed = users.update_user(self.says(Some(user), request)).await;
        let read = GetUserRequest {
            user_id: user.id.clone(),
            min_position: changed.expect("it has changed").into_inner().position,
        };
        c.came_back(
            &users
                .get_user(self.says(Some(user), read))
                .await
                .expect("the user"),
        );
        let export = ExportSubjectRequest {
            user_id: user.id.clone(),
        };
        let export = users.export_subject(self.says(Some(user), export)).await;
        export.expect("all that is held of them");
        let bad = UpdateUserRequest {
            request_id: c.bad("UpdateUser.request_id, bad"),
            user_id: c.bad("UpdateUser.user_id, bad"),
            first_name: Some(c.bad("UpdateUser.first_name, long").repeat(10)),
            last_name: Some(c.bad("UpdateUser.last_name, long").repeat(10)),
            phone_number: Some(c.bad("UpdateUser.phone_number, bad")),
        };
        self.refused(users.update_user(self.says(Some(user), bad)).await);
        let admin = people::admin(self.system).await;
        let search = ListUsersRequest {
            email: c.secret_email("ListUsers.email"),
            ..ListUsersRequest::default()
        };
        let nobody = users.list_users(self.says(Some(&admin), search)).await;
        assert_eq!(nobody.expect("a page").into_inner().users.len(), 0);
        let bad = ListUsersRequest {
            email: c.bad("ListUsers.email, bad"),
            page_token: c.bad("ListUsers.page_token, bad"),
            ..ListUsersRequest::default()
        };
        self.refused(users.list_users(self.says(Some(&admin), bad)).await);
    }

    /// Also what is erased is nowhere.
    pub(super) async fn erased(&mut self, user: &User) {
        let mut users = UserServiceClient::new(self.system.channel("identity"));
        let erase = EraseSubjectRequest {
            request_id: id(),
            user_id: user.id.clone(),
            child_id: String::new(),
        };
        let erased = users.erase_subject(self.says(Some(user), erase)).await;
        erased.expect("they are erased");
        let bad = EraseSubjectRequest {
            request_id: self.canaries.bad("EraseSubject.request_id, bad"),
            user_id: self.canaries.bad("EraseSubject.user_id, bad"),
            child_id: self.canaries.bad("EraseSubject.child_id, bad"),
        };
        self.refused(users.erase_subject(self.says(Some(user), bad)).await);
    }

    async fn bad_account(&mut self, users: &mut UserServiceClient<Channel>) {
        let c = self.canaries;
        let request = RegisterUserRequest {
            request_id: c.bad("RegisterUser.request_id, bad"),
            role: Role::Admin.into(),
            email: c.bad("RegisterUser.email, bad"),
            password: c.bad("RegisterUser.password, long").repeat(10),
            first_name: c.bad("RegisterUser.first_name, long").repeat(10),
            last_name: c.bad("RegisterUser.last_name, long").repeat(10),
            phone_number: c.bad("RegisterUser.phone_number, bad"),
        };
        self.refused(users.register_user(self.says(None, request)).await);
        let mut forged = self.says(None, GetUserRequest::default());
        let token = format!("Bearer {}.a.b", c.secret("authorization, forged"));
        forged
            .metadata_mut()
            .insert("authorization", token.parse().expect("text"));
        self.refused(users.get_user(forged).await);
    }
}
