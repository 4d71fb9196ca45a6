//! UPDATE and DELETE of many rows through a session: loaded objects follow them.

use aludel::{
    Decimal,
    orm::{State, SynchronizeSession},
    prelude::*,
    sql::{Expression, not},
};

use super::{
    Stage,
    models::{Address, Author, Seat, User},
};
use crate::database::{Database, on_every_database};

const STRATEGIES: [SynchronizeSession; 3] =
    [SynchronizeSession::Auto, SynchronizeSession::Evaluate, SynchronizeSession::Fetch];

fn people(names: &[&str]) -> Vec<User> {
    names.iter().map(|name| User { name: (*name).into(), ..default() }).collect()
}

fn names(users: &[Instance<User>]) -> Vec<String> {
    users.iter().map(|user| user.read().name.clone()).collect()
}

async fn objects_follow_an_update_and_a_rollback(database: &Database) {
    let stage = Stage::new(database).await;
    for strategy in STRATEGIES {
        let mut session = stage.sessions.open();
        let users = session.add_all(people(&["ed", "jack", "wendy"]));
        session.commit().await.unwrap();
        let id = users[1].read().id;
        stage.sent();
        let changed = session
            .execute(update(User).set(User::name, "x").filter(User::id.ge(id)))
            .synchronize_session(strategy)
            .await
            .unwrap();
        assert_eq!(
            (changed.rowcount(), changed.returns_rows(), changed.len()),
            (2, false, 0),
            "{strategy:?}"
        );
        let sent = stage.sent();
        match strategy {
            SynchronizeSession::Fetch if database.is_mysql() => {
                assert_eq!(sent.len(), 2);
                assert!(sent[0].starts_with("SELECT users.id") && sent[0].contains("FOR UPDATE"), "{sent:?}");
            }
            SynchronizeSession::Fetch => {
                assert_eq!(sent.len(), 1);
                assert!(sent[0].contains("RETURNING id"), "{sent:?}");
            }
            _ => assert_eq!(sent.len(), 1, "{sent:?}"),
        }
        assert_eq!(names(&users), ["ed", "x", "x"], "{strategy:?}");
        assert!(users.iter().all(|user| !user.is_expired() && !user.is_modified()));
        // A later change is a change of the new value, and is written as such.
        users[1].set(User::name, "jack");
        assert_eq!(users[1].history(User::name).stored.as_deref(), Some("x"));
        session.flush().await.unwrap();
        assert_eq!(stage.verbs(), ["UPDATE users"]);
        session.rollback().await.unwrap();
        assert_eq!(names(&users), ["ed", "jack", "wendy"], "{strategy:?}");
        assert!(users.iter().all(|user| !user.is_expired()));
        assert_eq!(session.get(User, id).await.unwrap(), Some(users[1].clone()));
        session.execute(delete(User)).await.unwrap();
        session.commit().await.unwrap();
    }
}
on_every_database!(objects_follow_an_update_and_a_rollback);

async fn objects_follow_a_delete_and_a_rollback(database: &Database) {
    let stage = Stage::new(database).await;
    for strategy in STRATEGIES {
        let mut session = stage.sessions.open();
        let users = session.add_all(people(&["ed", "jack", "wendy"]));
        session.commit().await.unwrap();
        let ids: Vec<i64> = users.iter().map(|user| user.read().id).collect();
        // What waits to be written is written before.
        users[0].set(User::name, "wendy");
        stage.sent();
        let statement = delete(User).filter(User::name.eq("wendy").or(User::id.is_null()));
        let deleted = session.execute(statement).synchronize_session(strategy).await.unwrap();
        assert_eq!((deleted.rowcount(), deleted.returns_rows()), (2, false));
        let verbs = stage.verbs();
        assert_eq!((verbs[0].as_str(), verbs.last().unwrap().as_str()), ("UPDATE users", "DELETE users"));
        assert_eq!(verbs.len(), 2, "MariaDB has RETURNING for DELETE: {verbs:?}");
        let states: Vec<State> = users.iter().map(Instance::state).collect();
        assert_eq!(states, [State::Deleted, State::Persistent, State::Deleted], "{strategy:?}");
        assert!(!session.contains(&users[0]) && session.contains(&users[1]));
        assert_eq!(session.get(User, ids[2]).await.unwrap(), None);
        session.rollback().await.unwrap();
        assert_eq!(names(&users), ["ed", "jack", "wendy"]);
        stage.sent();
        assert_eq!(session.get(User, ids[2]).await.unwrap(), Some(users[2].clone()), "it is back");
        assert!(stage.sent().is_empty() && !users[2].is_expired());
        session.execute(delete(User)).synchronize_session(strategy).await.unwrap();
        session.commit().await.unwrap();
        assert!(users.iter().all(|user| user.state() == State::Detached));
        // A new object may have the key of one that is gone.
        session.add(User { id: ids[0], name: "again".into(), ..default() });
        session.flush().await.unwrap();
        session.rollback().await.unwrap();
    }
}
on_every_database!(objects_follow_a_delete_and_a_rollback);

