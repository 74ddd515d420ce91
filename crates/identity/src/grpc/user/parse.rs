//! The requests of `UserService`. Every field of a message is taken apart here, so that a new one
//! breaks the build.

use contracts::common::v1::Role as PublicRole;
use contracts::identity::v1 as pb;
use eventsourcing::personal::LookupKey;
use service::{Call, Fields, Page, requests_of_ids};
use tonic::Status;

use crate::accounts::Subject;
use crate::domain::values::{EmailAddress, PhoneNumber, Role, UserId};
use crate::personal::{ClearPhoneChange, ClearUpdate, email_key};
use crate::proofs::Password;
use crate::query::{UserCursor, UserFilter, UserOrder};
use crate::wire;

requests_of_ids! {
    read GetUser of pb::GetUserRequest { user_id: UserId }
    write DeactivateUser of pb::DeactivateUserRequest { user_id: UserId }
    write ReactivateUser of pb::ReactivateUserRequest { user_id: UserId }
}

pub struct RegisterUser {
    pub role: Role,
    pub email: EmailAddress,
    pub password: Password,
    pub first_name: String,
    pub last_name: String,
    pub phone_number: Option<PhoneNumber>,
}

impl TryFrom<&pb::RegisterUserRequest> for RegisterUser {
    type Error = Status;

    fn try_from(request: &pb::RegisterUserRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::RegisterUserRequest {
            request_id: _,
            role,
            email,
            password,
            first_name,
            last_name,
            phone_number,
        } = request;
        let role = open_role(&mut fields, *role);
        let email = fields.check("email", "EMAIL", EmailAddress::parse(email));
        let password = Password::chosen(password);
        let password = fields.check("password", "LENGTH", password);
        let first_name = fields.text("first_name", first_name, 1..=100);
        let last_name = fields.text("last_name", last_name, 1..=100);
        let phone_number = match phone_number.as_str() {
            "" => None,
            number => fields.check("phone_number", "PHONE_NUMBER", PhoneNumber::parse(number)),
        };
        let ((role, email), password) = fields.finish_with(role.zip(email).zip(password))?;
        Ok(Self {
            role,
            email,
            password,
            first_name,
            last_name,
            phone_number,
        })
    }
}

fn open_role(fields: &mut Fields, role: i32) -> Option<Role> {
    let role = user_role(role).filter(|role| *role != Role::Admin);
    if role.is_none() {
        fields.violation("role", "ROLE", "must be ROLE_PARENT or ROLE_TRAINER");
    }
    role
}

pub struct ListUsers {
    pub filter: UserFilter,
    pub page: Page<UserCursor>,
}

impl ListUsers {
    /// An address is looked for by its key.
    pub fn of(
        request: &pb::ListUsersRequest,
        lookup: &LookupKey,
        call: &Call,
    ) -> Result<Self, Status> {
        let pb::ListUsersRequest {
            role,
            active,
            email,
            created_from,
            created_before,
            order,
            descending,
            page_size: _,
            page_token: _,
            min_position: _,
        } = request;
        let (order, descending) = (*order, *descending);
        let mut fields = Fields::new();
        let email = match email.as_str() {
            "" => None,
            text => fields.check("email", "EMAIL", EmailAddress::parse(text)),
        };
        let order = order_of(&mut fields, order);
        let only = user_role(*role);
        if only.is_none() && *role != PublicRole::Unspecified as i32 {
            let expected = "must be ROLE_ADMIN, ROLE_TRAINER or ROLE_PARENT, or left out";
            fields.violation("role", "ROLE", expected);
        }
        let filter = UserFilter {
            role: only,
            active: *active,
            email_key: email.map(|email| email_key(lookup, &email)),
            created_from: fields.optional_timestamp("created_from", created_from.as_ref()),
            created_before: fields.optional_timestamp("created_before", created_before.as_ref()),
            order,
            descending,
        };
        let page = fields.page(call, request);
        fields.finish()?;
        Ok(Self { filter, page })
    }
}

fn order_of(fields: &mut Fields, order: i32) -> UserOrder {
    match pb::UserOrder::try_from(order) {
        Ok(pb::UserOrder::LastLoginAt) => UserOrder::LastLogin,
        Ok(pb::UserOrder::Unspecified | pb::UserOrder::CreatedAt) => UserOrder::Created,
        Err(_) => {
            fields.violation("order", "ENUM", "must be one of the documented values");
            UserOrder::Created
        }
    }
}

