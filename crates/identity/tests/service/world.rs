//! Identity between scheduling and ticketing, and the people who use it.

use std::ops::{Deref, DerefMut};

use chrono::Utc;
use contracts::{
    common::v1::Role,
    google::r#type::Date,
    identity::v1::{
        AddChildRequest, AdditionalSource, CreateTrainerRequest, ListSigningKeysRequest,
        LoginRequest, LoginResponse, RegisterUserRequest, SigningKey, SkillLevel, TrainerContacts,
        key_service_client::KeyServiceClient,
    },
};
use identity::{IdentitySettings, MailSettings, NewAdmin, Resources};
use service::{MasterKeyText, auth::KeyPair};
use testing::{Caller, usd};
use tokio::sync::OnceCell;
use tonic::Status;

pub use testing::{reason, request_id as id};

pub const PASSWORD: &str = "correct horse battery";
pub const PHONE: &str = "+12025550123";
/// Base64 of 32 bytes.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A user who has logged in.
pub type Account = LoginResponse;

/// Identity, running.
pub struct World {
    world: ::testing::World,
    pub settings: IdentitySettings,
    resources: OnceCell<Resources>,
}

impl Deref for World {
    type Target = ::testing::World;

    fn deref(&self) -> &Self::Target {
        &self.world
    }
}

impl DerefMut for World {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.world
    }
}

impl World {
    /// Where nothing can be sent, so that mail waits in the outbox.
    pub async fn start() -> Self {
        Self::with_mail(MailSettings::default()).await
    }

    /// Where mail leaves like this.
    pub async fn with_mail(mail: MailSettings) -> Self {
        let mut world = Self::prepare(["scheduling", "ticketing"], mail).await;
        world.restart().await;
        world
    }

    /// Where scheduling does not answer.
    pub async fn without_scheduling() -> Self {
        let mut world = Self::prepare(["ticketing"], MailSettings::default()).await;
        world.restart().await;
        world
    }

    /// Where identity does not run: what a test drives by hand is alone on the database.
    pub async fn at_rest(mail: MailSettings) -> Self {
        Self::prepare([], mail).await
    }

    async fn prepare<const N: usize>(neighbours: [&'static str; N], mail: MailSettings) -> Self {
        let own = IdentitySettings {
            master_key: MasterKeyText::parse(MASTER_KEY),
            mail,
            ..IdentitySettings::default()
        };
        let setup = ::testing::World::of(identity::definition)
            .with(neighbours)
            .without_broker()
            .adjusted(|settings| {
                settings.set(own.clone());
                // Each costs a start more than it gives to so few calls.
                settings.database_connections = 4;
            });
        Self {
            world: setup.prepare().await,
            settings: own,
            resources: OnceCell::new(),
        }
    }

    /// What an operator's command works with, beside the service and on the same database.
    pub async fn resources(&self) -> &Resources {
        let open = async || {
            let (log, pool) = (self.database().log().await, self.database().pool());
            Resources::new(&log, &pool, &self.settings).await.unwrap()
        };
        self.resources.get_or_init(open).await
    }

    /// The key that signs tokens now.
    pub async fn signing_key(&self) -> KeyPair {
        let keys = &self.resources().await.keys;
        keys.current(Utc::now()).await.unwrap()
    }

    /// The keys that the service lists.
    pub async fn listed_keys(&self, include_retired: bool) -> Vec<SigningKey> {
        let request = ListSigningKeysRequest { include_retired };
        let mut keys = KeyServiceClient::new(self.channel());
        let listed = keys.list_signing_keys(request).await.unwrap();
        listed.into_inner().keys
    }

    pub async fn login(&self, email: &str, password: &str) -> Result<LoginResponse, Status> {
        let request = LoginRequest {
            email: email.to_owned(),
            password: password.to_owned(),
        };
        self.call(Caller::Nobody, request).await
    }

    /// Registers and logs in.
    pub async fn account(&self, role: Role, email: &str) -> Account {
        self.registered(registration(role, email)).await
    }

    /// The same with a telephone number.
    pub async fn account_with_phone(&self, role: Role, email: &str) -> Account {
        self.registered(registration_with_phone(role, email)).await
    }

    async fn registered(&self, request: RegisterUserRequest) -> Account {
        let email = request.email.clone();
        self.call(Caller::Nobody, request).await.unwrap();
        self.login(&email, PASSWORD).await.unwrap()
    }

    pub async fn admin(&self) -> Account {
        let admin = NewAdmin {
            email: "root@example.com".to_owned(),
            password: PASSWORD.to_owned(),
            first_name: "Ada".to_owned(),
            last_name: "Root".to_owned(),
        };
        let resources = self.resources().await;
        identity::create_admin(resources, admin).await.unwrap();
        self.login("root@example.com", PASSWORD).await.unwrap()
    }
}

/// Without a telephone number: the first one that a process sees makes it read the world's
/// numbering plans.
pub fn registration(role: Role, email: &str) -> RegisterUserRequest {
    RegisterUserRequest {
        request_id: id(),
        role: role.into(),
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        first_name: "Anna".to_owned(),
        last_name: "Berg".to_owned(),
        phone_number: String::new(),
    }
}

/// With a telephone number.
pub fn registration_with_phone(role: Role, email: &str) -> RegisterUserRequest {
    RegisterUserRequest {
        phone_number: PHONE.to_owned(),
        ..registration(role, email)
    }
}

pub fn profile(last_name: &str) -> CreateTrainerRequest {
    CreateTrainerRequest {
        request_id: id(),
        user_id: String::new(),
        first_name: "Tara".to_owned(),
        last_name: last_name.to_owned(),
        bio: "Left back.".to_owned(),
        experience: "Ten years.".to_owned(),
        photos: vec!["https://example.com/tara.jpg".to_owned()],
        price_per_hour: Some(usd(8_000)),
        session_duration_minutes: 60,
        external: true,
        contacts: Some(TrainerContacts {
            email: "tara@example.com".to_owned(),
            phone_number: "+1 202 555 0123".to_owned(),
        }),
        additional_sources: vec![AdditionalSource {
            title: "Club".to_owned(),
            url: "https://club.example.com/tara".to_owned(),
        }],
    }
}

pub fn child(first_name: &str) -> AddChildRequest {
    AddChildRequest {
        request_id: id(),
        guardian_consent: true,
        first_name: first_name.to_owned(),
        last_name: "Berg".to_owned(),
        birthdate: Some(Date {
            year: 2016,
            month: 2,
            day: 29,
        }),
        skill_level: SkillLevel::Advanced.into(),
        specify: "Plays two years up.".to_owned(),
        team: "Harbour United".to_owned(),
        ..Default::default()
    }
}

/// The fields that a request was refused for.
pub fn fields(status: &Status) -> Vec<String> {
    assert_eq!(reason(status), "INVALID_FIELDS");
    ::testing::fields(status)
}
