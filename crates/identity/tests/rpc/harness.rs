use std::{net::SocketAddr, time::Duration};

use ::testing::{Database, usd};
use chrono::Utc;
use contracts::{
    common::v1::{LogPosition, Role},
    google::r#type::Date,
    identity::v1::{
        AddChildRequest, AdditionalSource, CreateTrainerRequest, LoginRequest, LoginResponse,
        RegisterUserRequest, SkillLevel, TrainerContacts,
        authentication_service_client::AuthenticationServiceClient,
        child_medical_service_client::ChildMedicalServiceClient,
        child_service_client::ChildServiceClient, email_service_client::EmailServiceClient,
        key_service_client::KeyServiceClient, trainer_service_client::TrainerServiceClient,
        user_service_client::UserServiceClient,
    },
};
use eventsourcing::{EventLog, Projector};
use identity::{
    IdentitySettings, MailSettings, NewAdmin, Resources,
    internals::{BookingFeed, Projectors, Servers, UpcomingBookings},
};
use service::{
    MasterKeyText, Metrics, Verifier,
    auth::{KeyPair, ServiceSigner, fetch_from_identity},
    guard::Guard,
    server::{Server, ServerParts},
};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    Request, Status,
    metadata::MetadataValue,
    service::{Interceptor, RoutesBuilder, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

pub use ::testing::{reason, request_id as id};

use crate::bookings::Bookings;

/// Base64 of 32 bytes.
pub const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
pub const PASSWORD: &str = "correct horse battery";
pub const PHONE: &str = "+12025550123";

/// Identity, running on a database of its own. Dropping it ends the service and the database.
pub struct Harness {
    pub channel: Channel,
    pub log: EventLog,
    pub key: KeyPair,
    pub parts: Resources,
    pub service_key: KeyPair,
    pub address: SocketAddr,
    pub bookings: Bookings,
    stop: CancellationToken,
    _guard: DropGuard,
    pub database: Database,
}

/// A user with a token.
#[derive(Clone)]
pub struct Account {
    pub user_id: String,
    pub bearer: Bearer,
    pub position: Option<LogPosition>,
}

/// Puts a token on every call; none when empty.
#[derive(Clone, Default)]
pub struct Bearer(pub String);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if !self.0.is_empty() {
            let value = MetadataValue::try_from(format!("Bearer {}", self.0));
            let value = value.map_err(|error| Status::internal(error.to_string()))?;
            request.metadata_mut().insert("authorization", value);
        }
        Ok(request)
    }
}

pub type Intercepted = InterceptedService<Channel, Bearer>;

impl Harness {
    pub async fn start() -> Self {
        let harness = Self::without_projectors().await;
        harness.project();
        harness
    }

    /// Keeps the read tables up to date from here on.
    pub fn project(&self) {
        let Projectors {
            users,
            trainers,
            children,
        } = Projectors::new(&self.log, &self.database.pool());
        let stop = self.stop.clone();
        let (one, two, three) = (stop.clone(), stop.clone(), stop);
        tokio::spawn(async move { users.run(one).await });
        tokio::spawn(async move { trainers.run(two).await });
        tokio::spawn(async move { children.run(three).await });
        let bookings = self.bookings_projector();
        let four = self.stop.clone();
        tokio::spawn(async move { bookings.run(four).await });
    }

    pub async fn without_projectors() -> Self {
        Self::with_mail(MailSettings::default()).await
    }

    /// No projector runs.
    pub async fn with_mail(mail: MailSettings) -> Self {
        let database = Database::of(&identity::definition()).await;
        let log = database.log().await;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let channel = channel_to(address);
        let stop = CancellationToken::new();
        let settings = IdentitySettings {
            master_key: Some(MasterKeyText::parse(MASTER_KEY).unwrap()),
            mail,
            ..IdentitySettings::default()
        };
        let parts = Resources::new(&log, &database.pool(), &settings)
            .await
            .unwrap();
        let key = parts.keys.current(Utc::now()).await.unwrap();
        let service_key = KeyPair::generate().unwrap();
        let bookings = Bookings::new();
        let servers = Servers::new(&parts, &ahead(&parts, &bookings)).unwrap();
        serve(servers, &service_key, listener, &channel, stop.clone()).await;
        Self {
            channel,
            log,
            key,
            parts,
            service_key,
            address,
            bookings,
            stop: stop.clone(),
            _guard: stop.drop_guard(),
            database,
        }
    }

