//! Every field of every RPC with every value that could hurt.
//!
//! The fields and their types come from the protos, so a new RPC is thrown at without a line here.
//! What comes back is a refusal that says why, small enough for every client, or an answer of valid
//! values. Nothing fails inside, and nothing that was accepted parks a projection or a process.

mod checks;
mod fields;
mod values;

use std::time::Instant;

use contracts::CONTRACT;
use futures::{StreamExt as _, stream};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};

use crate::matrix::{Caller, Row, TABLES, World, wire};

use checks::Count;

/// Calls at the same time.
const AT_ONCE: usize = 8;

#[tokio::test]
async fn no_value_of_any_field_does_harm() {
    let world = World::make().await;
    let pool = DescriptorPool::decode(CONTRACT.descriptors).expect("our own protos");
    let mut count = Count::default();
    for row in TABLES.iter().copied().flatten() {
        let method = method(&pool, row.path);
        for service in row.services {
            throw_at(&world, row, &method, service, &mut count).await;
        }
    }
    println!("{count}");
    count.assert_harmless();
    checks::no_key_is_parked(&world.system).await;
}

/// Calls an RPC once for each value of each field.
async fn throw_at(
    world: &World,
    row: &Row,
    method: &MethodDescriptor,
    service: &'static str,
    count: &mut Count,
) {
    let caller = row.most_powerful();
    let base = |message: &mut DynamicMessage| {
        let sent = (row.message)(world);
        *message = DynamicMessage::decode(method.input(), &*sent).expect("a request of the RPC");
    };
    let mut first = DynamicMessage::new(method.input());
    base(&mut first);
    let places = fields::places(&first);
    count.begins(places.len());
    let mut requests: Vec<(String, Vec<u8>)> = values::broken(&first);
    for place in &places {
        for value in values::nasty(place.field()) {
            // A command is new each time, unless its id is what is thrown.
            let mut message = DynamicMessage::new(method.input());
            base(&mut message);
            let what = format!("{} = {}", place, value.name);
            place.set(&mut message, value.value);
            requests.push((what, message.encode_to_vec()));
        }
    }
    let calls = requests.into_iter().map(|(what, message)| async move {
        let user = caller_of(world, row, caller);
        let channel = world.system.channel(service);
        let begun = Instant::now();
        let answer = wire::call_within(channel, row.path, user, message, values::PATIENCE);
        (what, answer.await, begun.elapsed())
    });
    let mut answers = stream::iter(calls).buffer_unordered(AT_ONCE);
    while let Some((what, answer, took)) = answers.next().await {
        let what = format!("{} {what}", row.path);
        if what.ends_with(values::LONGEST_LIST) {
            count.long_list(&what, &answer, took);
        }
        count.note(&what, method, answer);
    }
}

fn caller_of(world: &World, row: &Row, caller: Caller) -> Option<e2e::people::User> {
    caller.user(world, row)
}

fn method(pool: &DescriptorPool, path: &str) -> MethodDescriptor {
    let (service, method) = path[1..].split_once('/').expect("a path");
    let service = pool.get_service_by_name(service).expect("a service");
    service
        .methods()
        .find(|known| known.name() == method)
        .expect("an RPC")
}
