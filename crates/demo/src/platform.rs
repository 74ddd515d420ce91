//! The clients of the five services. They repeat calls to a service that is busy.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use contracts::analytics::v1::statistics_service_client::StatisticsServiceClient;
use contracts::common::v1::LogPosition;
use contracts::identity::v1::authentication_service_client::AuthenticationServiceClient;
use contracts::identity::v1::child_service_client::ChildServiceClient;
use contracts::identity::v1::trainer_service_client::TrainerServiceClient;
use contracts::identity::v1::user_service_client::UserServiceClient;
use contracts::log::v1::HeadRequest;
use contracts::log::v1::event_log_service_client::EventLogServiceClient;
use contracts::payments::v1::payment_service_client::PaymentServiceClient;
use contracts::scheduling::v1::location_service_client::LocationServiceClient;
use contracts::scheduling::v1::schedule_service_client::ScheduleServiceClient;
use contracts::scheduling::v1::session_service_client::SessionServiceClient;
use contracts::scheduling::v1::trainer_calendar_service_client::TrainerCalendarServiceClient;
use contracts::ticketing::v1::event_service_client::EventServiceClient;
use contracts::ticketing::v1::ticket_service_client::TicketServiceClient;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Response, Status};

use crate::args::Addresses;
use crate::error::{Attempt as _, DemoError};
use crate::person::Person;

/// How many calls the demo has under way at the same time, except in the rush for tickets.
pub const CONCURRENCY: usize = 16;

/// How often a call to a busy service is tried.
const ATTEMPTS: u32 = 12;

/// The clients of all services. Cheap to clone.
#[derive(Clone)]
pub struct Platform {
    pub users: UserServiceClient<Channel>,
    pub authentication: AuthenticationServiceClient<Channel>,
    pub trainers: TrainerServiceClient<Channel>,
    pub children: ChildServiceClient<Channel>,
    pub locations: LocationServiceClient<Channel>,
    pub calendars: TrainerCalendarServiceClient<Channel>,
    pub schedules: ScheduleServiceClient<Channel>,
    pub sessions: SessionServiceClient<Channel>,
    pub events: EventServiceClient<Channel>,
    pub tickets: TicketServiceClient<Channel>,
    pub payments: PaymentServiceClient<Channel>,
    pub statistics: StatisticsServiceClient<Channel>,
    logs: [(&'static str, EventLogServiceClient<Channel>); 4],
    requests: Arc<AtomicU64>,
}

impl Platform {
    /// Connects to all services.
    pub async fn connect(addresses: &Addresses) -> Result<Self, DemoError> {
        let identity = channel("identity", &addresses.identity).await?;
        let scheduling = channel("scheduling", &addresses.scheduling).await?;
        let ticketing = channel("ticketing", &addresses.ticketing).await?;
        let payments = channel("payments", &addresses.payments).await?;
        let analytics = channel("analytics", &addresses.analytics).await?;
        let log = |channel: &Channel| EventLogServiceClient::new(channel.clone());
        Ok(Self {
            users: UserServiceClient::new(identity.clone()),
            authentication: AuthenticationServiceClient::new(identity.clone()),
            trainers: TrainerServiceClient::new(identity.clone()),
            children: ChildServiceClient::new(identity.clone()),
            locations: LocationServiceClient::new(scheduling.clone()),
            calendars: TrainerCalendarServiceClient::new(scheduling.clone()),
            schedules: ScheduleServiceClient::new(scheduling.clone()),
            sessions: SessionServiceClient::new(scheduling.clone()),
            events: EventServiceClient::new(ticketing.clone()),
            tickets: TicketServiceClient::new(ticketing.clone()),
            payments: PaymentServiceClient::new(payments.clone()),
            statistics: StatisticsServiceClient::new(analytics),
            logs: [
                ("identity", log(&identity)),
                ("scheduling", log(&scheduling)),
                ("ticketing", log(&ticketing)),
                ("payments", log(&payments)),
            ],
            requests: Arc::default(),
        })
    }

    /// Logs a user in by password.
    pub async fn log_in(&self, email: &str, password: &str) -> Result<Person, DemoError> {
        let response = self
            .patiently(|| {
                let mut authentication = self.authentication.clone();
                let request = Person::anonymous(contracts::identity::v1::LoginRequest {
                    email: email.to_owned(),
                    password: password.to_owned(),
                });
                async move { authentication.login(request).await }
            })
            .await
            .attempting(&format!("logging in as {email}"))?;
        Person::new(response.user_id, &response.access_token)
    }

    /// The heads of the four logs. Statistics that are read with these positions include all that has
    /// happened so far.
    pub async fn heads(&self, admin: &Person) -> Result<Vec<LogPosition>, DemoError> {
        let mut heads = Vec::with_capacity(self.logs.len());
        for (service, log) in &self.logs {
            let head = self
                .patiently(|| {
                    let (mut log, request) = (log.clone(), admin.request(HeadRequest {}));
                    async move { log.head(request).await }
                })
                .await
                .attempting(&format!("asking {service} for the head of its log"))?;
            heads.push(LogPosition {
                service: (*service).to_owned(),
                position: head.position,
            });
        }
        Ok(heads)
    }

    /// Makes a call, and makes it again while the service is busy or restarting. That is safe,
    /// because every write carries its request id.
    pub async fn patiently<T, F>(&self, call: impl Fn() -> F) -> Result<T, Status>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let mut pause = Duration::from_millis(50);
        for _ in 1..ATTEMPTS {
            match self.once(call()).await {
                Err(status) if is_passing(status.code()) => tokio::time::sleep(pause).await,
                answer => return answer,
            }
            pause = (pause * 2).min(Duration::from_secs(2));
        }
        self.once(call()).await
    }

    /// Makes a call once and returns the answer as it is.
    pub async fn once<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, Status> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        call.await.map(Response::into_inner)
    }

    /// How many calls were made so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

fn is_passing(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable
            | Code::ResourceExhausted
            | Code::Aborted
            // The answer to a read that has waited ten seconds for its position.
            | Code::DeadlineExceeded
    )
}

async fn channel(service: &'static str, address: &str) -> Result<Channel, DemoError> {
    let endpoint =
        Endpoint::from_shared(address.to_owned()).map_err(|error| DemoError::Address {
            address: address.to_owned(),
            reason: error.to_string(),
        })?;
    endpoint
        .connect_timeout(Duration::from_secs(5))
        .connect()
        .await
        .map_err(|_| DemoError::Unreachable {
            service,
            address: address.to_owned(),
        })
}
