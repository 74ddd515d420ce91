//! What goes on while something is killed: children are added, free tickets held, sessions booked
//! and paid, tickets bought.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use contracts::payments::events::v1::PayableKind;
use tokio::task::JoinHandle;
use tonic::{Code, Status};

use e2e::{
    own::OwnSystem,
    people::{self, Camp, Parent, User, id},
    system::{System, eventually},
};

/// Writers who add children and hold free tickets.
const ADDERS: usize = 6;
/// Writers who book and buy, each with trainers of its own.
const BUYERS: usize = 2;
const TRAINERS_PER_BUYER: usize = 3;
const SLOTS_PER_TRAINER: u32 = 16;
/// The camp's tier without a price, and the one with one.
const FREE: usize = 0;
const PRICED: usize = 1;

/// What a writer got acknowledged.
#[derive(Default)]
pub struct Acknowledged {
    pub children: Vec<String>,
    /// Holds of tickets, free or not.
    pub holds: Vec<String>,
    pub purchases: Vec<Purchase>,
}

/// A payment that was accepted.
pub struct Purchase {
    pub buyer: User,
    pub kind: PayableKind,
    /// The session or the hold.
    pub payable_id: String,
    pub payment_id: String,
}

/// The writers at work.
pub struct Load {
    progress: Arc<Progress>,
    writers: Vec<JoinHandle<Acknowledged>>,
}

#[derive(Default)]
struct Progress {
    stop: AtomicBool,
    added: AtomicUsize,
    bought: AtomicUsize,
}

/// What every writer needs.
#[derive(Clone)]
struct Market {
    system: Arc<OwnSystem>,
    camp: Arc<Camp>,
    progress: Arc<Progress>,
}

impl Load {
    pub async fn start(system: &Arc<OwnSystem>) -> Self {
        let admin = people::admin(system).await;
        let tiers = [(0, 500_000), (25, 500_000)];
        let market = Market {
            system: Arc::clone(system),
            camp: Arc::new(people::camp(system, &admin, 1_000_000, &tiers).await),
            progress: Arc::default(),
        };
        // Everybody is there before the first begins.
        let mut buyers = Vec::new();
        for _ in 0..BUYERS {
            let parent = people::parent(system, TRAINERS_PER_BUYER).await;
            let slots = slots(system, &admin, &parent.children).await;
            buyers.push((parent, slots));
        }
        let mut adders = Vec::new();
        for _ in 0..ADDERS {
            adders.push(people::parent(system, 0).await.user);
        }
        let mut writers = Vec::new();
        for (parent, slots) in buyers {
            writers.push(tokio::spawn(buy(market.clone(), parent, slots)));
        }
        for parent in adders {
            writers.push(tokio::spawn(add(market.clone(), parent)));
        }
        Self {
            progress: market.progress,
            writers,
        }
    }

    /// Waits until so much more was acknowledged of each kind.
    pub async fn goes_on(&self, added: usize, bought: usize) {
        let Progress {
            added: all_added,
            bought: all_bought,
            ..
        } = &*self.progress;
        let added = all_added.load(Ordering::Relaxed) + added;
        let bought = all_bought.load(Ordering::Relaxed) + bought;
        eventually("progress", || async {
            (all_added.load(Ordering::Relaxed) >= added
                && all_bought.load(Ordering::Relaxed) >= bought)
                .then_some(())
        })
        .await;
    }

    /// Lets every writer end what it has begun.
    pub async fn stop(self) -> Acknowledged {
        self.progress.stop.store(true, Ordering::Relaxed);
        let mut all = Acknowledged::default();
        for writer in self.writers {
            let mine = writer.await.expect("a writer");
            all.children.extend(mine.children);
            all.holds.extend(mine.holds);
            all.purchases.extend(mine.purchases);
        }
        all
    }
}

