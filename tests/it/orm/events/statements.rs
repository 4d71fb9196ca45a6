//! Which statements `do_orm_execute` is told of, and what for.

use aludel::{
    orm::OrmExecuteKind::{ColumnLoad, RelationshipLoad, Statement},
    prelude::*,
    sql::StatementNode,
};

use super::{
    super::{
        Stage,
        models::{Address, User},
    },
    Diary,
};
use crate::database::{Database, on_every_database};

fn users() -> Vec<User> {
    ["a", "b"]
        .into_iter()
        .map(|name| User {
            name: name.into(),
            addresses: Many::from([Address { email: format!("{name}@x"), ..default() }]),
            ..default()
        })
        .collect()
}

async fn whatever_a_session_asks_is_told(database: &Database) {
    let stage = Stage::new(database).await;
    stage
        .sessions
        .begin(async |session| {
            session.add_all(users());
            Ok(())
        })
        .await
        .unwrap();
    let mut session = stage.sessions.open();
    let diary = Diary::default();
    let told = diary.clone();
    session.events().do_orm_execute.listen_sync(move |event| {
        let verb = match event.statement {
            StatementNode::Select(_) => "select",
            StatementNode::Insert(_) => "insert",
            StatementNode::Update(_) => "update",
            _ => "other",
        };
        told.note(format!("{verb} {:?}", event.kind))
    });
    let read = |expected: &[(&str, aludel::orm::OrmExecuteKind)]| {
        let expected: Vec<String> = expected.iter().map(|(verb, kind)| format!("{verb} {kind:?}")).collect();
        assert_eq!(diary.read(), expected);
    };

    let found = session.scalars(select(User).order_by(User::id)).all().await.unwrap();
    read(&[("select", Statement)]);
    let addresses = session.load(&found[0], User::addresses).await.unwrap();
    read(&[("select", RelationshipLoad)]);
    assert_eq!(addresses.len(), 1);
    // Both came from one query, so that the other one has its own already.
    session.load(&found[1], User::addresses).await.unwrap();
    read(&[]);
    session.expunge_all();
    let eagerly = select(User).options(selectinload(User::addresses));
    session.scalars(eagerly).all().await.unwrap();
    read(&[("select", Statement), ("select", RelationshipLoad)]);
    let user = session.get_one(User, found[0].read().id).await.unwrap();
    read(&[]);
    session.refresh(&user).await.unwrap();
    read(&[("select", ColumnLoad)]);
    session.refresh_only(&user, User::name).await.unwrap();
    read(&[("select", ColumnLoad)]);
    session.expunge_all();
    session.get_one(User, found[0].read().id).await.unwrap();
    read(&[("select", Statement)]);
    session.merge(User { id: found[1].read().id, name: "bb".into(), ..default() }).await.unwrap();
    read(&[("select", ColumnLoad)]);
    let mut stream = session.stream(select(User)).await.unwrap();
    while stream.next().await.unwrap().is_some() {}
    drop(stream);
    read(&[("select", Statement)]);
    session.bulk_insert(users().into_iter().map(|user| User { addresses: default(), ..user })).await.unwrap();
    read(&[("insert", Statement)]);
    session.execute(update(User).set(User::name, "x").filter(User::name.eq("a"))).await.unwrap();
    read(&[("update", Statement)]);
    // What a flush writes, and what it looks up for that, is not told.
    let user = session.scalars(select(User).order_by(User::id).limit(1)).one().await.unwrap();
    diary.read();
    session.delete(&user).unwrap();
    session.flush().await.unwrap();
    read(&[]);
}
on_every_database!(whatever_a_session_asks_is_told);

/// Nobody sees what belongs to others, whichever way it is asked for.
async fn a_listener_filters_loads_and_streams(database: &Database) {
    let stage = Stage::new(database).await;
    stage
        .sessions
        .begin(async |session| {
            session.add_all(users());
            session.add(Address { email: "hidden@x".into(), ..default() });
            Ok(())
        })
        .await
        .unwrap();
    let mut session = stage.sessions.open();
    let visible = select(Address).filter(Address::email.not_like("b%").and(Address::email.ne("hidden@x")));
    let condition = visible.tree().filters.clone();
    session.events().do_orm_execute.listen_sync(move |event| {
        if let StatementNode::Select(select) = event.statement
            && format!("{select:?}").contains("addresses")
        {
            let mut filtered = aludel::sql::statement::SelectNode::clone(select);
            filtered.filters.extend(condition.iter().cloned());
            *event.statement = StatementNode::Select(filtered.into());
        }
        Ok(())
    });
    let found = session.scalars(select(User).order_by(User::id)).all().await.unwrap();
    let sizes = async |session: &mut Session| {
        let mut sizes = Vec::new();
        for user in &found {
            sizes.push(session.load(user, User::addresses).await?.len());
        }
        Ok::<_, Error>(sizes)
    };
    assert_eq!(sizes(&mut session).await.unwrap(), [1, 0]);
    let mut stream = session.stream_scalars(select(Address)).await.unwrap();
    let mut seen = Vec::new();
    while let Some(address) = stream.next().await.unwrap() {
        seen.push(address.read().email.clone());
    }
    assert_eq!(seen, ["a@x"]);
}
on_every_database!(a_listener_filters_loads_and_streams);
