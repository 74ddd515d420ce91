#![doc = include_str!("../README.md")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures for people, of three digits"
)]

mod account;
mod commands;
mod copy;
mod erasure;
mod load;
mod logins;
mod replay;
mod running;
mod table;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Comparisons that print one table each; ./dev bench brings the servers")]
struct Arguments {
    /// A Postgres server with fsync on; schemas are made and dropped in its database.
    #[arg(long, env = "BENCH_DATABASE_URL")]
    database_url: String,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Measurements whose median is printed.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Numbers of writers to measure, for `commands` and `hot`; all of the tables' when none is given.
    #[arg(long, value_delimiter = ',')]
    writers: Vec<usize>,
    #[command(subcommand)]
    benchmark: Option<Benchmark>,
}

impl Arguments {
    /// The numbers of writers that were asked for, or those of a table.
    fn writers(&self, table: &[usize]) -> Vec<usize> {
        if self.writers.is_empty() {
            return table.to_vec();
        }
        self.writers.clone()
    }
}

#[derive(Clone, Copy, Subcommand, PartialEq, Eq)]
enum Benchmark {
    /// Durable commands a second on many aggregates, beside `CqrsFramework` on postgres-es.
    Commands,
    /// The same on one aggregate.
    Hot,
    /// Appending beside COPY of the same rows.
    Copy,
    /// Replaying a million events into a read table, beside `QueryReplay` on a postgres-es view.
    Replay,
    /// From a command's answer to the read table, at 200 commands a second.
    Live,
    /// 5,000 `HoldTickets` for 500 seats from 200 connections.
    OnSale,
    /// Memory of the program at rest.
    Idle,
    /// Registrations and logins beside argon2 alone, and reads during 200 parallel logins.
    Logins,
    /// Erasing somebody with ten thousand events.
    Erase,
}

const ALL: [Benchmark; 9] = [
    Benchmark::Commands,
    Benchmark::Hot,
    Benchmark::Copy,
    Benchmark::Replay,
    Benchmark::Live,
    Benchmark::OnSale,
    Benchmark::Idle,
    Benchmark::Logins,
    Benchmark::Erase,
];

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    let chosen = arguments.benchmark.map_or(ALL.to_vec(), |one| vec![one]);
    for benchmark in chosen {
        match benchmark {
            Benchmark::Commands => commands::many(&arguments).await,
            Benchmark::Hot => commands::one(&arguments).await,
            Benchmark::Copy => copy::compare(&arguments).await,
            Benchmark::Replay => replay::compare(&arguments).await,
            Benchmark::Live => running::live(&arguments).await,
            Benchmark::OnSale => running::on_sale(&arguments).await,
            Benchmark::Idle => running::idle(&arguments).await,
            Benchmark::Logins => logins::compare(&arguments).await,
            Benchmark::Erase => erasure::measure(&arguments).await,
        }
    }
}
