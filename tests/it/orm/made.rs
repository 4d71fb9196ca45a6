//! What the database makes: expressions as values, computed columns, values made by an UPDATE, versions of every kind.

use std::sync::atomic::{AtomicI64, Ordering};

use aludel::{
    prelude::*,
    sql::{trusted, upper},
};

use super::{Stage, models::User};
use crate::database::{Database, on_every_database};

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "made_visitor")]
struct Visitor {
    #[column(primary_key)]
    id: i64,
    #[column(length = 50)]
    name: String,
    visits: i64,
    limit: Option<i64>,
    #[relationship(back_populates = Visit::visitor)]
    all: Many<Visit>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "made_visit")]
struct Visit {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = Visitor::id)]
    visitor_id: i64,
    #[relationship(back_populates = Visitor::all)]
    visitor: One<Visitor>,
}

fn visitor(name: &str) -> Visitor {
    Visitor { name: name.into(), ..default() }
}

async fn expressions_are_values_of_columns(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Visitor, Visit))).await;
    let mut session = stage.sessions.open();
    let ann = session.add(visitor("ann"));
    session.commit().await.unwrap();
    stage.sent();
    ann.set(Visitor::visits, Visitor::visits + 1);
    assert!(ann.is_modified());
    assert_eq!((ann.read().visits, session.dirty(Visitor).len()), (0, 1));
    session.commit().await.unwrap();
    // Back in the same round trip where there is RETURNING, by a SELECT where not.
    let expected: &[&str] = match database.is_mysql() {
        true => &["UPDATE made_visitor", "SELECT made_visitor"],
        false => &["UPDATE made_visitor"],
    };
    let sent = stage.sent();
    assert_eq!(sent.iter().map(|line| super::verb(line)).collect::<Vec<_>>(), expected);
    assert!(sent[0].contains("visits + "), "{sent:?}");
    assert_eq!((ann.read().visits, ann.is_modified()), (1, false));
    // Nobody's increment is lost.
    let mut other = stage.sessions.open();
    let same = other.get_one(Visitor, ann.read().id).await.unwrap();
    other.commit().await.unwrap();
    ann.set(Visitor::visits, Visitor::visits + 1);
    session.commit().await.unwrap();
    same.set(Visitor::visits, Visitor::visits + 10);
    same.set(Visitor::name, upper(Visitor::name));
    same.set(Visitor::limit, Visitor::visits * 2);
    other.commit().await.unwrap();
    let read = same.read();
    assert_eq!((read.visits, read.name.as_str()), (12, "ANN"));
    assert!(read.limit.is_some());
    // Along with a plain value; what was set last counts.
    stage.sent();
    same.set(Visitor::visits, Visitor::visits + 100);
    same.set(Visitor::visits, 12);
    other.commit().await.unwrap();
    assert_eq!(stage.sent(), Vec::<String>::new(), "the value that it has already");
    same.set(Visitor::visits, Visitor::visits + 100);
    same.edit(|visitor| visitor.visits = 3);
    same.set(Visitor::name, "bob");
    other.commit().await.unwrap();
    assert_eq!((same.read().visits, same.read().name.as_str()), (3, "bob"));
    same.set(Visitor::visits, 5);
    same.set(Visitor::visits, Visitor::visits + 1);
    same.set(Visitor::name, "eve");
    other.commit().await.unwrap();
    assert_eq!((same.read().visits, same.read().name.as_str()), (4, "eve"));
    // Rolled back before and after the flush; thrown away by a refresh.
    same.set(Visitor::visits, Visitor::visits + 1);
    other.rollback().await.unwrap();
    assert!(!same.is_modified());
    same.set(Visitor::visits, Visitor::visits + 1);
    other.flush().await.unwrap();
    assert_eq!(same.read().visits, 5);
    other.rollback().await.unwrap();
    assert_eq!(same.read().visits, 4);
    same.set(Visitor::visits, Visitor::visits + 1);
    other.no_autoflush(async |session| session.refresh(&same).await).await.unwrap();
    other.commit().await.unwrap();
    assert_eq!((same.read().visits, same.is_modified()), (4, false));
    // One that the database refuses: nothing is lost but the transaction.
    same.set(Visitor::visits, aludel::sql::func::<i64>("no_such_function", []));
    assert!(other.flush().await.is_err());
    other.rollback().await.unwrap();
    assert_eq!((same.read().visits, same.is_modified()), (4, false));
}
on_every_database!(expressions_are_values_of_columns);

