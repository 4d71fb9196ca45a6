//! Keys of every kind, and names that have to be quoted.

use std::sync::atomic::{AtomicU64, Ordering};

use aludel::{orm::State, prelude::*, sql::trusted};
use uuid_1::{Builder, Uuid};

use super::{Stage, models::User};
use crate::database::{Database, on_every_database};

/// Its key is a text that the program gives.
#[derive(Mapped, Clone, Debug, Default)]
pub struct Country {
    #[column(primary_key, length = 20)]
    pub code: String,
    #[column(length = 50)]
    pub name: String,
    #[relationship(back_populates = City::country, cascade = "all, delete-orphan", order_by = City::id)]
    pub cities: Many<City>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct City {
    #[column(primary_key)]
    pub id: u32,
    #[column(length = 50)]
    pub name: String,
    #[column(foreign_key = Country::code, length = 20)]
    pub country_code: String,
    #[relationship(back_populates = Country::cities)]
    pub country: One<Country>,
    #[relationship(secondary = CityTour, back_populates = Tour::cities, order_by = Tour::name)]
    pub tours: Many<Tour>,
}

/// Its key is a UUID.
#[derive(Mapped, Clone, Debug, Default)]
pub struct Tour {
    #[column(primary_key)]
    pub id: Uuid,
    #[column(length = 50)]
    pub name: String,
    #[relationship(secondary = CityTour, back_populates = City::tours, order_by = City::id)]
    pub cities: Many<City>,
    #[relationship(back_populates = Stop::tour, order_by = Stop::position, cascade = "all, delete-orphan")]
    pub stops: Many<Stop>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct CityTour {
    #[column(primary_key, foreign_key = City::id)]
    pub city_id: u32,
    #[column(primary_key, foreign_key = Tour::id)]
    pub tour_id: Uuid,
}

/// A part of its key is a foreign key.
#[derive(Mapped, Clone, Debug, Default)]
pub struct Stop {
    #[column(primary_key, foreign_key = Tour::id)]
    pub tour_id: Uuid,
    #[column(primary_key)]
    pub position: i16,
    #[column(length = 200)]
    pub note: Option<String>,
    #[relationship(back_populates = Tour::stops)]
    pub tour: One<Tour>,
}

/// Every name has to be quoted, and no column is called like its field.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "u")]
pub struct Quoted {
    #[column(primary_key, name = "Key")]
    pub id: i64,
    #[column(name = "select", length = 50)]
    pub choice: String,
    #[column(name = "Group By", foreign_key = Quoted::id)]
    pub parent_id: Option<i64>,
    #[relationship(back_populates = Quoted::children)]
    pub parent: One<Quoted>,
    #[relationship(back_populates = Quoted::parent, order_by = Quoted::choice.desc())]
    pub children: Many<Quoted>,
}

async fn stage(database: &Database) -> Stage {
    Stage::of(database, MetaData::of((Country, City, Tour, CityTour, Stop, Quoted))).await
}

fn city(name: &str) -> City {
    City { name: name.into(), ..default() }
}

fn names(cities: &[Instance<City>]) -> Vec<String> {
    cities.iter().map(|city| city.read().name.clone()).collect()
}

async fn text_and_unsigned_keys(database: &Database) {
    let stage = stage(database).await;
    let mut session = stage.sessions.open();
    session.add(Country { code: "FR".into(), cities: Many::from([city("Lyon"), city("Nice")]), ..default() });
    session.add(Country { code: "Österreich".into(), cities: Many::from([city("Graz")]), ..default() });
    session.commit().await.unwrap();
    let mut other = stage.sessions.open();
    for eager in [selectinload(Country::cities), joinedload(Country::cities)] {
        let countries =
            other.scalars(select(Country).order_by(Country::code).options(eager)).all().await.unwrap();
        let found: Vec<_> =
            countries.iter().map(|it| names(&it.read().cities.iter().unwrap().collect::<Vec<_>>())).collect();
        assert_eq!(found, [vec!["Lyon", "Nice"], vec!["Graz"]]);
        other.close().await.unwrap();
    }
    let graz = other.scalars(select(City).filter(City::name.eq("Graz"))).one().await.unwrap();
    let country = other.load(&graz, City::country).await.unwrap().unwrap();
    assert_eq!(country.read().code, "Österreich");
    assert_eq!(other.get(City, graz.read().id).await.unwrap(), Some(graz.clone()));
    // Two rows at once, moved to a country that is found by its text.
    let france = other.get(Country, "FR").await.unwrap().unwrap();
    for city in other.load(&france, Country::cities).await.unwrap() {
        city.set(City::country, &country);
        city.set(City::name, "moved");
    }
    other.commit().await.unwrap();
    let codes: Vec<String> = other.scalars(select(City::country_code)).all().await.unwrap();
    assert_eq!(codes, ["Österreich"; 3]);
    // A required text key that nobody gave is named.
    other.add(city("nowhere"));
    let error = other.flush().await.unwrap_err();
    assert!(error.message().contains("City.country_code was never given"), "{error}");
}
on_every_database!(text_and_unsigned_keys);

async fn uuid_keys(database: &Database) {
    let stage = stage(database).await;
    let mut session = stage.sessions.open();
    let ids: Vec<Uuid> = (1..=3).map(Uuid::from_u128).collect();
    let tours =
        session.add_all(ids.iter().map(|id| Tour { id: *id, name: format!("tour {id}"), ..default() }));
    session.add(Country {
        code: "FR".into(),
        cities: Many::from([
            City { tours: Many::from([&tours[0], &tours[2]]), ..city("Lyon") },
            city("Nice"),
        ]),
        ..default()
    });
    session.commit().await.unwrap();
    let mut other = stage.sessions.open();
    let found = other
        .scalars(
            select(Tour).order_by(Tour::name).options(selectinload(Tour::cities).selectinload(City::tours)),
        )
        .all()
        .await
        .unwrap();
    let counts: Vec<_> = found.iter().map(|tour| tour.read().cities.len().unwrap()).collect();
    assert_eq!(counts, [1, 0, 1]);
    let lyon = found[0].read().cities.iter().unwrap().next().unwrap();
    assert_eq!(lyon.read().tours.iter().unwrap().collect::<Vec<_>>(), [found[0].clone(), found[2].clone()]);
    assert_eq!(other.get(Tour, ids[1]).await.unwrap(), Some(found[1].clone()));
    // Several rows of one shape, found by their UUIDs; and rows of the secondary table.
    found.iter().for_each(|tour| tour.edit(|tour| tour.name.push('!')));
    found[0].edit(|tour| assert!(tour.cities.remove(&lyon)));
    found[1].edit(|tour| tour.cities.push(&lyon));
    other.commit().await.unwrap();
    let mut third = stage.sessions.open();
    let lyon = third
        .scalars(select(City).filter(City::name.eq("Lyon")).options(joinedload(City::tours)))
        .one()
        .await
        .unwrap();
    let ids_now: Vec<Uuid> = lyon.read().tours.iter().unwrap().map(|tour| tour.read().id).collect();
    assert_eq!(ids_now, [ids[1], ids[2]]);
    assert_eq!(
        third.scalars(select(count(Tour::id)).filter(Tour::name.ends_with("!"))).one().await.unwrap(),
        3
    );
}
on_every_database!(uuid_keys);

async fn a_foreign_key_in_the_key(database: &Database) {
    let stage = stage(database).await;
    let mut session = stage.sessions.open();
    let stop = |position: i16| Stop { position, ..default() };
    let id = Uuid::from_u128(7);
    let tour = session.add(Tour { id, stops: Many::from([stop(1), stop(2), stop(3)]), ..default() });
    session.commit().await.unwrap();
    let second = session.get(Stop, (id, 2)).await.unwrap().unwrap();
    assert_eq!(second.read().tour.get().unwrap(), Some(tour.clone()));
    second.set(Stop::note, "n".repeat(150));
    tour.edit(|tour| tour.stops.push(stop(4)));
    for stop in tour.read().stops.iter().unwrap() {
        if stop.read().position != 2 {
            stop.set(Stop::note, "x");
        }
    }
    session.commit().await.unwrap();
    let mut other = stage.sessions.open();
    let tour = other.scalars(select(Tour).options(selectinload(Tour::stops))).one().await.unwrap();
    let lengths: Vec<_> = tour
        .read()
        .stops
        .iter()
        .unwrap()
        .map(|stop| stop.read().note.as_ref().map_or(0, String::len))
        .collect();
    assert_eq!(lengths, [1, 150, 1, 1]);
    let first = tour.read().stops.iter().unwrap().next().unwrap();
    tour.edit(|tour| assert!(tour.stops.remove(&first)));
    other.commit().await.unwrap();
    assert_eq!(
        other.scalars(select(Stop::position).order_by(Stop::position)).all().await.unwrap(),
        [2, 3, 4]
    );
    other.delete(&tour).unwrap();
    other.commit().await.unwrap();
    assert_eq!(other.scalars(select(count_all()).select_from(Stop)).one().await.unwrap(), 0);
}
on_every_database!(a_foreign_key_in_the_key);

async fn names_that_have_to_be_quoted(database: &Database) {
    let stage = stage(database).await;
    let mut session = stage.sessions.open();
    let node = |choice: &str| Quoted { choice: choice.into(), ..default() };
    let root = session.add(Quoted { children: Many::from(["a", "b", "c"].map(node)), ..node("root") });
    session.commit().await.unwrap();
    let mut other = stage.sessions.open();
    for eager in [selectinload(Quoted::children), joinedload(Quoted::children)] {
        let root = other
            .scalars(select(Quoted).filter(Quoted::parent_id.is_null()).options(eager))
            .one()
            .await
            .unwrap();
        let choices: Vec<String> =
            root.read().children.iter().unwrap().map(|it| it.read().choice.clone()).collect();
        assert_eq!(choices, ["c", "b", "a"]);
        other.close().await.unwrap();
    }
    let children: Vec<_> = root.read().children.iter().unwrap().collect();
    children.iter().for_each(|child| child.edit(|child| child.choice.push('!')));
    root.edit(|root| assert!(root.children.remove(&children[0])));
    session.commit().await.unwrap();
    assert_eq!(children[0].read().parent_id, None);
    session.refresh(&children[1]).await.unwrap();
    assert_eq!(children[1].read().choice, "b!");
    children.iter().for_each(|child| session.delete(child).unwrap());
    session.commit().await.unwrap();
    assert_eq!(session.scalars(select(count(Quoted::id))).one().await.unwrap(), 1);
}
on_every_database!(names_that_have_to_be_quoted);

/// From here on a trigger makes keys of users that do not grow, or keeps rows back.
async fn meddle(stage: &Stage, database: &Database) {
    let statements = match () {
        () if database.is_postgres() => vec![
            "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := 1000 - ascii(NEW.name); \
             RETURN NEW; END $$",
            "CREATE TRIGGER meddles BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION meddle()",
        ],
        () if database.is_mysql() => vec![
            "CREATE TRIGGER meddles BEFORE INSERT ON users FOR EACH ROW BEGIN SET NEW.id = 1000 - ascii(NEW.name); END",
        ],
        // SQLite's triggers cannot change a row, only keep it back.
        () => vec![
            "CREATE TRIGGER meddles BEFORE INSERT ON users BEGIN SELECT RAISE(IGNORE) WHERE NEW.name = 'b'; END",
        ],
    };
    let mut conn = stage.engine.connect().await.unwrap();
    for statement in statements {
        conn.exec_driver_sql(trusted(statement), Vec::new()).await.unwrap();
    }
    conn.commit().await.unwrap();
}

fn users(names: [&str; 3]) -> [User; 3] {
    names.map(|name| User { name: name.into(), ..default() })
}

async fn keys_that_a_trigger_makes_are_given_to_nobody(database: &Database) {
    let stage = Stage::new(database).await;
    meddle(&stage, database).await;
    let mut session = stage.sessions.open();
    // A COMMIT does not go along with rows that were never told apart.
    for commits in [false, true] {
        let users = session.add_all(users(["a", "b", "c"]));
        let refused = match commits {
            false => session.flush().await.unwrap_err(),
            true => session.commit().await.unwrap_err(),
        };
        assert_eq!(refused.kind(), ErrorKind::Flush, "{refused}");
        assert!(refused.message().contains("users") && refused.message().contains("trigger"), "{refused}");
        session.rollback().await.unwrap();
        assert!(users.iter().all(|user| user.read().id == 0));
        assert_eq!(session.scalar(select(count(User::id))).await.unwrap(), Some(0));
    }
}
on_every_database!(keys_that_a_trigger_makes_are_given_to_nobody);

async fn keys_that_cannot_be_told_apart_after_a_commit(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    // Told apart once: from here on the COMMIT goes along with the rows.
    session.add_all(users(["x", "y", "z"]));
    session.commit().await.unwrap();
    meddle(&stage, database).await;
    let new = session.add_all(users(["a", "b", "c"]));
    let unknown = session.commit().await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::OutcomeUnknown, "{unknown}");
    for part in ["is committed", "users", "trigger", "load them again"] {
        assert!(unknown.message().contains(part), "{part}: {unknown}");
    }
    // It says the truth: the rows are there, and no object has one of their keys.
    let kept: &[&str] = if database.is_sqlite() { &["a", "c"] } else { &["a", "b", "c"] };
    let mut other = stage.sessions.open();
    let names = select(User::name).filter(User::name.lt("x")).order_by(User::name);
    assert_eq!(other.scalars(names).all().await.unwrap(), kept);
    assert!(new.iter().all(|user| user.read().id == 0));
    assert!(new.iter().all(|user| user.state() != State::Persistent), "{:?}", new[0].state());
    // The session goes on with what is loaded anew.
    session.rollback().await.unwrap();
    let loaded = session.scalars(select(User).filter(User::name.lt("x"))).all().await.unwrap();
    assert_eq!(loaded.len(), kept.len());
    assert!(loaded.iter().all(|user| user.read().id > 0));
    loaded[0].set(User::name, "changed");
    session.commit().await.unwrap();
}
on_every_database!(keys_that_cannot_be_told_apart_after_a_commit);

/// Version 7: the time comes first, so that keys grow.
fn next_uuid() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let counter = NEXT.fetch_add(1, Ordering::SeqCst);
    let mut bytes = [7; 10];
    bytes[2..].copy_from_slice(&counter.to_be_bytes());
    Builder::from_unix_timestamp_millis(1_700_000_000_000 + counter, &bytes).into_uuid()
}

