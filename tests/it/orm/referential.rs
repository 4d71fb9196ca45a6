//! What the database deletes and changes along with a DELETE, the objects of the session follow.

use aludel::{
    orm::{State, SynchronizeSession},
    prelude::*,
};

use super::Stage;
use crate::database::{Database, on_every_database};

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "referential_house")]
struct House {
    #[column(primary_key)]
    id: i64,
    #[column(length = 20)]
    name: String,
    #[relationship(back_populates = Room::house, cascade = "all", passive_deletes, order_by = Room::id)]
    rooms: Many<Room>,
    #[relationship(back_populates = Guest::house, passive_deletes, order_by = Guest::id)]
    guests: Many<Guest>,
}

/// Goes with its house.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "referential_room")]
struct Room {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = House::id, on_delete = "cascade")]
    house_id: i64,
    #[relationship(back_populates = House::rooms)]
    house: One<House>,
    #[relationship(back_populates = Bed::room, order_by = Bed::id)]
    beds: Many<Bed>,
}

/// Goes with its room.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "referential_bed")]
struct Bed {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = Room::id, on_delete = "cascade")]
    room_id: Option<i64>,
    #[relationship(back_populates = Room::beds)]
    room: One<Room>,
}

/// Stays without its house.
#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "referential_guest")]
struct Guest {
    #[column(primary_key)]
    id: i64,
    #[column(foreign_key = House::id, on_delete = "set null")]
    house_id: Option<i64>,
    #[relationship(back_populates = House::guests)]
    house: One<House>,
}

fn house(name: &str) -> House {
    House {
        name: name.into(),
        rooms: Many::from([Room { beds: Many::from([Bed::default(), Bed::default()]), ..default() }]),
        guests: Many::from([Guest::default()]),
        ..default()
    }
}

struct Everything {
    houses: Vec<Instance<House>>,
    rooms: Vec<Instance<Room>>,
    beds: Vec<Instance<Bed>>,
    guests: Vec<Instance<Guest>>,
}

impl Everything {
    async fn of(session: &mut Session) -> Self {
        Self {
            houses: session.scalars(select(House).order_by(House::id)).all().await.unwrap(),
            rooms: session.scalars(select(Room).order_by(Room::id)).all().await.unwrap(),
            beds: session.scalars(select(Bed).order_by(Bed::id)).all().await.unwrap(),
            guests: session.scalars(select(Guest).order_by(Guest::id)).all().await.unwrap(),
        }
    }

    /// The first house is gone, with what goes with it.
    fn assert_first_gone(&self, gone: State) {
        assert_eq!([&self.rooms[0].state(), &self.rooms[1].state()], [&gone, &State::Persistent]);
        let beds: Vec<State> = self.beds.iter().map(Instance::state).collect();
        assert_eq!(beds, [gone, gone, State::Persistent, State::Persistent]);
        let guest = &self.guests[0];
        assert_eq!(
            (guest.state(), guest.read().house_id, guest.is_modified()),
            (State::Persistent, None, false)
        );
        assert_eq!(self.guests[1].read().house_id, Some(self.houses[1].read().id));
    }

    fn assert_all_there(&self) {
        assert!(self.rooms.iter().all(|room| room.state() == State::Persistent));
        assert!(self.beds.iter().all(|bed| bed.state() == State::Persistent));
        assert_eq!(self.guests[0].read().house_id, Some(self.houses[0].read().id));
    }
}

async fn stage(database: &Database) -> (Stage, Session) {
    let stage = Stage::of(database, MetaData::of((House, Room, Bed, Guest))).await;
    let mut session = stage.sessions.open();
    session.add_all([house("a"), house("b")]);
    session.commit().await.unwrap();
    session.expunge_all();
    (stage, session)
}

async fn objects_follow_on_delete_of_a_set(database: &Database) {
    let (_stage, mut session) = stage(database).await;
    let all = Everything::of(&mut session).await;
    session.load(&all.houses[0], House::guests).await.unwrap();
    session.load(&all.guests[0], Guest::house).await.unwrap();
    // What is loaded in a transaction that is rolled back would be expired, and may refer elsewhere by then.
    session.commit().await.unwrap();
    for strategy in [SynchronizeSession::Auto, SynchronizeSession::Evaluate, SynchronizeSession::Fetch] {
        session
            .execute(delete(House).filter(House::name.eq("a")))
            .synchronize_session(strategy)
            .await
            .unwrap();
        all.assert_first_gone(State::Deleted);
        assert!(session.load(&all.guests[0], Guest::house).await.unwrap().is_none());
        assert!(session.get(Room, all.rooms[0].read().id).await.unwrap().is_none());
        session.rollback().await.unwrap();
        all.assert_all_there();
        let guest = session.load(&all.guests[0], Guest::house).await.unwrap();
        assert_eq!(guest.as_ref(), Some(&all.houses[0]));
    }
    // By what it gives back.
    let gone = session.scalars(delete(House).filter(House::name.eq("a")).returning(House)).all().await;
    assert_eq!(gone.unwrap(), [all.houses[0].clone()]);
    all.assert_first_gone(State::Deleted);
    session.commit().await.unwrap();
    all.assert_first_gone(State::Detached);
}
on_every_database!(objects_follow_on_delete_of_a_set);

/// The deleted rows have no objects; those that refer to them have.
async fn objects_follow_rows_that_nobody_loaded(database: &Database) {
    let (_stage, mut session) = stage(database).await;
    let all = Everything::of(&mut session).await;
    let first = all.houses[0].read().id;
    session.expunge_all();
    let all = Everything {
        rooms: session.scalars(select(Room).order_by(Room::id)).all().await.unwrap(),
        beds: session.scalars(select(Bed).order_by(Bed::id)).all().await.unwrap(),
        guests: session.scalars(select(Guest).order_by(Guest::id)).all().await.unwrap(),
        ..all
    };
    session.execute(delete(House).filter(House::id.eq(first))).await.unwrap();
    all.assert_first_gone(State::Deleted);
    session.rollback().await.unwrap();
    all.assert_all_there();
}
on_every_database!(objects_follow_rows_that_nobody_loaded);

async fn objects_follow_a_passive_delete(database: &Database) {
    let (stage, mut session) = stage(database).await;
    let all = Everything::of(&mut session).await;
    session.commit().await.unwrap();
    // Neither collection is loaded, so that the flush writes none of them.
    session.delete(&all.houses[0]).unwrap();
    stage.sent();
    session.flush().await.unwrap();
    assert_eq!(stage.verbs(), ["DELETE referential_house"]);
    all.assert_first_gone(State::Deleted);
    session.rollback().await.unwrap();
    all.assert_all_there();
    session.delete(&all.houses[0]).unwrap();
    session.commit().await.unwrap();
    all.assert_first_gone(State::Detached);
    assert_eq!(session.scalars(select(Bed)).all().await.unwrap().len(), 2);
}
on_every_database!(objects_follow_a_passive_delete);