async fn what_cannot_be_evaluated_is_fetched_or_named(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let users = session.add_all(people(&["ed", "jack"]));
    session.commit().await.unwrap();
    let id = users[0].read().id;
    let with_address = select(Address::user_id);
    for (condition, names) in [
        (User::name.like("e%"), "LIKE"),
        (upper(User::name).eq("ED"), "the function `upper`"),
        (User::name.in_select(&select(User::name).filter(User::name.eq("ed"))), "IN with a subquery"),
        (
            User::id
                .eq(id)
                .and(not(User::id.in_select(&with_address.filter(Address::user_id.is_not_null())))),
            "IN",
        ),
    ] {
        let change = |name: &'static str| update(User).set(User::name, name).filter(condition.clone());
        let refused = session
            .execute(change("x"))
            .synchronize_session(SynchronizeSession::Evaluate)
            .await
            .map(drop)
            .unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidRequest);
        assert!(refused.message().contains(names) && refused.message().contains("Fetch"), "{refused}");
        session.execute(change("x")).await.unwrap();
        assert_eq!((users[0].read().name.as_str(), users[0].is_expired()), ("x", false));
        assert_eq!(users[1].read().name, "jack");
        session.rollback().await.unwrap();
        assert_eq!(users[0].read().name, "ed");
        session.execute(delete(User).filter(condition)).await.unwrap();
        assert_eq!((users[0].state(), users[1].state()), (State::Deleted, State::Persistent));
        session.rollback().await.unwrap();
    }
    // Not at all: nothing is done, and nothing asked.
    stage.sent();
    session
        .execute(update(User).set(User::name, "y").filter(User::name.like("e%")))
        .synchronize_session(SynchronizeSession::None)
        .await
        .unwrap();
    assert_eq!(stage.verbs(), ["UPDATE users"]);
    assert_eq!((users[0].read().name.as_str(), users[0].is_expired()), ("ed", false));
    session.refresh(&users[0]).await.unwrap();
    assert_eq!(users[0].read().name, "y");
    // Without objects of the table there is nothing to follow, whatever the strategy.
    let mut empty = stage.sessions.open();
    session.rollback().await.unwrap();
    stage.sent();
    empty
        .execute(update(User).set(User::name, "z").filter(User::name.like("e%")))
        .synchronize_session(SynchronizeSession::Fetch)
        .await
        .unwrap();
    let sent = stage.sent();
    assert!(sent.len() == 1 && !sent[0].contains("RETURNING"), "{sent:?}");
}
on_every_database!(what_cannot_be_evaluated_is_fetched_or_named);

async fn an_unflushed_change_of_a_set_column_is_lost(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let author = session.add(Author { name: "a".into(), email: Some("old".into()), ..default() });
    session.commit().await.unwrap();
    session
        .no_autoflush(async |session| {
            author.set(Author::name, "mine");
            author.set(Author::email, "mine");
            session.execute(update(Author).set(Author::email, "theirs")).await?;
            let read = author.read();
            assert_eq!((read.name.as_str(), read.email.as_deref()), ("mine", Some("theirs")));
            assert_eq!(author.modified_columns(), ["name"]);
            // The condition is about the row, which does not hold the change yet.
            session
                .execute(update(Author).set(Author::email, "again").filter(Author::name.eq("mine")))
                .await?;
            assert_eq!(author.read().email.as_deref(), Some("theirs"));
            // A value that only the database knows leaves the old one, and the mark.
            author.set(Author::email, "mine again");
            session.execute(update(Author).set(Author::email, upper(Author::email))).await?;
            assert_eq!((author.read().email.as_deref(), author.is_expired()), (Some("theirs"), true));
            Ok(())
        })
        .await
        .unwrap();
    session.commit().await.unwrap();
    session.get(Author, author.read().id).await.unwrap();
    let read = author.read();
    assert_eq!((read.name.as_str(), read.email.as_deref()), ("mine", Some("THEIRS")));
}
on_every_database!(an_unflushed_change_of_a_set_column_is_lost);

