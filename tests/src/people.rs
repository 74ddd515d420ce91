//! The users of the journeys, and what each of them does through gRPC.

use chrono::{Days, NaiveTime, TimeZone, Utc};
use contracts::{
    common::v1::{LogPosition, Money, Role},
    google::r#type::Date,
    identity::v1::{
        AddChildRequest, CreateTrainerRequest, LoginRequest, RegisterUserRequest, SkillLevel,
        authentication_service_client::AuthenticationServiceClient,
        child_service_client::ChildServiceClient, trainer_service_client::TrainerServiceClient,
        user_service_client::UserServiceClient,
    },
    payments::{
        events::v1::PayableKind,
        v1::{
            CreatePaymentRequest, CreatePaymentResponse, GetPaymentRequest, Payment, PaymentState,
            payment_service_client::PaymentServiceClient,
        },
    },
    scheduling::v1::{
        AssignTrainerLocationRequest, BookSessionRequest, BookSessionResponse,
        CreateLocationRequest, GetSessionRequest, LocalTimes, OpenScheduleRequest, Session,
        SessionState, SingleSlot, SlotRule, location_service_client::LocationServiceClient,
        schedule_service_client::ScheduleServiceClient,
        session_service_client::SessionServiceClient, slot_rule::Rule,
        trainer_calendar_service_client::TrainerCalendarServiceClient,
    },
    ticketing::v1::{
        CreateEventRequest, EventType, HoldTicketsRequest, HoldTicketsResponse, ListTicketsRequest,
        NewTier, PublishEventRequest, Ticket, TicketLine, event_service_client::EventServiceClient,
        ticket_service_client::TicketServiceClient,
    },
    wire::{date, timestamp},
};
use service::auth::{KeyPair, ServiceSigner};
use tonic::{Request, Status, transport::Channel};
use uuid::Uuid;
use values::Zone;

use crate::system::{System, eventually};

pub const ZONE: &str = "America/New_York";
/// What everybody registers with.
pub const PASSWORD: &str = "correct horse battery staple";

pub fn id() -> String {
    Uuid::now_v7().to_string()
}

pub fn dollars(amount: i64) -> Money {
    Money {
        currency_code: "USD".to_owned(),
        minor_units: amount * 100,
    }
}

/// The civil date so many days from now in [`ZONE`].
pub fn day(days: u64) -> Date {
    let today = Utc::now().with_timezone(&Zone::new_york()).date_naive();
    date(today + Days::new(days))
}

/// Somebody who is logged in.
#[derive(Clone)]
pub struct User {
    pub id: String,
    pub email: String,
    /// The login, which a refresh token continues.
    pub login_id: String,
    token: String,
}

impl User {
    /// A service, by a token signed with the deployment's service key.
    pub fn service(system: &System, name: &str) -> Self {
        let key = KeyPair::from_text(&system.service_key()).expect("the service key");
        Self {
            id: String::new(),
            email: String::new(),
            login_id: String::new(),
            token: ServiceSigner::new(name, key).token(),
        }
    }

    /// A request in this user's name.
    pub fn says<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert(
            "authorization",
            format!("Bearer {}", self.token).parse().expect("a token"),
        );
        request
    }
}

pub async fn login(system: &System, email: &str, password: &str) -> User {
    login_over(system.channel("identity"), email, password).await
}

/// The same over a connection that is there already.
pub async fn login_over(identity: Channel, email: &str, password: &str) -> User {
    let request = LoginRequest {
        email: email.to_owned(),
        password: password.to_owned(),
    };
    let answer = AuthenticationServiceClient::new(identity)
        .login(request)
        .await
        .expect("login")
        .into_inner();
    User {
        id: answer.user_id,
        email: email.to_owned(),
        login_id: answer.login_id,
        token: answer.access_token,
    }
}

pub async fn admin(system: &System) -> User {
    let (email, password) = system.admin();
    login(system, &email, &password).await
}

/// Opens an account and logs in.
pub async fn register(system: &System, role: Role) -> User {
    register_over(system.channel("identity"), role).await
}

/// The same over a connection that is there already.
pub async fn register_over(identity: Channel, role: Role) -> User {
    let email = address();
    UserServiceClient::new(identity.clone())
        .register_user(registration(&email, role))
        .await
        .expect("registration");
    login_over(identity, &email, PASSWORD).await
}

/// An address that nobody has.
pub fn address() -> String {
    format!("{}@example.org", Uuid::now_v7().simple())
}

/// What opens an account.
pub fn registration(email: &str, role: Role) -> RegisterUserRequest {
    RegisterUserRequest {
        request_id: id(),
        role: role.into(),
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        first_name: "Ada".to_owned(),
        last_name: "Lane".to_owned(),
        phone_number: String::new(),
    }
}

/// A parent with children.
#[derive(Clone)]
pub struct Parent {
    pub user: User,
    pub children: Vec<String>,
}

pub async fn parent(system: &System, children: usize) -> Parent {
    let user = register(system, Role::Parent).await;
    with_children(system, user, children).await
}

