//! Relationships of every shape: several to one model, to the model itself, without a way back, in a circle.

use aludel::prelude::*;

use super::Stage;
use crate::database::{Database, on_every_database};

#[derive(Mapped, Clone, Debug, Default)]
pub struct Place {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 50, unique)]
    pub name: String,
    #[relationship(back_populates = Flight::origin, foreign_key = Flight::origin_id, order_by = Flight::id)]
    pub departures: Many<Flight>,
    #[relationship(back_populates = Flight::destination, foreign_key = Flight::destination_id)]
    pub arrivals: Many<Flight>,
}

/// Two links to one model, one that is required and one that is not, and one along a column that is no primary key.
#[derive(Mapped, Clone, Debug, Default)]
pub struct Flight {
    #[column(primary_key)]
    pub id: i64,
    #[column(foreign_key = Place::id)]
    pub origin_id: i64,
    #[column(foreign_key = Place::id)]
    pub destination_id: Option<i64>,
    #[column(foreign_key = Place::name, length = 50)]
    pub diverted_to: Option<String>,
    #[relationship(back_populates = Place::departures, foreign_key = Flight::origin_id)]
    pub origin: One<Place>,
    #[relationship(back_populates = Place::arrivals, foreign_key = Flight::destination_id)]
    pub destination: One<Place>,
    #[relationship(foreign_key = Flight::diverted_to)]
    pub diversion: One<Place>,
}

/// Follows others of its kind, and is followed; and has one best friend.
#[derive(Mapped, Clone, Debug, Default)]
pub struct Person {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 50)]
    pub name: String,
    #[column(foreign_key = Person::id)]
    pub mentor_id: Option<i64>,
    #[relationship(secondary = Follow, back_populates = Person::followers, order_by = Person::id)]
    pub follows: Many<Person>,
    #[relationship(secondary = Follow, back_populates = Person::follows, order_by = Person::id)]
    pub followers: Many<Person>,
    #[relationship(back_populates = Person::student, foreign_key = Person::mentor_id)]
    pub mentor: One<Person>,
    #[relationship(back_populates = Person::mentor)]
    pub student: One<Person>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Follow {
    #[column(primary_key, foreign_key = Person::id)]
    pub follower_id: i64,
    #[column(primary_key, foreign_key = Person::id)]
    pub followed_id: i64,
}

