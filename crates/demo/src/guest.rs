//! The guest: a parent who continues a login, has a child erased and logs out.

use contracts::common::v1::{ErrorReason, Role};
use contracts::identity::v1::{
    EraseSubjectRequest, GetChildRequest, LoginRequest, LogoutRequest, RefreshTokenRequest,
};
use tonic::{Code, Status};

use crate::error::{Attempt as _, DemoError, reason};
use crate::person::Person;
use crate::plan::Plan;
use crate::platform::Platform;
use crate::setup::{self, PASSWORD, registration, request_id};
use crate::tally::Tally;

/// Registers the guest, continues the login with its refresh token, has a child of the guest erased
/// and logs the guest out.
pub async fn play(platform: &Platform, plan: &Plan, tally: &Tally) -> Result<(), DemoError> {
    let email = format!("guest.{}@demo.example.org", plan.run);
    let message = registration(&email, Role::Parent);
    platform
        .patiently(|| {
            let mut users = platform.users.clone();
            let request = Person::anonymous(message.clone());
            async move { users.register_user(request).await }
        })
        .await
        .attempting("registering a guest")?;
    let login = platform
        .patiently(|| {
            let mut authentication = platform.authentication.clone();
            let request = Person::anonymous(LoginRequest {
                email: email.clone(),
                password: PASSWORD.to_owned(),
            });
            async move { authentication.login(request).await }
        })
        .await
        .attempting("logging a guest in")?;
    tally.user(&login.user_id);

    let next = refresh(platform, &login.refresh_token)
        .await
        .attempting("continuing a login")?;
    let guest = Person::new(next.user_id.clone(), &next.access_token)?;
    tally.promise(
        "a login is continued by its refresh token, which changes",
        next.login_id == login.login_id && next.refresh_token != login.refresh_token,
        format!("login {}", next.login_id),
    );
    forget_a_child(platform, &guest, tally).await?;
    leave(platform, &guest, &next.refresh_token, tally).await
}

async fn refresh(
    platform: &Platform,
    token: &str,
) -> Result<contracts::identity::v1::RefreshTokenResponse, Status> {
    let mut authentication = platform.authentication.clone();
    let request = Person::anonymous(RefreshTokenRequest {
        refresh_token: token.to_owned(),
    });
    platform.once(authentication.refresh_token(request)).await
}

/// Adds a child and has it erased. The guest must get a certificate of the erasure, and nobody may
/// read the name of the child afterwards.
async fn forget_a_child(
    platform: &Platform,
    guest: &Person,
    tally: &Tally,
) -> Result<(), DemoError> {
    let child_id = setup::child(platform, guest, "Guest", 0).await?;
    let message = EraseSubjectRequest {
        request_id: request_id(),
        user_id: String::new(),
        child_id: child_id.clone(),
    };
    let erased = platform
        .patiently(|| {
            let mut users = platform.users.clone();
            let request = guest.request(message.clone());
            async move { users.erase_subject(request).await }
        })
        .await
        .attempting("having a child erased")?;
    let certificate = erased
        .certificate
        .ok_or(DemoError::Incomplete("the certificate of an erasure"))?;
    tally.promise(
        "an erasure destroys keys and is certified",
        !certificate.keys.is_empty() && !certificate.signature.is_empty(),
        format!("{} keys", certificate.keys.len()),
    );
    let mut children = platform.children.clone();
    let request = guest.request(GetChildRequest {
        child_id,
        min_position: erased.position,
    });
    let left = match platform.once(children.get_child(request)).await {
        Ok(answer) => answer.child.map(|child| child.first_name),
        Err(status) if status.code() == Code::NotFound => None,
        Err(status) => return Err(status).attempting("looking for an erased child"),
    };
    tally.promise(
        "of an erased child no name is left",
        left.as_deref().unwrap_or_default().is_empty(),
        left.map_or("not found", |_| "no name"),
    );
    Ok(())
}

/// Logs the guest out. The refresh token must be refused afterwards.
async fn leave(
    platform: &Platform,
    guest: &Person,
    refresh_token: &str,
    tally: &Tally,
) -> Result<(), DemoError> {
    let message = LogoutRequest {
        request_id: request_id(),
        login_id: String::new(),
    };
    platform
        .patiently(|| {
            let mut authentication = platform.authentication.clone();
            let request = guest.request(message.clone());
            async move { authentication.logout(request).await }
        })
        .await
        .attempting("logging out")?;
    let refused = refresh(platform, refresh_token).await.err();
    tally.promise(
        "refused: continuing a login that was ended",
        refused.as_ref().and_then(reason) == Some(ErrorReason::RefreshTokenInvalid),
        refused.map_or("accepted".to_owned(), |status| {
            format!("{:?}", status.code())
        }),
    );
    Ok(())
}