/// Gives somebody so many children.
pub async fn with_children(system: &System, user: User, children: usize) -> Parent {
    let mut parent = Parent {
        user,
        children: Vec::new(),
    };
    for _ in 0..children {
        let child = add_child(system, &parent.user, id())
            .await
            .expect("a child");
        parent.children.push(child);
    }
    parent
}

pub async fn add_child(
    system: &System,
    parent: &User,
    request_id: String,
) -> Result<String, Status> {
    let answer = ChildServiceClient::new(system.channel("identity"))
        .add_child(parent.says(child(request_id)))
        .await?;
    Ok(answer.into_inner().child_id)
}

/// What adds a child.
pub fn child(request_id: String) -> AddChildRequest {
    AddChildRequest {
        request_id,
        guardian_consent: true,
        first_name: "Kim".to_owned(),
        last_name: "Lane".to_owned(),
        birthdate: Some(Date {
            year: 2015,
            month: 4,
            day: 2,
        }),
        skill_level: SkillLevel::Beginner.into(),
        ..AddChildRequest::default()
    }
}

/// A trainer at a location, with a window of slots tomorrow and later.
pub struct Trainer {
    pub user: User,
    pub slots: Vec<String>,
    pub position: Option<LogPosition>,
}

pub async fn location(system: &System, admin: &User) -> String {
    let request = CreateLocationRequest {
        request_id: id(),
        name: format!("Field {}", id()),
        time_zone: ZONE.to_owned(),
    };
    let mut locations = LocationServiceClient::new(system.channel("scheduling"));
    locations
        .create_location(admin.says(request))
        .await
        .expect("a location")
        .into_inner()
        .location_id
}

/// A trainer at eighty dollars an hour with so many slots of one hour in two days.
pub async fn trainer(system: &System, admin: &User, slots: u32) -> Trainer {
    let location_id = location(system, admin).await;
    let user = register(system, Role::Trainer).await;
    let mut trainers = TrainerServiceClient::new(system.channel("identity"));
    trainers
        .create_trainer(user.says(profile(&user)))
        .await
        .expect("a trainer");
    let assign = AssignTrainerLocationRequest {
        request_id: id(),
        trainer_id: user.id.clone(),
        location_id: location_id.clone(),
    };
    let mut calendars = TrainerCalendarServiceClient::new(system.channel("scheduling"));
    calendars
        .assign_trainer_location(user.says(assign))
        .await
        .expect("the location");
    let opened = open_schedule(system, &user, &location_id, slots).await;
    Trainer {
        user,
        slots: opened.0,
        position: opened.1,
    }
}

/// What gives a user a trainer's profile.
pub fn profile(user: &User) -> CreateTrainerRequest {
    CreateTrainerRequest {
        request_id: id(),
        user_id: user.id.clone(),
        first_name: "Tom".to_owned(),
        last_name: "Hart".to_owned(),
        price_per_hour: Some(dollars(80)),
        session_duration_minutes: 60,
        ..CreateTrainerRequest::default()
    }
}

async fn open_schedule(
    system: &System,
    trainer: &User,
    location_id: &str,
    slots: u32,
) -> (Vec<String>, Option<LogPosition>) {
    let date = day(2);
    let (month, day) = (date.month.cast_unsigned(), date.day.cast_unsigned());
    let midnight = Zone::new_york()
        .with_ymd_and_hms(date.year, month, day, 0, 0, 0)
        .earliest()
        .expect("a midnight");
    let single = |hour: u32| SlotRule {
        location_id: location_id.to_owned(),
        rule: Some(Rule::Single(SingleSlot {
            date: Some(date),
            times: Some(times(hour)),
        })),
    };
    let request = OpenScheduleRequest {
        request_id: id(),
        trainer_id: trainer.id.clone(),
        starts_at: Some(timestamp(midnight.to_utc())),
        ends_at: Some(timestamp(midnight.to_utc() + chrono::TimeDelta::hours(23))),
        slots: (0..slots).map(|n| single(6 + n)).collect(),
    };
    let mut schedules = ScheduleServiceClient::new(system.channel("scheduling"));
    let answer = schedules
        .open_schedule(trainer.says(request))
        .await
        .expect("a window")
        .into_inner();
    (answer.slot_ids, answer.position)
}

fn times(hour: u32) -> LocalTimes {
    let at = |hour| {
        NaiveTime::from_hms_opt(hour, 0, 0)
            .expect("an hour")
            .format("%H:%M")
            .to_string()
    };
    LocalTimes {
        start: at(hour),
        end: at(hour + 1),
        ..LocalTimes::default()
    }
}

/// Books a slot for all of the parent's children together.
pub async fn book(
    system: &System,
    parent: &Parent,
    slot: &str,
    request_id: String,
) -> Result<BookSessionResponse, Status> {
    let request = BookSessionRequest {
        request_id,
        slot_id: slot.to_owned(),
        child_ids: parent.children.clone(),
    };
    let mut sessions = SessionServiceClient::new(system.channel("scheduling"));
    Ok(sessions
        .book_session(parent.user.says(request))
        .await?
        .into_inner())
}