/// A circle of two tables.
#[derive(Mapped, Clone, Debug, Default)]
pub struct Club {
    #[column(primary_key)]
    pub id: i64,
    #[column(foreign_key = Member::id)]
    pub chair_id: Option<i64>,
    #[relationship(foreign_key = Club::chair_id, post_update)]
    pub chair: One<Member>,
    #[relationship(back_populates = Member::club, cascade = "all", order_by = Member::id)]
    pub members: Many<Member>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Member {
    #[column(primary_key)]
    pub id: i64,
    #[column(foreign_key = Club::id)]
    pub club_id: Option<i64>,
    #[relationship(back_populates = Club::members, foreign_key = Member::club_id)]
    pub club: One<Club>,
}

async fn two_links_to_one_model(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Place, Flight))).await;
    let mut session = stage.sessions.open();
    let place = |name: &str| Place { name: name.into(), ..default() };
    let [rome, oslo] = ["Rome", "Oslo"].map(|name| session.add(place(name)));
    let flight = session.add(Flight { origin: One::from(&rome), destination: One::from(&oslo), ..default() });
    session.add(Flight { origin: One::from(&oslo), ..default() });
    session.add(Flight {
        origin: One::from(place("Bern")),
        diversion: One::from(place("Riga")),
        ..default()
    });
    session.commit().await.unwrap();
    assert_eq!(
        (flight.read().origin_id, flight.read().destination_id),
        (rome.read().id, Some(oslo.read().id))
    );
    let mut other = stage.sessions.open();
    let places = other
        .scalars(
            select(Place)
                .order_by(Place::id)
                .options(selectinload(Place::departures).joinedload(Flight::destination))
                .options(selectinload(Place::arrivals)),
        )
        .all()
        .await
        .unwrap();
    let counts: Vec<_> = places
        .iter()
        .map(|it| (it.read().departures.len().unwrap(), it.read().arrivals.len().unwrap()))
        .collect();
    assert_eq!(counts, [(1, 0), (1, 1), (1, 0), (0, 0)]);
    let found = other.scalars(select(Flight).order_by(Flight::id)).all().await.unwrap();
    assert_eq!(found[0].read().destination.get().unwrap().unwrap().read().name, "Oslo");
    let riga = other.load(&found[2], Flight::diversion).await.unwrap().unwrap();
    assert_eq!((riga.read().name.as_str(), found[2].read().diverted_to.as_deref()), ("Riga", Some("Riga")));
    // Turned around: each key goes its own way.
    found[0].edit(|flight| {
        flight.origin.set(&places[1]);
        flight.destination.set(&places[0]);
    });
    other.commit().await.unwrap();
    let row = other.execute(
        select((Flight::origin_id, Flight::destination_id)).filter(Flight::id.eq(found[0].read().id)),
    );
    assert_eq!(row.one().await.unwrap(), (places[1].read().id, Some(places[0].read().id)));
    // The optional one goes, and becomes NULL; the required one cannot.
    other.delete(&places[0]).unwrap();
    other.commit().await.unwrap();
    assert_eq!(found[0].read().destination_id, None);
    assert_eq!(found[0].read().destination.get().unwrap(), None);
    other.delete(&places[1]).unwrap();
    let error = other.commit().await.unwrap_err();
    assert!(error.message().contains("Flight.origin_id cannot become NULL"), "{error}");
    other.rollback().await.unwrap();
    assert_eq!(found[0].read().origin_id, places[1].read().id);
    // Never given.
    other.add(Flight { destination: One::from(&places[1]), ..default() });
    let error = other.commit().await.unwrap_err();
    assert!(error.message().contains("Flight.origin_id was never given"), "{error}");
}
on_every_database!(two_links_to_one_model);

fn ids(people: &Many<Person>) -> Vec<i64> {
    people.iter().unwrap().map(|person| person.read().id).collect()
}

async fn many_to_many_to_itself(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Person, Follow))).await;
    let mut session = stage.sessions.open();
    let people = session.add_all((1..=4).map(|id| Person { id, ..default() }));
    session.commit().await.unwrap();
    // Each follows the other: two rows.
    people[0].edit(|person| person.follows.push(&people[1]));
    people[1].edit(|person| person.follows.push(&people[0]));
    people[2].edit(|person| {
        person.followers.push(&people[0]);
        person.follows.push(&people[2]);
    });
    assert_eq!((ids(&people[0].read().follows), ids(&people[0].read().followers)), (vec![2, 3], vec![2]));
    session.commit().await.unwrap();
    let rows = select((Follow::follower_id, Follow::followed_id))
        .order_by((Follow::follower_id, Follow::followed_id));
    assert_eq!(session.execute(rows.clone()).all().await.unwrap(), [(1, 2), (1, 3), (2, 1), (3, 3)]);
    let mut other = stage.sessions.open();
    for follows in [selectinload(Person::follows), joinedload(Person::follows)] {
        let found = other
            .scalars(
                select(Person).order_by(Person::id).options(follows).options(selectinload(Person::followers)),
            )
            .all()
            .await
            .unwrap();
        let seen: Vec<_> =
            found.iter().map(|it| (ids(&it.read().follows), ids(&it.read().followers))).collect();
        assert_eq!(
            seen,
            [(vec![2, 3], vec![2]), (vec![1], vec![1]), (vec![3], vec![1, 3]), (vec![], vec![])]
        );
        other.close().await.unwrap();
    }
    let followed =
        other.scalars(select(Person::id).filter(Person::follows.any(Person::id.eq(1)))).all().await.unwrap();
    assert_eq!(followed, [2]);
    people[0].edit(|person| assert!(person.follows.remove(&people[1])));
    people[2].edit(|person| assert!(person.follows.remove(&people[2])));
    session.commit().await.unwrap();
    assert_eq!(session.execute(rows.clone()).all().await.unwrap(), [(1, 3), (2, 1)]);
    session.delete(&people[0]).unwrap();
    session.commit().await.unwrap();
    assert_eq!(session.execute(rows).all().await.unwrap(), []);
    assert_eq!(ids(&people[1].read().follows), Vec::<i64>::new());
}
on_every_database!(many_to_many_to_itself);