async fn expressions_of_many_and_of_new_objects(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Visitor, Visit))).await;
    let mut session = stage.sessions.open();
    let visitors = session.add_all((0..30).map(|number| Visitor { visits: number, ..visitor("v") }));
    session.flush().await.unwrap();
    for (number, visitor) in (0..).zip(&visitors) {
        match number % 3 {
            0 => visitor.set(Visitor::visits, Visitor::visits + number),
            1 => visitor.set(Visitor::visits, number * 10),
            _ => {}
        }
    }
    session.commit().await.unwrap();
    let stored: Vec<i64> =
        session.scalars(select(Visitor::visits).order_by(Visitor::id)).all().await.unwrap();
    let expected: Vec<i64> = (0..30).map(|it| [2 * it, 10 * it, it][it as usize % 3]).collect();
    assert_eq!(stored, expected);
    assert_eq!(visitors.iter().map(|visitor| visitor.read().visits).collect::<Vec<_>>(), expected);
    // A new object, on which others hang.
    let new = session.add(Visitor { all: Many::from([Visit::default()]), ..visitor("new") });
    new.set(Visitor::name, upper(aludel::sql::literal("now".to_owned())));
    let most = select(max(Visitor::visits)).scalar_subquery();
    new.set(Visitor::visits, most);
    session.flush().await.unwrap();
    let read = new.read();
    assert_eq!((read.name.as_str(), read.visits), ("NOW", *expected.iter().max().unwrap()));
    assert_eq!(read.all.iter().unwrap().next().unwrap().read().visitor_id, read.id);
    session.rollback().await.unwrap();
    assert_eq!((new.read().id, new.read().name.as_str()), (0, "new"));
}
on_every_database!(expressions_of_many_and_of_new_objects);

/// Its total is computed.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "made_position")]
struct Position {
    #[column(primary_key)]
    id: i64,
    price: i64,
    quantity: i64,
    #[column(computed = "price * quantity")]
    total: Option<i64>,
    #[column(length = 20, server_default = "'new'")]
    state: Option<String>,
}

async fn computed_columns_are_never_written(database: &Database) {
    let stage = Stage::of(database, MetaData::of(Position)).await;
    let mut session = stage.sessions.open();
    let position = |price, quantity| Position { price, quantity, ..default() };
    let one = session.add(position(3, 4));
    session.flush().await.unwrap();
    assert_eq!((one.read().total, one.read().state.as_deref()), (Some(12), Some("new")));
    let many = session.add_all((1..=40).map(|price| position(price, 2)));
    session.commit().await.unwrap();
    assert!(many.iter().all(|it| it.read().total == Some(it.read().price * 2)));
    // Changed together, they come back in as few statements as there can be.
    stage.sent();
    many.iter().for_each(|it| it.edit(|it| it.quantity = 5));
    session.commit().await.unwrap();
    let verbs = stage.verbs();
    if database.is_postgres() {
        assert_eq!(verbs, ["UPDATE made_position"]);
    } else if database.is_mysql() {
        assert_eq!(verbs, ["UPDATE made_position", "SELECT made_position"]);
    }
    assert!(many.iter().all(|it| it.read().total == Some(it.read().price * 5) && !it.is_modified()));
    one.set(Position::price, Position::price + 1);
    session.commit().await.unwrap();
    assert_eq!((one.read().price, one.read().total), (4, Some(16)));
    // A rollback brings the old one back.
    one.set(Position::price, 100);
    session.flush().await.unwrap();
    assert_eq!(one.read().total, Some(400));
    session.rollback().await.unwrap();
    assert_eq!(one.read().total, Some(16));
    // Nobody else writes it.
    one.set(Position::total, 1);
    let refused = session.flush().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Flush);
    assert!(refused.message().contains("Position.total"), "{refused}");
    session.rollback().await.unwrap();
    // Plain values by Core.
    stage
        .engine
        .begin(async |conn| {
            conn.execute(insert(Position).values_many([position(7, 7), position(8, 8)])).await
        })
        .await
        .unwrap();
    let totals = select(Position::total).filter(Position::quantity.gt(6)).order_by(Position::id);
    let totals: Vec<Option<i64>> = session.scalars(totals).all().await.unwrap();
    assert_eq!(totals, [Some(49), Some(64)]);
}
on_every_database!(computed_columns_are_never_written);