/// Slots of one trainer for each child, so that no child is wanted twice at the same time: pairs
/// of child and slot.
async fn slots(system: &System, admin: &User, children: &[String]) -> Vec<(String, String)> {
    let mut slots = Vec::new();
    for child in children {
        let trainer = people::trainer(system, admin, SLOTS_PER_TRAINER).await;
        slots.extend(trainer.slots.into_iter().map(|slot| (child.clone(), slot)));
    }
    slots
}

/// Adds children and holds free tickets for them until told to stop.
async fn add(market: Market, parent: User) -> Acknowledged {
    let mut mine = Acknowledged::default();
    while !market.stopped() {
        market.hold(&parent, FREE, &mut mine).await;
        market.progress.added.fetch_add(1, Ordering::Relaxed);
    }
    mine
}

/// Books and pays sessions, and buys tickets every third time and once no slot is left, until
/// told to stop.
async fn buy(market: Market, parent: Parent, slots: Vec<(String, String)>) -> Acknowledged {
    let mut mine = Acknowledged {
        children: parent.children.clone(),
        ..Acknowledged::default()
    };
    let mut slots = slots.into_iter();
    for turn in 1.. {
        if market.stopped() {
            break;
        }
        let slot = if turn % 3 == 0 { None } else { slots.next() };
        let purchase = if let Some((child, slot)) = slot {
            market.book(&parent.user, child, &slot).await
        } else {
            let hold_id = market.hold(&parent.user, PRICED, &mut mine).await;
            (PayableKind::TicketHold, hold_id)
        };
        let paid = market.pay(&parent.user, purchase).await;
        mine.purchases.push(paid);
        market.progress.bought.fetch_add(1, Ordering::Relaxed);
    }
    mine
}

impl Market {
    fn stopped(&self) -> bool {
        self.progress.stop.load(Ordering::Relaxed)
    }

    /// Holds a ticket for a new child.
    async fn hold(&self, parent: &User, tier: usize, mine: &mut Acknowledged) -> String {
        let child = answered("AddChild", |request| {
            people::add_child(&self.system, parent, request)
        })
        .await;
        mine.children.push(child.clone());
        let buyer = family(parent, child);
        let held = answered("HoldTickets", |request| {
            people::hold(&self.system, &buyer, &self.camp, tier, request)
        })
        .await;
        mine.holds.push(held.hold_id.clone());
        held.hold_id
    }

    async fn book(&self, parent: &User, child: String, slot: &str) -> (PayableKind, String) {
        let buyer = family(parent, child);
        let booked = answered("BookSession", |request| {
            people::book(&self.system, &buyer, slot, request)
        })
        .await;
        (PayableKind::Session, booked.session_id)
    }

    async fn pay(&self, buyer: &User, (kind, payable_id): (PayableKind, String)) -> Purchase {
        let paid = answered("CreatePayment", |request| {
            people::pay(
                &self.system,
                buyer,
                kind,
                &payable_id,
                "sandbox_ok",
                request,
            )
        })
        .await;
        Purchase {
            buyer: buyer.clone(),
            kind,
            payable_id,
            payment_id: paid.payment_id,
        }
    }
}

fn family(parent: &User, child: String) -> Parent {
    Parent {
        user: parent.clone(),
        children: vec![child],
    }
}

/// Sends a request, and sends it again with the same id, until it is answered. A fault may leave
/// it without an answer, but never has it refused.
async fn answered<T, F>(what: &str, call: impl Fn(String) -> F) -> T
where
    F: Future<Output = Result<T, Status>>,
{
    let request = id();
    eventually(&format!("an answer to {what}"), || async {
        match call(request.clone()).await {
            Ok(answer) => Some(answer),
            Err(status) => {
                assert!(is_no_answer(&status), "{what} was refused: {status:?}");
                None
            }
        }
    })
    .await
}

fn is_no_answer(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Cancelled
            | Code::Unknown
            | Code::Aborted
    )
}