    /// The end of the log.
    pub async fn head(&self) -> LogPosition {
        LogPosition {
            service: identity::NAME.to_owned(),
            position: self.log.head().await.unwrap(),
        }
    }

    pub fn users(&self, bearer: &Bearer) -> UserServiceClient<Intercepted> {
        UserServiceClient::with_interceptor(self.channel.clone(), bearer.clone())
    }

    pub fn trainers(&self, bearer: &Bearer) -> TrainerServiceClient<Intercepted> {
        TrainerServiceClient::with_interceptor(self.channel.clone(), bearer.clone())
    }

    pub fn children(&self, bearer: &Bearer) -> ChildServiceClient<Intercepted> {
        ChildServiceClient::with_interceptor(self.channel.clone(), bearer.clone())
    }

    pub fn emails(&self, bearer: &Bearer) -> EmailServiceClient<Intercepted> {
        EmailServiceClient::with_interceptor(self.channel.clone(), bearer.clone())
    }

    pub fn authentication(&self, bearer: &Bearer) -> AuthenticationServiceClient<Intercepted> {
        AuthenticationServiceClient::with_interceptor(self.channel.clone(), bearer.clone())
    }

    /// Shows the token of a service.
    pub fn service(&self) -> Bearer {
        Bearer(ServiceSigner::new(identity::NAME, self.service_key.clone()).token())
    }

    pub fn child_medical(&self, bearer: &Bearer) -> ChildMedicalServiceClient<Intercepted> {
        ChildMedicalServiceClient::with_interceptor(self.channel.clone(), bearer.clone())
    }

    pub fn bookings_projector(&self) -> Projector<identity::internals::Bookings> {
        let feeds = ahead(&self.parts, &self.bookings).feeds();
        Projector::new(identity::internals::Bookings, self.database.pool(), feeds)
    }

    pub fn keys(&self) -> KeyServiceClient<Channel> {
        KeyServiceClient::new(self.channel.clone())
    }

    pub async fn login(&self, email: &str, password: &str) -> Result<LoginResponse, Status> {
        let request = LoginRequest {
            email: email.to_owned(),
            password: password.to_owned(),
        };
        self.authentication(&Bearer::default())
            .login(request)
            .await
            .map(tonic::Response::into_inner)
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
        let mut users = self.users(&Bearer::default());
        users.register_user(request).await.unwrap();
        self.logged_in(&email).await
    }

    pub async fn admin(&self) -> Account {
        let admin = NewAdmin {
            email: "root@example.com".to_owned(),
            password: PASSWORD.to_owned(),
            first_name: "Ada".to_owned(),
            last_name: "Root".to_owned(),
        };
        identity::create_admin(&self.parts, admin).await.unwrap();
        self.logged_in("root@example.com").await
    }

    async fn logged_in(&self, email: &str) -> Account {
        let login = self.login(email, PASSWORD).await.unwrap();
        Account {
            user_id: login.user_id,
            bearer: Bearer(login.access_token),
            position: login.position,
        }
    }
}

fn channel_to(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect_lazy()
}

/// What lies ahead by the stand-ins.
pub fn ahead(parts: &Resources, bookings: &Bookings) -> UpcomingBookings {
    let scheduling: BookingFeed = bookings.scheduling.clone();
    let ticketing: BookingFeed = bookings.ticketing.clone();
    UpcomingBookings::new(&parts.pool, [scheduling, ticketing])
}

async fn serve(
    servers: Servers,
    service_key: &KeyPair,
    listener: TcpListener,
    channel: &Channel,
    stop: CancellationToken,
) {
    let mut routes = RoutesBuilder::default();
    routes.add_service(servers.users);
    routes.add_service(servers.authentication);
    routes.add_service(servers.trainers);
    routes.add_service(servers.children);
    routes.add_service(servers.emails);
    routes.add_service(servers.child_medical);
    routes.add_service(servers.keys);
    let verifier = Verifier::new(service_key, fetch_from_identity(channel.clone()));
    let metrics = Metrics::new(identity::NAME);
    let guard = Guard::new(
        &contracts::CONTRACT,
        identity::NAME,
        verifier,
        metrics.clone(),
        1_024,
        Duration::from_mins(1),
    );
    let parts = ServerParts::new(routes.routes(), Vec::new(), guard, &metrics);
    Server::start(parts, listener, stop).await.unwrap();
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