fn next_code() -> String {
    format!("code {}", next_uuid())
}

fn next_number() -> i64 {
    1_000_000 - i64::from(next_uuid().as_bytes()[15])
}

/// The session gives it its key.
#[derive(Mapped, Clone, Debug, Default)]
pub struct Order {
    #[column(primary_key, default = next_uuid)]
    pub id: Uuid,
    #[column(length = 20)]
    pub name: String,
    #[relationship(back_populates = Line::order, order_by = Line::code)]
    pub lines: Many<Line>,
}

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "order_line")]
pub struct Line {
    #[column(primary_key, length = 60, default = next_code)]
    pub code: String,
    #[column(primary_key, foreign_key = Order::id)]
    pub order_id: Uuid,
    #[relationship(back_populates = Order::lines)]
    pub order: One<Order>,
}

/// A number that no database gave out.
#[derive(Mapped, Clone, Debug, Default)]
pub struct Flake {
    #[column(primary_key, default = next_number)]
    pub id: i64,
    #[column(length = 20)]
    pub name: String,
}

async fn keys_that_the_client_makes(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Order, Line, Flake))).await;
    let mut session = stage.sessions.open();
    let orders = session.add_all((0..20).map(|number| Order {
        name: number.to_string(),
        lines: Many::from([Line::default(), Line::default()]),
        ..default()
    }));
    let given = Uuid::from_u128(5);
    let own = session.add(Order { id: given, ..default() });
    session.commit().await.unwrap();
    // Nothing has to come back, so that parents and children go in one flight, of one statement each.
    assert_eq!(stage.verbs(), ["INSERT order", "INSERT order_line"]);
    let mut ids: Vec<Uuid> = orders.iter().map(|order| order.read().id).collect();
    assert!(ids.iter().all(|id| id.get_version_num() == 7) && own.read().id == given);
    ids.dedup();
    assert_eq!(ids.len(), 20);
    let mut other = stage.sessions.open();
    let found = other.get_one(Order, ids[3]).await.unwrap();
    assert_eq!(found.read().name, "3");
    let lines = other.load(&found, Order::lines).await.unwrap();
    assert_eq!(lines.len(), 2);
    let key = (lines[0].read().code.clone(), ids[3]);
    assert_eq!(other.get_one(Line, key).await.unwrap(), lines[0]);
    // Rolled back, the key is taken away again, and another one is made the next time.
    let new = session.add(Order::default());
    session.flush().await.unwrap();
    let first = new.read().id;
    session.rollback().await.unwrap();
    assert_eq!(new.read().id, Uuid::nil());
    session.add(&new);
    session.commit().await.unwrap();
    assert!(new.read().id != first && new.read().id != Uuid::nil());
    let flakes = session.add_all((0..3).map(|_| Flake::default()));
    session.commit().await.unwrap();
    let ids: Vec<i64> = flakes.iter().map(|flake| flake.read().id).collect();
    assert!(ids.iter().all(|id| *id > 900_000));
    for (flake, id) in flakes.iter().zip(ids) {
        assert_eq!(session.get_one(Flake, id).await.unwrap(), *flake);
    }
}
on_every_database!(keys_that_the_client_makes);