pub async fn session(system: &System, user: &User, session_id: &str) -> Result<Session, Status> {
    let request = GetSessionRequest {
        session_id: session_id.to_owned(),
        min_position: None,
    };
    let mut sessions = SessionServiceClient::new(system.channel("scheduling"));
    let answer = sessions.get_session(user.says(request)).await?.into_inner();
    Ok(answer.session.expect("a session"))
}

pub async fn session_becomes(
    system: &System,
    user: &User,
    session_id: &str,
    state: SessionState,
) -> Session {
    eventually(&format!("{state:?}"), || async {
        let session = session(system, user, session_id).await.ok()?;
        (session.state() == state).then_some(session)
    })
    .await
}

pub async fn pay(
    system: &System,
    parent: &User,
    kind: PayableKind,
    payable_id: &str,
    method: &str,
    request_id: String,
) -> Result<CreatePaymentResponse, Status> {
    let request = CreatePaymentRequest {
        request_id,
        payable_kind: kind.into(),
        payable_id: payable_id.to_owned(),
        payment_method: method.to_owned(),
    };
    let mut payments = PaymentServiceClient::new(system.channel("payments"));
    Ok(payments
        .create_payment(parent.says(request))
        .await?
        .into_inner())
}

pub async fn payment_becomes(
    system: &System,
    user: &User,
    payment_id: &str,
    state: PaymentState,
) -> Payment {
    payment_where(system, user, payment_id, &format!("{state:?}"), |payment| {
        payment.state() == state
    })
    .await
}

pub async fn payment_where(
    system: &System,
    user: &User,
    payment_id: &str,
    what: &str,
    is: impl Fn(&Payment) -> bool,
) -> Payment {
    eventually(what, || async {
        let request = GetPaymentRequest {
            payment_id: payment_id.to_owned(),
            min_position: None,
        };
        let mut payments = PaymentServiceClient::new(system.channel("payments"));
        let payment = payments
            .get_payment(user.says(request))
            .await
            .ok()?
            .into_inner()
            .payment?;
        is(&payment).then_some(payment)
    })
    .await
}

/// A camp on sale.
pub struct Camp {
    pub event_id: String,
    pub tiers: Vec<String>,
}

/// A camp in a month with tiers of (price in dollars, capacity).
pub async fn camp(
    system: &System,
    admin: &User,
    max_participants: i32,
    tiers: &[(i64, i32)],
) -> Camp {
    let location_id = location(system, admin).await;
    let request = CreateEventRequest {
        request_id: id(),
        title: "Summer camp".to_owned(),
        event_type: EventType::Camp.into(),
        location_id,
        start_date: Some(day(30)),
        end_date: Some(day(32)),
        start_time: "09:00".to_owned(),
        end_time: "15:00".to_owned(),
        max_participants,
        tiers: tiers
            .iter()
            .enumerate()
            .map(|(n, (price, capacity))| NewTier {
                r#type: format!("tier {n}"),
                price: Some(dollars(*price)),
                capacity: *capacity,
            })
            .collect(),
        ..CreateEventRequest::default()
    };
    let mut events = EventServiceClient::new(system.channel("ticketing"));
    let created = events
        .create_event(admin.says(request))
        .await
        .expect("a camp")
        .into_inner();
    let publish = PublishEventRequest {
        request_id: id(),
        event_id: created.event_id.clone(),
    };
    events
        .publish_event(admin.says(publish))
        .await
        .expect("it goes on sale");
    Camp {
        event_id: created.event_id,
        tiers: created.tier_ids,
    }
}

/// Holds a ticket of a tier for each of the parent's children.
pub async fn hold(
    system: &System,
    parent: &Parent,
    camp: &Camp,
    tier: usize,
    request_id: String,
) -> Result<HoldTicketsResponse, Status> {
    let line = |child: &String| TicketLine {
        tier_id: camp.tiers[tier].clone(),
        child_id: child.clone(),
    };
    let request = HoldTicketsRequest {
        request_id,
        event_id: camp.event_id.clone(),
        lines: parent.children.iter().map(line).collect(),
    };
    let mut tickets = TicketServiceClient::new(system.channel("ticketing"));
    Ok(tickets
        .hold_tickets(parent.user.says(request))
        .await?
        .into_inner())
}

/// All tickets that a user may see, of one event or of all when `event_id` is empty.
pub async fn tickets(system: &System, user: &User, event_id: &str) -> Vec<Ticket> {
    let mut service = TicketServiceClient::new(system.channel("ticketing"));
    let mut tickets = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListTicketsRequest {
            event_id: event_id.to_owned(),
            page_size: 200,
            page_token,
            ..ListTicketsRequest::default()
        };
        let page = service.list_tickets(user.says(request)).await;
        let page = page.expect("tickets").into_inner();
        tickets.extend(page.tickets);
        if page.next_page_token.is_empty() {
            return tickets;
        }
        page_token = page.next_page_token;
    }
}

/// The reason of an error, from its `ErrorInfo`.
pub fn reason(status: &Status) -> String {
    use tonic_types::StatusExt;
    status
        .get_details_error_info()
        .map(|info| info.reason)
        .unwrap_or_default()
}