/// A trigger changes it.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "made_stamped")]
struct Stamped {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    name: String,
    #[column(server_onupdate)]
    stamp: Option<i64>,
}

/// The same, and nothing is brought back.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "made_stamped", eager_defaults = false)]
struct Lazily {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    name: String,
    #[column(server_onupdate, server_default = "1")]
    stamp: Option<i64>,
}

/// The database makes its versions.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "made_stamped")]
struct Served {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    name: String,
    #[column(name = "stamp", version_id, version_id_generator = false, server_default = "1")]
    version: Option<i64>,
}

/// A table with a trigger that counts at each UPDATE.
async fn stamped(database: &Database) -> Stage {
    let stage = Stage::of(database, MetaData::of(Served)).await;
    let statements: &[&str] = match () {
        () if database.is_postgres() => &[
            "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.stamp := coalesce(OLD.stamp, 0) + 1; \
             RETURN NEW; END $$",
            "CREATE TRIGGER stamps BEFORE UPDATE ON made_stamped FOR EACH ROW EXECUTE FUNCTION stamp()",
        ],
        () if database.is_mysql() => {
            &["CREATE TRIGGER stamps BEFORE UPDATE ON made_stamped FOR EACH ROW BEGIN \
             SET NEW.stamp = coalesce(OLD.stamp, 0) + 1; END"]
        }
        () => &["CREATE TRIGGER stamps AFTER UPDATE ON made_stamped BEGIN \
             UPDATE made_stamped SET stamp = coalesce(OLD.stamp, 0) + 1 WHERE id = NEW.id; END"],
    };
    let mut conn = stage.engine.connect().await.unwrap();
    for statement in statements {
        conn.exec_driver_sql(trusted(*statement), Vec::new()).await.unwrap();
    }
    conn.commit().await.unwrap();
    drop(conn);
    stage.sent();
    stage
}

async fn what_an_update_makes_comes_back(database: &Database) {
    let stage = stamped(database).await;
    let mut session = stage.sessions.open();
    let rows = session.add_all((0..5).map(|_| Stamped { stamp: Some(1), ..default() }));
    session.commit().await.unwrap();
    rows[0].set(Stamped::name, "one");
    stage.sent();
    session.commit().await.unwrap();
    // A trigger may come after RETURNING, so that it is asked for what it made.
    assert_eq!(stage.verbs(), ["UPDATE made_stamped", "SELECT made_stamped"]);
    let expected = |changes: i64| Some(1 + changes);
    assert_eq!(rows[0].read().stamp, expected(1));
    rows.iter().for_each(|row| row.edit(|row| row.name.push('!')));
    session.commit().await.unwrap();
    assert_eq!((rows[0].read().stamp, rows[1].read().stamp), (expected(2), expected(1)));
    // Left to be asked for: the object is expired.
    let mut other = stage.sessions.open();
    let lazily = other.get_one(Lazily, rows[1].read().id).await.unwrap();
    lazily.set(Lazily::name, "lazy");
    stage.sent();
    other.flush().await.unwrap();
    assert_eq!(stage.verbs(), ["UPDATE made_stamped"]);
    assert!(lazily.is_expired());
    assert_eq!(other.get_one(Lazily, rows[1].read().id).await.unwrap().read().stamp, expected(2));
    let new = other.add(Lazily::default());
    stage.sent();
    other.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["INSERT made_stamped"]);
    assert!(new.is_expired() && new.read().id != 0);
    other.refresh(&new).await.unwrap();
    assert_eq!(new.read().stamp, Some(1));
}
on_every_database!(what_an_update_makes_comes_back);

