//! Every personal field of every request, one line each, and every way to have it refused.

mod children;
mod logins;
mod medical;
mod trainers;
mod users;

use contracts::common::v1::Role;
use tonic::{Request, Status};

use e2e::{people::User, system::System};

use super::canary::Canaries;

/// Says everything that can be said about somebody, and remembers each refusal.
pub struct Story<'a> {
    pub system: &'a System,
    pub canaries: &'a Canaries,
    pub refusals: Vec<u8>,
}

impl Story<'_> {
    pub async fn tell(&mut self) {
        let (parent, password) = self.account(Role::Parent).await;
        let (trainer, _) = self.account(Role::Trainer).await;
        let child_id = self.children(&parent).await;
        self.medical(&parent, &child_id).await;
        self.changed_child(&parent, &child_id).await;
        self.trainers(&trainer).await;
        self.logins(&parent, &password).await;
        self.erased(&trainer).await;
    }

    /// A request as it comes through a proxy, of a user or of nobody.
    fn says<T>(&self, user: Option<&User>, message: T) -> Request<T> {
        let mut request = match user {
            Some(user) => user.says(message),
            None => Request::new(message),
        };
        let address = self.canaries.address("x-forwarded-for");
        request
            .metadata_mut()
            .insert("x-forwarded-for", address.parse().expect("text"));
        request
    }

    /// Keeps all that a refusal says.
    fn refused<T>(&mut self, answer: Result<T, Status>) {
        let status = answer.err().expect("it is refused");
        assert_ne!(status.code(), tonic::Code::Internal, "{status:?}");
        self.refusals.extend(format!("{status:?}").into_bytes());
        self.refusals.extend_from_slice(status.details());
    }
}
