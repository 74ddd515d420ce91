//! What is asked of accounts that are open already.

use contracts::{
    common::v1::{LogPosition, Role as PublicRole},
    identity::v1::{
        ChangeRoleRequest, DeactivateUserRequest, ListUsersRequest, ReactivateUserRequest,
        UpdateUserRequest, UserOrder,
    },
};
use eventsourcing::Context;
use service::{Call, Fields, Page, context};
use tonic::Status;

use super::own_or_admin;
use crate::{
    domain::values::{EmailAddress, PhoneNumber, Role, UserId},
    personal::{ClearPhoneChange, ClearUpdate},
    query::users::{Cursor, Filter, Order},
};

/// Somebody else's account does not exist to the caller, unless they are an admin.
pub fn update_user(
    call: &Call,
    request: UpdateUserRequest,
) -> Result<(Context, UserId, ClearUpdate), Status> {
    let covered = request.clone();
    let UpdateUserRequest {
        request_id: _,
        user_id,
        first_name,
        last_name,
        phone_number,
    } = request;
    let mut fields = Fields::of(&covered);
    let user_id = fields.id::<uuid::Uuid>("user_id", &user_id);
    let mut name =
        |field, text: Option<String>| text.map(|text| fields.text(field, &text, 1..=100));
    let update = ClearUpdate {
        first_name: name("first_name", first_name),
        last_name: name("last_name", last_name),
        phone_number: phone_number.and_then(|text| phone_change(&mut fields, &text)),
    };
    fields.finish()?;
    own_or_admin(call, user_id, "user")?;
    let context = context(call, &covered)?;
    Ok((context, user_id.into(), update))
}

fn phone_change(fields: &mut Fields, text: &str) -> Option<ClearPhoneChange> {
    if text.trim().is_empty() {
        return Some(ClearPhoneChange::Cleared);
    }
    let number = fields.check("phone_number", "PHONE_NUMBER", PhoneNumber::parse(text));
    number.map(ClearPhoneChange::Changed)
}

/// Admins alone get here.
pub fn change_role(
    call: &Call,
    request: ChangeRoleRequest,
) -> Result<(Context, UserId, Role), Status> {
    let covered = request.clone();
    let ChangeRoleRequest {
        request_id: _,
        user_id,
        role,
    } = request;
    let mut fields = Fields::of(&covered);
    let user_id = fields.id::<UserId>("user_id", &user_id);
    let role = user_role(role);
    if role.is_none() {
        let expected = "must be ROLE_ADMIN, ROLE_TRAINER or ROLE_PARENT";
        fields.violation("role", "ROLE", expected);
    }
    let role = fields.finish_with(role)?;
    let context = context(call, &covered)?;
    Ok((context, user_id, role))
}

/// Admins alone get here.
pub fn deactivate_user(
    call: &Call,
    request: DeactivateUserRequest,
) -> Result<(Context, UserId), Status> {
    let covered = request.clone();
    let DeactivateUserRequest {
        request_id: _,
        user_id,
    } = request;
    let mut fields = Fields::of(&covered);
    let user_id = fields.id::<UserId>("user_id", &user_id);
    fields.finish()?;
    Ok((context(call, &covered)?, user_id))
}

/// Admins alone get here.
pub fn reactivate_user(
    call: &Call,
    request: ReactivateUserRequest,
) -> Result<(Context, UserId), Status> {
    let covered = request.clone();
    let ReactivateUserRequest {
        request_id: _,
        user_id,
    } = request;
    let mut fields = Fields::of(&covered);
    let user_id = fields.id::<UserId>("user_id", &user_id);
    fields.finish()?;
    Ok((context(call, &covered)?, user_id))
}

/// Which accounts, in which order, and which page of them.
pub fn list_users(
    request: ListUsersRequest,
    email_key: impl Fn(&EmailAddress) -> String,
) -> Result<(Filter, Page<Cursor>, Option<LogPosition>), Status> {
    let ListUsersRequest {
        role,
        active,
        email,
        created_from,
        created_before,
        order,
        descending,
        page_size,
        page_token,
        min_position,
    } = request;
    let mut fields = Fields::new();
    let email = match email.as_str() {
        "" => None,
        text => fields.check("email", "EMAIL", EmailAddress::parse(text)),
    };
    let by = match UserOrder::try_from(order) {
        Ok(UserOrder::LastLoginAt) => Order::LastLogin,
        Ok(UserOrder::Unspecified | UserOrder::CreatedAt) => Order::Created,
        Err(_) => {
            fields.violation("order", "ENUM", "must be one of the documented values");
            Order::Created
        }
    };
    let only = user_role(role);
    if only.is_none() && role != PublicRole::Unspecified as i32 {
        let expected = "must be ROLE_ADMIN, ROLE_TRAINER or ROLE_PARENT, or left out";
        fields.violation("role", "ROLE", expected);
    }
    let filter = Filter {
        role: only,
        active,
        email_key: email.as_ref().map(email_key),
        created_from: fields.optional_timestamp("created_from", created_from.as_ref()),
        created_before: fields.optional_timestamp("created_before", created_before.as_ref()),
        order: by,
        descending,
    };
    let page: Page<Cursor> = fields.page(page_size, &page_token);
    let fits = |cursor: &Cursor| cursor.order == by && cursor.descending == descending;
    if !page.after.as_ref().is_none_or(fits) {
        let expected = "must be a next_page_token of the same list, or empty";
        fields.violation("page_token", "PAGE_TOKEN", expected);
    }
    fields.finish()?;
    Ok((filter, page, min_position))
}

fn user_role(role: i32) -> Option<Role> {
    match PublicRole::try_from(role) {
        Ok(PublicRole::Admin) => Some(Role::Admin),
        Ok(PublicRole::Trainer) => Some(Role::Trainer),
        Ok(PublicRole::Parent) => Some(Role::Parent),
        Ok(PublicRole::Unspecified | PublicRole::Service) | Err(_) => None,
    }
}