/// Where a trigger, a rule or a key of its own speaks against it, too.
#[derive(Mapped, Clone, Debug, Default)]
pub struct Ticket {
    #[column(primary_key)]
    pub id: i64,
    pub number: i64,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct TicketCopy {
    #[column(primary_key, autoincrement = false)]
    pub id: i64,
    pub number: i64,
}

/// Adds tickets with these numbers, and looks whether each object has the key of its row.
async fn many_tickets(stage: &Stage, numbers: std::ops::Range<i64>) -> Vec<String> {
    let mut session = stage.sessions.open();
    stage.sent();
    let tickets = session.add_all(numbers.map(|number| Ticket { number, ..default() }));
    session.commit().await.unwrap();
    let sent = stage.sent();
    let keys: std::collections::HashMap<i64, i64> =
        session.execute(select((Ticket::id, Ticket::number))).all().await.unwrap().into_iter().collect();
    for ticket in tickets {
        let ticket = ticket.read();
        assert_eq!(keys.get(&ticket.id), Some(&ticket.number));
    }
    sent
}

async fn numbers_of_many_rows(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Ticket, TicketCopy))).await;
    let is_together = |sent: &[String]| sent.iter().any(|sql| sql.contains("array_agg"));
    let is_postgres = stage.engine.dialect().name() == "postgresql";
    // Few rows bring back their numbers row by row, and so does the first batch of many.
    for range in [0..3, 100..103, 1000..2000] {
        assert!(!is_together(&many_tickets(&stage, range).await));
    }
    let sent = many_tickets(&stage, 2000..3200).await;
    assert_eq!(is_together(&sent), is_postgres, "{sent:?}");
    assert!(!is_together(&many_tickets(&stage, 4000..4999).await));
    assert_eq!(is_together(&many_tickets(&stage, 5000..6000).await), is_postgres);
    if !is_postgres {
        return;
    }
    // What a plan shows is what is sent.
    let mut session = stage.sessions.open();
    session.add_all((7000..8000).map(|number| Ticket { number, ..default() }));
    let plan = session.plan().await.unwrap().to_string();
    assert!(plan.contains("array_agg"), "{plan}");
    session.rollback().await.unwrap();
    // A rule that adds a statement is seen to before.
    let stage = Stage::of(database, MetaData::of((Ticket, TicketCopy))).await;
    let mut connection = stage.engine.connect().await.unwrap();
    let rule = "CREATE RULE copied AS ON INSERT TO ticket DO ALSO \
                INSERT INTO ticket_copy SELECT count(*) + 1, 0 FROM ticket_copy";
    connection.execute(text(trusted(rule))).await.unwrap();
    connection.commit().await.unwrap();
    for range in [0..1000, 2000..3000] {
        assert!(!is_together(&many_tickets(&stage, range).await));
    }
    let copies = connection.execute(select(count(TicketCopy::id))).one().await.unwrap();
    assert_eq!(copies, 2);
}
on_every_database!(numbers_of_many_rows);
