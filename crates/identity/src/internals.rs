//! What the tests in `tests/rpc` drive by hand: commands given to an aggregate directly, feeds,
//! projectors and senders that are stepped, and tables that are looked at. Nobody else needs it.

use contracts::identity::v1::authentication_service_server::AuthenticationServiceServer;
use contracts::identity::v1::child_medical_service_server::ChildMedicalServiceServer;
use contracts::identity::v1::child_service_server::ChildServiceServer;
use contracts::identity::v1::email_service_server::EmailServiceServer;
use contracts::identity::v1::key_service_server::KeyServiceServer;
use contracts::identity::v1::trainer_service_server::TrainerServiceServer;
use contracts::identity::v1::user_service_server::UserServiceServer;

use crate::{
    Passwords, Resources,
    accounts::Accounts,
    grpc::{
        AuthenticationRpcs, ChildMedicalRpcs, ChildRpcs, EmailRpcs, KeyRpcs, TrainerRpcs, UserRpcs,
    },
    proofs::HashingError,
};

pub use crate::{
    domain::{
        IdentityLogEvent,
        child::{Acting, Action, Child, ChildCommand},
        trainer::{Trainer, TrainerCommand},
        user::{Admins, Deactivate, LogIn, Reactivate, User, UserCommand},
        values::{EmailAddress, PhoneNumber, UserId, medical_subject},
    },
    mail::{MailError, NewMail, NewText, Outbox, Patience, Resent, Sender, Template, Transport},
    process::Erasure,
    projector::{
        Projectors,
        availability::{Availability, AvailabilityEvent, TrainerLocationRow, TrainerSlotRow},
        bookings::{BookingEvent, Bookings},
    },
    proofs::{
        attempts::{AttemptError, Attempts, Sort, Tried},
        authentication::{forget, logins_of},
        logins::Exchange,
        sweep::sweep,
    },
    reference::{BookingFeed, UpcomingBookings},
    signing::SigningKeys,
};

/// The proto services of identity, ready to be served.
pub struct Servers {
    pub users: UserServiceServer<UserRpcs>,
    pub authentication: AuthenticationServiceServer<AuthenticationRpcs>,
    pub trainers: TrainerServiceServer<TrainerRpcs>,
    pub children: ChildServiceServer<ChildRpcs>,
    pub emails: EmailServiceServer<EmailRpcs>,
    pub child_medical: ChildMedicalServiceServer<ChildMedicalRpcs>,
    pub keys: KeyServiceServer<KeyRpcs>,
}

impl Servers {
    pub fn new(resources: &Resources, upcoming: &UpcomingBookings) -> Result<Self, HashingError> {
        let passwords = Passwords::new()?;
        let accounts = Accounts::new(resources, passwords.clone());
        let users = UserRpcs::on(resources, &accounts, upcoming);
        let authentication = AuthenticationRpcs::on(resources, passwords);
        let children = ChildRpcs::on(resources, &accounts, upcoming);
        let child_medical = ChildMedicalRpcs::on(resources, upcoming);
        Ok(Self {
            users: UserServiceServer::new(users),
            authentication: AuthenticationServiceServer::new(authentication),
            trainers: TrainerServiceServer::new(TrainerRpcs::on(resources, &accounts)),
            children: ChildServiceServer::new(children),
            emails: EmailServiceServer::new(EmailRpcs::on(resources)),
            child_medical: ChildMedicalServiceServer::new(child_medical),
            keys: KeyServiceServer::new(KeyRpcs::on(resources)),
        })
    }
}
