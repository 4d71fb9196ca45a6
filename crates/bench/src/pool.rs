//! What taking a connection from the pool and giving it back costs, against bare deadpool over objects that do nothing.

use std::{any::Any, hint::black_box, sync::Arc, time::Duration};

use aludel::{
    driver::{
        BoxFuture, CallOptions, CancelHandle, Capabilities, ConnectArguments, Connection, Control, Cursor,
        DatabaseUrl, Done, Driver, Error, ServerInfo, Sink, Statement, TransactionState, Value,
    },
    engine::{Pool, PoolOptions},
    sql::{Dialect, dialect::SqliteDialect},
};
use deadpool::managed::{self, Metrics, RecycleResult};
use tokio::runtime::Runtime;

use crate::{
    Outcome,
    arguments::Arguments,
    contest::median,
    effort::{Effort, allocations_of},
};

/// How often a connection is taken in a round.
const TIMES: usize = 20_000;
/// How many times as long as deadpool it may take.
const TARGET: f64 = 2.0;

/// What the word on the command line stands for.
pub(crate) const NAME: &str = "pool: checkout and return";

/// Takes connections from both pools in turns, and prints how many times as long ours takes.
pub(crate) fn measure(runtime: &Runtime, arguments: &Arguments) -> Outcome<()> {
    let url = DatabaseUrl::parse("idle://")?;
    let ours = Pool::new(Arc::new(IdleDriver::new()), url.arguments, PoolOptions::default())?;
    let theirs = managed::Pool::builder(IdleManager).max_size(ours.options().pool_size).build()?;
    let our_turn = || runtime.block_on(check_out(&ours));
    let their_turn = || runtime.block_on(get(&theirs));
    let mut rounds = Vec::with_capacity(arguments.rounds);
    // The first round opens the connection, and does not count.
    for round in 0..=arguments.rounds {
        let pair = if round.is_multiple_of(2) {
            let (first, done) = Effort::of(our_turn);
            done?;
            let (second, done) = Effort::of(their_turn);
            done?;
            (first, second)
        } else {
            let (first, done) = Effort::of(their_turn);
            done?;
            let (second, done) = Effort::of(our_turn);
            done?;
            (second, first)
        };
        if round > 0 {
            rounds.push(pair);
        }
    }
    let ratio =
        |of: fn(&Effort) -> f64| median(rounds.iter().map(|(ours, theirs)| of(ours) / of(theirs)).collect());
    let cpu = ratio(|effort| effort.cpu.as_secs_f64());
    let wall = ratio(|effort| effort.wall.as_secs_f64());
    let (allocations, done) = allocations_of(our_turn);
    done?;
    let verdict = if cpu <= TARGET { "<=" } else { "ABOVE" };
    println!(
        "{NAME} : deadpool, CPU {cpu:.2}, wall {wall:.2}, {:.2} allocations each time  {verdict} {TARGET}",
        allocations as f64 / TIMES as f64
    );
    Ok(())
}

async fn check_out(pool: &Pool) -> Outcome<()> {
    for _ in 0..TIMES {
        drop(black_box(pool.checkout().await?));
    }
    Ok(())
}

async fn get(pool: &managed::Pool<IdleManager>) -> Outcome<()> {
    for _ in 0..TIMES {
        drop(black_box(pool.get().await?));
    }
    Ok(())
}

/// Makes numbers.
#[derive(Debug)]
struct IdleManager;

impl managed::Manager for IdleManager {
    type Type = u64;
    type Error = Error;

    async fn create(&self) -> Result<u64, Error> {
        Ok(1)
    }

    async fn recycle(&self, _: &mut u64, _: &Metrics) -> RecycleResult<Error> {
        Ok(())
    }
}

/// Opens connections that lead nowhere.
#[derive(Debug)]
struct IdleDriver {
    capabilities: Capabilities,
}

impl IdleDriver {
    fn new() -> Self {
        Self { capabilities: Capabilities::none() }
    }
}

impl Driver for IdleDriver {
    fn name(&self) -> &'static str {
        "Idle"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["idle"]
    }

    fn dialect(&self) -> Arc<dyn Dialect> {
        Arc::new(SqliteDialect::default())
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn check(&self, _: &ConnectArguments) -> Result<(), Error> {
        Ok(())
    }

    fn connect<'a>(&'a self, _: &'a ConnectArguments) -> BoxFuture<'a, Result<Box<dyn Connection>, Error>> {
        Box::pin(async move {
            Ok(Box::new(IdleConnection {
                server: ServerInfo { product: "Idle", version: (1, 0, 0), version_text: "1".into() },
                dialect: self.dialect(),
                capabilities: self.capabilities.clone(),
            }) as Box<dyn Connection>)
        })
    }
}

/// A connection that leads nowhere.
struct IdleConnection {
    server: ServerInfo,
    dialect: Arc<dyn Dialect>,
    capabilities: Capabilities,
}

/// What is never done here.
fn nothing<'a, T>() -> BoxFuture<'a, Result<T, Error>> {
    Box::pin(async { Err(Error::not_supported("this call", "Idle")) })
}

impl Connection for IdleConnection {
    fn server(&self) -> &ServerInfo {
        &self.server
    }

    fn dialect(&self) -> &Arc<dyn Dialect> {
        &self.dialect
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn fetch<'a>(
        &'a mut self,
        _: &'a Statement,
        _: &'a [Value],
        _: &'a CallOptions,
        _: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Done, Error>> {
        nothing()
    }

    fn cursor<'a>(
        &'a mut self,
        _: &'a Statement,
        _: &'a [Value],
        _: &'a CallOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Cursor + 'a>, Error>> {
        nothing()
    }

    fn batch<'a>(&'a mut self, _: &'a str, _: &'a CallOptions) -> BoxFuture<'a, Result<(), Error>> {
        nothing()
    }

    fn control<'a>(&'a mut self, _: Control<'a>) -> BoxFuture<'a, Result<(), Error>> {
        nothing()
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }

    fn reset(&mut self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }

    fn reset_on_drop(&mut self) -> bool {
        true
    }

    fn transaction_state(&self) -> TransactionState {
        TransactionState::Idle
    }

    fn is_broken(&self) -> bool {
        false
    }

    fn cancel_handle(&self) -> Option<Arc<dyn CancelHandle>> {
        None
    }

    fn clear_statements(&mut self) {}

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn close(self: Box<Self>, _: Duration) -> BoxFuture<'static, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }
}