async fn keys_and_links_follow(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let seats = session.add_all((1..=3).map(|number| Seat { hall: "a".into(), number, guest: None }));
    session.commit().await.unwrap();
    // Each takes the place of the next; the last goes first, because keys are unique at every step.
    for number in (1..=3).rev() {
        session
            .execute(update(Seat).set(Seat::number, number + 1).filter(Seat::number.eq(number)))
            .await
            .unwrap();
    }
    stage.sent();
    assert_eq!(session.get(Seat, ("a", 4)).await.unwrap(), Some(seats[2].clone()));
    assert_eq!(session.get(Seat, ("a", 2)).await.unwrap(), Some(seats[0].clone()));
    assert!(stage.sent().is_empty());
    assert_eq!(session.get(Seat, ("a", 1)).await.unwrap(), None);
    // As the database tells it, where the key that comes back would be the new one.
    let statement = update(Seat).set(Seat::hall, "b").filter(Seat::number.eq(4));
    session.execute(statement).synchronize_session(SynchronizeSession::Fetch).await.unwrap();
    assert_eq!(session.get(Seat, ("b", 4)).await.unwrap(), Some(seats[2].clone()));
    session.rollback().await.unwrap();
    stage.sent();
    assert_eq!(session.get(Seat, ("a", 3)).await.unwrap(), Some(seats[2].clone()));
    assert!(stage.sent().is_empty());

    let users = session.add_all(people(&["ed", "jack"]));
    users[0].edit(|user| user.addresses.push(Address { email: "x".into(), ..default() }));
    session.commit().await.unwrap();
    let (ed, jack) = (users[0].read().id, users[1].read().id);
    let address = users[0].read().addresses.iter().unwrap().next().unwrap();
    session
        .execute(update(Address).set(Address::user_id, jack).filter(Address::user_id.eq(ed)))
        .await
        .unwrap();
    assert_eq!(address.read().user_id, Some(jack));
    assert_eq!(session.load(&address, Address::user).await.unwrap(), Some(users[1].clone()));
    assert_eq!(session.load(&users[0], User::addresses).await.unwrap(), []);
    assert_eq!(session.load(&users[1], User::addresses).await.unwrap(), [address]);
}
on_every_database!(keys_and_links_follow);

async fn an_expired_object_is_known_by_its_key(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let users = session.add_all(people(&["ed", "jack"]));
    session.commit().await.unwrap();
    session.expire_all();
    let id = users[0].read().id;
    session.execute(delete(User).filter(User::id.eq(id))).await.unwrap();
    assert_eq!((users[0].state(), users[1].state()), (State::Deleted, State::Persistent));
    session.execute(update(User).set(User::name, "x").filter(User::name.eq("jack"))).await.unwrap();
    assert!(users[1].is_expired(), "nobody knows whether it is meant");
    session.execute(delete(User).filter(User::name.eq("x"))).await.unwrap();
    assert_eq!(users[1].state(), State::Persistent);
    assert_eq!(session.get(User, users[1].read().id).await.unwrap(), None, "the next look finds out");
    assert_eq!(users[1].state(), State::Deleted);
}
on_every_database!(an_expired_object_is_known_by_its_key);

/// Columns of the kinds that memory calculates with.
#[derive(Mapped, Clone, Debug, Default, PartialEq)]
#[table(name = "measured")]
struct Measured {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    word: Option<String>,
    small: Option<i32>,
    large: Option<i64>,
    double: Option<f64>,
    #[column(precision = 10, scale = 2)]
    price: Option<Decimal>,
    flag: Option<bool>,
}

const WORDS: [&str; 8] = ["", "a", "A", "a ", "b", "á", "ab", "B"];

fn choose<T: Clone>(random: &mut fastrand::Rng, list: &[T]) -> Option<T> {
    (random.u8(..4) > 0).then(|| list[random.usize(..list.len())].clone())
}

fn decimal(random: &mut fastrand::Rng) -> Option<Decimal> {
    choose(random, &["0", "1", "1.5", "-2.25", "2"]).map(|text| text.parse().unwrap())
}

fn measured(random: &mut fastrand::Rng) -> Measured {
    Measured {
        id: 0,
        word: choose(random, &WORDS).map(Into::into),
        small: choose(random, &[-2, -1, 0, 1, 2]),
        large: choose(random, &[-2, 0, 1, 3, 1 << 40]),
        double: choose(random, &[-1.5, 0.0, 1.0, 2.5]),
        price: decimal(random),
        flag: choose(random, &[true, false]),
    }
}

