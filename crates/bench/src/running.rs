//! What the running program does: latency to the read table, an on-sale, memory at rest.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use contracts::{
    identity::v1::{
        AddChildRequest, GetChildRequest, SkillLevel, child_service_client::ChildServiceClient,
    },
    ticketing::v1::{HoldTicketsRequest, TicketLine, ticket_service_client::TicketServiceClient},
};
use e2e::{
    own::OwnSystem,
    people::{self, Parent, id},
};
use tonic::transport::Channel;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::{
    Arguments,
    load::milliseconds,
    table::{print, thousands},
};

const COMMANDS_PER_SECOND: u32 = 200;
const LIVE_SECONDS: u32 = 10;

/// Commands at a steady rate; how long after its answer each is visible in the read table.
pub async fn live(_: &Arguments) {
    let system = OwnSystem::start(&[]).await;
    let parents = futures::future::join_all((0..8).map(|_| people::parent(&system, 0))).await;
    let children = ChildServiceClient::new(system.channel("identity"));
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / COMMANDS_PER_SECOND);
    let mut commands = Vec::new();
    for n in 0..(COMMANDS_PER_SECOND * LIVE_SECONDS) as usize {
        ticks.tick().await;
        let (parent, children) = (parents[n % parents.len()].clone(), children.clone());
        commands.push(tokio::spawn(
            async move { visible(&parent, children).await },
        ));
    }
    let mut times = Vec::new();
    for command in commands {
        times.push(command.await.expect("a command"));
    }
    let column = |name: &str, of: fn(&(Duration, Duration)) -> Duration| {
        let mut all: Vec<Duration> = times.iter().map(of).collect();
        all.sort_unstable();
        vec![
            name.to_owned(),
            milliseconds(all[all.len() / 2]),
            milliseconds(all[all.len() * 99 / 100]),
        ]
    };
    print(
        "Live, 200 AddChild a second through gRPC",
        &["", "p50", "p99"],
        &[
            column("sent to answered", |t| t.0),
            column("answered to visible in the read table", |t| t.1),
        ],
    );
}

async fn visible(
    parent: &Parent,
    mut children: ChildServiceClient<Channel>,
) -> (Duration, Duration) {
    let request = AddChildRequest {
        request_id: id(),
        guardian_consent: true,
        first_name: "Kim".to_owned(),
        last_name: "Lane".to_owned(),
        birthdate: Some(contracts::google::r#type::Date {
            year: 2015,
            month: 4,
            day: 2,
        }),
        skill_level: SkillLevel::Beginner.into(),
        ..Default::default()
    };
    let sent = Instant::now();
    let added = children
        .add_child(parent.user.says(request))
        .await
        .expect("a child")
        .into_inner();
    let answered = Instant::now();
    let read = GetChildRequest {
        child_id: added.child_id,
        min_position: added.position,
    };
    children
        .get_child(parent.user.says(read))
        .await
        .expect("the child is visible");
    (answered - sent, answered.elapsed())
}

const CONNECTIONS: usize = 200;
const ATTEMPTS: usize = 5_000;
const SEATS: i32 = 500;

