//! What the database makes of new rows comes back also where there is no INSERT .. RETURNING (MySQL): by a SELECT behind it.

use std::{any::Any, sync::Arc, time::Duration};

use aludel::{
    driver::{
        BoxFuture, CallOptions, CancelHandle, Capabilities, Connection, Control, Cursor, Done, ParameterSets,
        ServerInfo, Sink, Statement, TransactionState, Value,
    },
    prelude::*,
    sql::{Dialect, upper},
};

use super::{
    Stage,
    columns::{Pallet, Parcel, Ticket},
};
use crate::database::{Database, on_every_database};

/// A connection to a server that has no RETURNING, and refuses it.
struct WithoutReturning {
    inner: Box<dyn Connection>,
    capabilities: Capabilities,
}

impl WithoutReturning {
    fn new(inner: Box<dyn Connection>) -> Self {
        let mut capabilities = inner.capabilities().clone();
        capabilities.returning = aludel::driver::Returning::default();
        Self { inner, capabilities }
    }
}

fn check(statement: &Statement) {
    assert!(!statement.sql().contains("RETURNING"), "{}", statement.sql());
}

impl Connection for WithoutReturning {
    fn server(&self) -> &ServerInfo {
        self.inner.server()
    }

    fn dialect(&self) -> &Arc<dyn Dialect> {
        self.inner.dialect()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn fetch<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        options: &'a CallOptions,
        sink: &'a mut dyn Sink,
    ) -> BoxFuture<'a, Result<Done>> {
        check(statement);
        self.inner.fetch(statement, parameters, options, sink)
    }

    fn execute_many<'a>(
        &'a mut self,
        statement: &'a Statement,
        sets: ParameterSets<'a>,
        options: &'a CallOptions,
        each: &'a mut (dyn FnMut(usize, Done) -> Result<()> + Send),
    ) -> BoxFuture<'a, Result<Done>> {
        check(statement);
        self.inner.execute_many(statement, sets, options, each)
    }

    fn cursor<'a>(
        &'a mut self,
        statement: &'a Statement,
        parameters: &'a [Value],
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<Box<dyn Cursor + 'a>>> {
        self.inner.cursor(statement, parameters, options)
    }

    fn batch<'a>(&'a mut self, script: &'a str, options: &'a CallOptions) -> BoxFuture<'a, Result<()>> {
        self.inner.batch(script, options)
    }

    fn control<'a>(&'a mut self, control: Control<'a>) -> BoxFuture<'a, Result<()>> {
        self.inner.control(control)
    }

    fn ping(&mut self) -> BoxFuture<'_, Result<()>> {
        self.inner.ping()
    }

    fn reset(&mut self) -> BoxFuture<'_, Result<()>> {
        self.inner.reset()
    }

    fn reset_on_drop(&mut self) -> bool {
        self.inner.reset_on_drop()
    }

    fn transaction_state(&self) -> TransactionState {
        self.inner.transaction_state()
    }

    fn is_broken(&self) -> bool {
        self.inner.is_broken()
    }

    fn cancel_handle(&self) -> Option<Arc<dyn CancelHandle>> {
        self.inner.cancel_handle()
    }

    fn clear_statements(&mut self) {
        self.inner.clear_statements();
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self.inner.as_any_mut()
    }

    fn close(self: Box<Self>, timeout: Duration) -> BoxFuture<'static, Result<()>> {
        self.inner.close(timeout)
    }
}

/// A stage on such a server.
async fn stage(database: &Database, tables: MetaData) -> Stage {
    let stage = Stage::of(database, tables).await;
    // The connection that made the tables is another one.
    stage.engine.dispose().await;
    let driver = database.driver();
    stage.engine.events().do_connect.listen(move |event| {
        let driver = driver.clone();
        Box::pin(async move {
            let inner = driver.connect(&event.arguments).await?;
            event.connection = Some(Box::new(WithoutReturning::new(inner)));
            Ok(())
        })
    });
    stage
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "unreturned_shelf")]
struct Shelf {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    label: String,
    #[column(server_default = "7")]
    width: Option<i32>,
    #[column(computed = "width * 2")]
    doubled: Option<i32>,
    #[relationship(back_populates = Volume::shelf, order_by = Volume::id)]
    volumes: Many<Volume>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "unreturned_volume")]
struct Volume {
    #[column(primary_key)]
    id: i64,
    #[column(server_default = "'new'", length = 20)]
    state: Option<String>,
    #[column(foreign_key = Shelf::id)]
    shelf_id: i64,
    #[relationship(back_populates = Shelf::volumes)]
    shelf: One<Shelf>,
}

async fn defaults_come_back_by_a_select(database: &Database) {
    if database.is_postgres() {
        // It has RETURNING whatever its version, and no other way to tell a number.
        return;
    }
    let stage = stage(database, MetaData::of((Shelf, Volume, Parcel, Pallet, Ticket))).await;
    let mut session = stage.sessions.open();
    let shelves = session.add_all((0..3).map(|number| Shelf {
        label: format!("s{number}"),
        width: (number == 1).then_some(30),
        volumes: (0..2).map(|_| Volume::default()).collect(),
        ..default()
    }));
    let plan = session.plan().await.unwrap();
    stage.sent();
    session.flush().await.unwrap();
    let sent = stage.sent();
    assert_eq!(plan.statements().len(), sent.len(), "{plan}\n{sent:#?}");
    for (planned, sent) in plan.statements().iter().zip(&sent) {
        assert!(sent.starts_with(planned.sql()), "{planned} and {sent}");
    }
    assert_eq!(sent.iter().filter(|line| line.starts_with("SELECT")).count(), 3, "{sent:#?}");
    let seen: Vec<_> = shelves.iter().map(|shelf| (shelf.read().width, shelf.read().doubled)).collect();
    assert_eq!(seen, [(Some(7), Some(14)), (Some(30), Some(60)), (Some(7), Some(14))]);
    for shelf in &shelves {
        assert!(shelf.read().id > 0 && !shelf.is_modified() && !shelf.is_expired());
        for volume in shelf.read().volumes.iter().unwrap() {
            assert_eq!(
                (volume.read().state.as_deref(), volume.read().shelf_id),
                (Some("new"), shelf.read().id)
            );
        }
        assert_eq!(session.get(Shelf, shelf.read().id).await.unwrap().as_ref(), Some(shelf));
    }
    session.commit().await.unwrap();
    // Numbers alone come with the INSERT, keys of the program are known, and an expression is a row of its own.
    let tickets = session.add_all((0..5).map(|_| Ticket::default()));
    let pallets =
        session.add_all((1..4).map(|number| Pallet { id: uuid_1::Uuid::from_u128(number), ..default() }));
    let parcel = session.add(Parcel::default());
    parcel.set(Parcel::state, upper(aludel::sql::literal(Some("abc".to_owned()))));
    session.commit().await.unwrap();
    assert!(tickets.windows(2).all(|pair| pair[0].read().id < pair[1].read().id));
    assert!(pallets.iter().all(|pallet| pallet.read().weight == Some(12)));
    assert_eq!((parcel.read().weight, parcel.read().state.as_deref()), (Some(12), Some("ABC")));
    // A rollback takes everything away again.
    let shelf = session.add(Shelf { label: "gone".into(), ..default() });
    session.flush().await.unwrap();
    assert_eq!(shelf.read().width, Some(7));
    session.rollback().await.unwrap();
    assert_eq!((shelf.read().id, shelf.read().width), (0, None));
}
on_every_database!(defaults_come_back_by_a_select);