/// A random condition.
fn condition(random: &mut fastrand::Rng, depth: usize) -> Expression<bool> {
    if depth > 0 && random.bool() {
        let (left, right) = (condition(random, depth - 1), condition(random, depth - 1));
        return match random.u8(..4) {
            0 => left.and(right),
            1 => left.or(right),
            2 => not(left),
            _ => not(left.and(right)),
        };
    }
    let small = random.i32(-2..3);
    let chosen = WORDS[random.usize(..WORDS.len())];
    match random.u8(..22) {
        0 => Measured::word.eq(chosen),
        1 => Measured::word.ne(chosen),
        2 => Measured::word.in_([chosen, WORDS[random.usize(..WORDS.len())]]),
        3 => Measured::word.not_in([Some(chosen), choose(random, &WORDS)]),
        4 => Measured::word.is_null(),
        5 => Measured::word.is_distinct_from(choose(random, &WORDS)),
        6 => Measured::small.lt(small),
        7 => Measured::small.eq(choose(random, &[-1, 0, 1])),
        8 => Measured::small.between(small, small + 1),
        9 => (Measured::small + Measured::large).gt(i64::from(small)),
        10 => (Measured::large * 2_i64).le(Measured::small.cast::<i64>()),
        11 => (Measured::large % 2_i64).eq(0_i64),
        12 => Measured::double.ge(f64::from(small)),
        13 => (Measured::double - 1.0).ne(0.0),
        14 => Measured::price.le(decimal(random)),
        15 => Measured::flag.eq(true),
        16 => Measured::flag.is_not_distinct_from(choose(random, &[true, false])),
        17 => coalesce(Measured::small, 0).eq(small),
        18 => Measured::word.concat("x").eq("ax"),
        19 => Measured::word.gt(chosen),
        20 => Measured::small.in_(Vec::<i32>::new()),
        _ => Measured::small.is_not_null(),
    }
}

/// Whatever the statement and the strategy: an object that is not marked as expired shows what its row holds, and one that is
/// deleted has none.
async fn memory_never_lies(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Measured,))).await;
    let (mut followed, mut marked) = (0, 0);
    for seed in 0..250 {
        let random = &mut fastrand::Rng::with_seed(seed);
        let mut session = stage.sessions.open();
        let objects = session.add_all((0..12).map(|_| measured(random)).collect::<Vec<_>>());
        session.flush().await.unwrap();
        let before: Vec<Measured> = objects.iter().map(|object| (*object.read()).clone()).collect();
        let strategy = [SynchronizeSession::Auto, SynchronizeSession::Fetch][random.usize(..2)];
        let condition = condition(random, 2);
        let said = format!("seed {seed}, {strategy:?}: {condition:?}");
        let nested = session.begin_nested().await.unwrap();
        let mut session = nested;
        if random.u8(..3) == 0 {
            let statement = delete(Measured).filter(condition);
            session.execute(statement).synchronize_session(strategy).await.expect(&said);
        } else {
            let statement = update(Measured).filter(condition);
            let statement = match random.u8(..6) {
                0 => statement.set(Measured::word, choose(random, &WORDS)),
                1 => statement.set(Measured::word, Measured::word.concat("y")),
                2 => statement.set(Measured::small, Measured::small + 1),
                3 => statement.set(Measured::large, Measured::large * 2_i64).set(Measured::flag, true),
                4 => statement
                    .set(Measured::price, decimal(random))
                    .set(Measured::double, Measured::double + 0.5),
                _ => statement.set(Measured::large, 5).set(Measured::small, coalesce(Measured::small, 9)),
            };
            session.execute(statement).synchronize_session(strategy).await.expect(&said);
        }
        let rows = session.connection().await.unwrap().execute(select(Measured)).all().await.unwrap();
        for (object, before) in objects.iter().zip(&before) {
            let row = rows.iter().find(|row| row.id == before.id);
            match (object.state(), row) {
                (State::Deleted, None) => followed += 1,
                (State::Persistent, row) if object.is_expired() => {
                    marked += 1;
                    assert!(row.is_some() || !session.is_modified(), "{said}");
                }
                (State::Persistent, Some(row)) => {
                    followed += usize::from(row != before);
                    assert_eq!(*object.read(), *row, "{said}");
                }
                (state, row) => panic!("{said}: {state:?}, {row:?}, before {before:?}"),
            }
        }
        session.rollback().await.unwrap();
        let shown: Vec<Measured> = objects.iter().map(|object| (*object.read()).clone()).collect();
        assert_eq!(shown, before, "{said}: after the rollback");
    }
    assert!(followed > 500 && marked < followed, "{followed} objects followed, {marked} were marked");
}
on_every_database!(memory_never_lies);