/// 5,000 attempts for 500 seats from 200 connections, beside an empty RPC of the same server.
pub async fn on_sale(_: &Arguments) {
    let system = Arc::new(OwnSystem::start(&[]).await);
    let admin = people::admin(&system).await;
    let camp = Arc::new(people::camp(&system, &admin, SEATS, &[(100, SEATS)]).await);
    let families =
        futures::future::join_all((0..50).map(|_| people::parent(&system, ATTEMPTS / 50))).await;
    // Everybody's children are known to ticketing before the sale begins.
    for family in &families {
        let one = Parent {
            user: family.user.clone(),
            children: vec![id()],
        };
        let unknown = people::hold(&system, &one, &camp, 0, id()).await;
        assert_eq!(
            unknown.expect_err("no such child").code(),
            tonic::Code::NotFound
        );
    }
    let buyers: Vec<(people::User, String)> = families
        .iter()
        .flat_map(|family| {
            family
                .children
                .iter()
                .map(|child| (family.user.clone(), child.clone()))
        })
        .collect();
    let channels: Vec<Channel> = (0..CONNECTIONS)
        .map(|_| system.channel("ticketing"))
        .collect();
    // Connected, and with nothing left to fold.
    empty(&channels, 1).await;
    system.operate(&["projections", "wait"]);
    let (empty_per_second, empty_times) = empty(&channels, ATTEMPTS / CONNECTIONS).await;

    let begin = Instant::now();
    let shares = buyers.chunks(ATTEMPTS / CONNECTIONS).map(<[_]>::to_vec);
    let rushes = shares.zip(channels).map(|(share, channel)| {
        let camp = Arc::clone(&camp);
        tokio::spawn(async move { rush(channel, &camp, share).await })
    });
    let mut times = Vec::new();
    let mut sold = 0;
    for rush in futures::future::join_all(rushes.collect::<Vec<_>>()).await {
        let (mine, bought) = rush.expect("a buyer");
        times.extend(mine);
        sold += bought;
    }
    let held_per_second = ATTEMPTS as f64 / begin.elapsed().as_secs_f64();
    assert_eq!(sold, SEATS, "oversold or undersold");
    let row = |name: &str, rate: f64, mut times: Vec<Duration>, ratio: f64| {
        times.sort_unstable();
        let at = |percent: usize| milliseconds(times[times.len() * percent / 100]);
        vec![
            name.to_owned(),
            thousands(rate),
            at(50),
            at(99),
            format!("{ratio:.2}"),
        ]
    };
    print(
        &format!("On-sale: 5,000 HoldTickets for 500 seats from 200 connections; sold {sold}"),
        &["", "requests/s", "p50", "p99", "share"],
        &[
            row(
                "HoldTickets",
                held_per_second,
                times,
                held_per_second / empty_per_second,
            ),
            row("empty unary RPC", empty_per_second, empty_times, 1.0),
        ],
    );
}

async fn rush(
    channel: Channel,
    camp: &people::Camp,
    buyers: Vec<(people::User, String)>,
) -> (Vec<Duration>, i32) {
    let mut tickets = TicketServiceClient::new(channel);
    let (mut times, mut bought) = (Vec::new(), 0);
    for (user, child_id) in buyers {
        let request = HoldTicketsRequest {
            request_id: id(),
            event_id: camp.event_id.clone(),
            lines: vec![TicketLine {
                tier_id: camp.tiers[0].clone(),
                child_id,
            }],
        };
        let sent = Instant::now();
        match tickets.hold_tickets(user.says(request)).await {
            Ok(_) => bought += 1,
            Err(status) => assert_eq!(people::reason(&status), "SOLD_OUT", "{status:?}"),
        }
        times.push(sent.elapsed());
    }
    (times, bought)
}

/// Calls a second, and how long each took, of so many health checks on each connection.
async fn empty(channels: &[Channel], calls: usize) -> (f64, Vec<Duration>) {
    let begin = Instant::now();
    let callers = channels.iter().cloned().map(|channel| {
        tokio::spawn(async move {
            let mut health = HealthClient::new(channel);
            let mut times = Vec::new();
            for _ in 0..calls {
                let sent = Instant::now();
                let check = HealthCheckRequest {
                    service: String::new(),
                };
                health.check(check).await.expect("healthy");
                times.push(sent.elapsed());
            }
            times
        })
    });
    let mut times = Vec::new();
    for caller in futures::future::join_all(callers.collect::<Vec<_>>()).await {
        times.extend(caller.expect("a caller"));
    }
    (times.len() as f64 / begin.elapsed().as_secs_f64(), times)
}

/// Resident memory of the program, ready and with nothing to do for ten seconds.
pub async fn idle(_: &Arguments) {
    let begin = Instant::now();
    let system = OwnSystem::start(&[]).await;
    let ready = begin.elapsed();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", system.pid())).unwrap_or_default();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap_or("unknown here")
        .trim();
    print(
        "`up` at rest, everything in one process",
        &["", ""],
        &[
            vec![
                "first start to ready".to_owned(),
                format!("{:.1} s", ready.as_secs_f64()),
            ],
            vec![
                "resident memory of our process".to_owned(),
                resident.to_owned(),
            ],
        ],
    );
}