async fn case_061_versions_that_the_database_makes(database: &Database) {
    let stage = stamped(database).await;
    let mut session = stage.sessions.open();
    let rows = session.add_all((0..3).map(|_| Served::default()));
    session.commit().await.unwrap();
    assert_eq!(rows[0].read().version, Some(1));
    rows[0].set(Served::name, "a");
    session.commit().await.unwrap();
    assert_eq!(rows[0].read().version, Some(2));
    rows.iter().for_each(|row| row.edit(|row| row.name.push('!')));
    session.commit().await.unwrap();
    assert_eq!((rows[0].read().version, rows[1].read().version), (Some(3), Some(2)));
    let mut other = stage.sessions.open();
    other.get_one(Served, rows[0].read().id).await.unwrap().set(Served::name, "theirs");
    other.commit().await.unwrap();
    rows[0].set(Served::name, "ours");
    assert_eq!(session.commit().await.unwrap_err().kind(), ErrorKind::StaleData);
    session.rollback().await.unwrap();
    session.delete(&rows[0]).unwrap();
    assert_eq!(session.flush().await.unwrap_err().kind(), ErrorKind::StaleData);
    session.rollback().await.unwrap();
    session.refresh(&rows[0]).await.unwrap();
    session.delete(&rows[0]).unwrap();
    session.commit().await.unwrap();
}
on_every_database!(case_061_versions_that_the_database_makes);

static CLOCK: AtomicI64 = AtomicI64::new(1000);

fn tick() -> i64 {
    CLOCK.fetch_add(7, Ordering::SeqCst)
}

fn word() -> String {
    format!("version {}", tick())
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "made_timed")]
struct Timed {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    name: String,
    #[column(version_id, version_id_generator = tick)]
    version: i64,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "made_worded")]
struct Worded {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    name: String,
    #[column(length = 40, version_id, version_id_generator = word)]
    version: String,
}

async fn case_061_versions_that_a_function_makes(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Timed, Worded))).await;
    let mut session = stage.sessions.open();
    let (timed, worded) = (session.add(Timed::default()), session.add(Worded::default()));
    session.commit().await.unwrap();
    let (first, first_word) = (timed.read().version, worded.read().version.clone());
    assert!(first >= 1000 && first_word.starts_with("version "));
    timed.set(Timed::name, "a");
    worded.set(Worded::name, "a");
    session.commit().await.unwrap();
    assert!(timed.read().version > first);
    assert_ne!(worded.read().version, first_word);
    let stored: Vec<String> = session.scalars(select(Worded::version)).all().await.unwrap();
    assert_eq!(stored, [worded.read().version.clone()]);
    session.commit().await.unwrap();
    let mut other = stage.sessions.open();
    other.get_one(Worded, worded.read().id).await.unwrap().set(Worded::name, "theirs");
    other.commit().await.unwrap();
    worded.set(Worded::name, "ours");
    assert_eq!(session.commit().await.unwrap_err().kind(), ErrorKind::StaleData);
    session.rollback().await.unwrap();
    // The program makes them itself.
    timed.edit(|timed| (timed.name, timed.version) = ("by hand".into(), 5));
    session.commit().await.unwrap();
    assert_eq!(timed.read().version, 5);
}
on_every_database!(case_061_versions_that_a_function_makes);

async fn keys_of_the_program_come_back_in_any_order(database: &Database) {
    // A numbered key that the program gives, along with a default of the database: rows are told apart by their keys.
    let stage = Stage::of(database, MetaData::of((Position, User))).await;
    let mut session = stage.sessions.open();
    let ids = [40, 10, 30, 20];
    let positions = session.add_all(ids.map(|id| Position { id, price: id, quantity: 1, ..default() }));
    session.commit().await.unwrap();
    for (position, id) in positions.iter().zip(ids) {
        assert_eq!((position.read().id, position.read().total), (id, Some(id)));
        assert_eq!(position.read().state.as_deref(), Some("new"));
    }
}
on_every_database!(keys_of_the_program_come_back_in_any_order);