async fn one_to_one_to_itself(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Person, Follow))).await;
    let mut session = stage.sessions.open();
    let people = session.add_all((1..=3).map(|id| Person { id, ..default() }));
    people[1].set(Person::mentor, &people[0]);
    people[1].set(Person::student, &people[2]);
    session.commit().await.unwrap();
    let mentors: Vec<Option<i64>> =
        session.scalars(select(Person::mentor_id).order_by(Person::id)).all().await.unwrap();
    assert_eq!(mentors, [None, Some(1), Some(2)]);
    let mut other = stage.sessions.open();
    let found = other
        .scalars(
            select(Person)
                .order_by(Person::id)
                .options(selectinload(Person::mentor))
                .options(joinedload(Person::student)),
        )
        .all()
        .await
        .unwrap();
    assert_eq!(found[0].read().student.get().unwrap().as_ref(), Some(&found[1]));
    assert_eq!(found[0].read().mentor.get().unwrap(), None);
    assert_eq!(found[2].read().mentor.get().unwrap().as_ref(), Some(&found[1]));
    // One student takes the place of another.
    found[0].set(Person::student, &found[2]);
    assert_eq!((found[1].read().mentor.get().unwrap(), found[1].read().student.get().unwrap()), (None, None));
    other.commit().await.unwrap();
    let mentors: Vec<Option<i64>> =
        other.scalars(select(Person::mentor_id).order_by(Person::id)).all().await.unwrap();
    assert_eq!(mentors, [None, None, Some(1)]);
}
on_every_database!(one_to_one_to_itself);

async fn a_circle_of_tables(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Club, Member))).await;
    let mut session = stage.sessions.open();
    let club = session.add(Club { members: Many::from([Member::default(), Member::default()]), ..default() });
    let members: Vec<_> = club.read().members.iter().unwrap().collect();
    club.set(Club::chair, &members[1]);
    session.commit().await.unwrap();
    assert_eq!(stage.verbs(), ["INSERT club", "INSERT member", "UPDATE club"]);
    assert_eq!(club.read().chair_id, Some(members[1].read().id));
    let mut other = stage.sessions.open();
    let club = other.scalars(select(Club).options(joinedload(Club::chair))).one().await.unwrap();
    assert_eq!(club.read().chair.get().unwrap().unwrap().read().id, members[1].read().id);
    // Both sides go: the key that closes the circle becomes NULL before.
    other.delete(&club).unwrap();
    stage.sent();
    other.commit().await.unwrap();
    let verbs: Vec<_> = stage.verbs().into_iter().filter(|verb| !verb.starts_with("SELECT")).collect();
    assert_eq!(verbs, ["UPDATE club", "DELETE member", "DELETE club"]);
    assert_eq!(other.scalars(select(count(Member::id))).one().await.unwrap(), 0);
}
on_every_database!(a_circle_of_tables);

/// Rows of one table that refer to each other in a circle, which no order can delete.
async fn a_circle_of_rows(database: &Database) {
    let stage = Stage::of(database, MetaData::of((Person, Follow))).await;
    let mut session = stage.sessions.open();
    let people = session.add_all((1..=3).map(|id| Person { id, ..default() }));
    session.commit().await.unwrap();
    for (position, person) in people.iter().enumerate() {
        person.set(Person::mentor, &people[(position + 1) % 3]);
    }
    session.commit().await.unwrap();
    people.iter().for_each(|person| session.delete(person).unwrap());
    session.commit().await.unwrap();
    assert_eq!(session.scalars(select(count(Person::id))).one().await.unwrap(), 0);
    // New rows in a circle are refused by name.
    let people = session.add_all((1..=2).map(|id| Person { id, ..default() }));
    people[0].set(Person::mentor, &people[1]);
    people[1].set(Person::mentor, &people[0]);
    let error = session.commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CircularDependency);
    assert!(error.message().contains("Person -> Person"), "{error}");
    session.rollback().await.unwrap();
}
on_every_database!(a_circle_of_rows);