pub struct UpdateUser {
    pub user_id: UserId,
    pub update: ClearUpdate,
}

impl TryFrom<&pb::UpdateUserRequest> for UpdateUser {
    type Error = Status;

    fn try_from(request: &pb::UpdateUserRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::UpdateUserRequest {
            request_id: _,
            user_id,
            first_name,
            last_name,
            phone_number,
        } = request;
        let user_id = fields.id("user_id", user_id);
        let mut name = |field, text: &Option<String>| {
            let text = text.as_ref();
            text.map(|text| fields.text(field, text, 1..=100))
        };
        let (first_name, last_name) =
            (name("first_name", first_name), name("last_name", last_name));
        let phone_number = phone_number.as_ref();
        let update = ClearUpdate {
            first_name,
            last_name,
            phone_number: phone_number.and_then(|text| phone_change(&mut fields, text)),
        };
        fields.finish()?;
        Ok(Self { user_id, update })
    }
}

fn phone_change(fields: &mut Fields, text: &str) -> Option<ClearPhoneChange> {
    if text.trim().is_empty() {
        return Some(ClearPhoneChange::Cleared);
    }
    let number = fields.check("phone_number", "PHONE_NUMBER", PhoneNumber::parse(text));
    number.map(ClearPhoneChange::Changed)
}

pub struct ChangeRole {
    pub user_id: UserId,
    pub role: Role,
}

impl TryFrom<&pb::ChangeRoleRequest> for ChangeRole {
    type Error = Status;

    fn try_from(request: &pb::ChangeRoleRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::ChangeRoleRequest {
            request_id: _,
            user_id,
            role,
        } = request;
        let user_id = fields.id("user_id", user_id);
        let role = user_role(*role);
        if role.is_none() {
            let expected = "must be ROLE_ADMIN, ROLE_TRAINER or ROLE_PARENT";
            fields.violation("role", "ROLE", expected);
        }
        let role = fields.finish_with(role)?;
        Ok(Self { user_id, role })
    }
}

fn user_role(role: i32) -> Option<Role> {
    let role = PublicRole::try_from(role).ok();
    role.and_then(wire::role_of)
}

pub struct ExportSubject {
    pub user_id: UserId,
}

impl TryFrom<&pb::ExportSubjectRequest> for ExportSubject {
    type Error = Status;

    fn try_from(request: &pb::ExportSubjectRequest) -> Result<Self, Status> {
        let pb::ExportSubjectRequest { user_id } = request;
        let mut fields = Fields::new();
        let user_id = fields.id("user_id", user_id);
        fields.finish()?;
        Ok(Self { user_id })
    }
}

pub struct EraseSubject {
    pub subject: Subject,
}

impl TryFrom<&pb::EraseSubjectRequest> for EraseSubject {
    type Error = Status;

    fn try_from(request: &pb::EraseSubjectRequest) -> Result<Self, Status> {
        let mut fields = Fields::of(request);
        let pb::EraseSubjectRequest {
            request_id: _,
            user_id,
            child_id,
        } = request;
        let subject = subject(&mut fields, user_id, child_id);
        fields.finish()?;
        Ok(Self { subject })
    }
}

pub struct FinishErasure {
    pub subject: Subject,
}

impl TryFrom<&pb::FinishErasureRequest> for FinishErasure {
    type Error = Status;

    fn try_from(request: &pb::FinishErasureRequest) -> Result<Self, Status> {
        let pb::FinishErasureRequest {
            request_id,
            user_id,
            child_id,
        } = request;
        let (mut fields, _) = Fields::unrecorded(request_id);
        let subject = subject(&mut fields, user_id, child_id);
        fields.finish()?;
        Ok(Self { subject })
    }
}

fn subject(fields: &mut Fields, user_id: &str, child_id: &str) -> Subject {
    if !user_id.is_empty() && !child_id.is_empty() {
        let expected = "must be left out when user_id is given";
        fields.violation("child_id", "ONE_OF", expected);
    }
    if child_id.is_empty() {
        Subject::User(fields.id("user_id", user_id))
    } else {
        Subject::Child(fields.id("child_id", child_id))
    }
}
