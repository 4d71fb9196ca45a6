//! `lazy = ".."` on the mapping.

use aludel::prelude::*;

use super::Stage;
use crate::database::{Database, on_every_database};

#[derive(Mapped, Clone, Debug, Default)]
pub struct Shop {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 50)]
    pub name: String,
    #[relationship(back_populates = Shelf::shop, lazy = "selectin", order_by = Shelf::id)]
    pub shelves: Many<Shelf>,
    #[relationship(back_populates = Guard::shop, lazy = "raise")]
    pub guards: Many<Guard>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Shelf {
    #[column(primary_key)]
    pub id: i64,
    #[column(foreign_key = Shop::id)]
    pub shop_id: i64,
    #[relationship(back_populates = Shop::shelves, lazy = "joined")]
    pub shop: One<Shop>,
    #[relationship(back_populates = Item::shelf, lazy = "joined", order_by = Item::label.desc())]
    pub items: Many<Item>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Item {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 50)]
    pub label: String,
    #[column(foreign_key = Shelf::id)]
    pub shelf_id: i64,
    #[relationship(back_populates = Shelf::items)]
    pub shelf: One<Shelf>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Guard {
    #[column(primary_key)]
    pub id: i64,
    #[column(foreign_key = Shop::id)]
    pub shop_id: i64,
    #[relationship(back_populates = Shop::guards)]
    pub shop: One<Shop>,
}

async fn stage(database: &Database) -> Stage {
    let stage = Stage::of(database, MetaData::of((Shop, Shelf, Item, Guard))).await;
    let item = |label: &str| Item { label: label.into(), ..default() };
    stage
        .sessions
        .begin(async |session| {
            for number in 0..3 {
                let shelves =
                    (0..number).map(|_| Shelf { items: Many::from([item("a"), item("b")]), ..default() });
                session.add(Shop { name: format!("shop {number}"), shelves: shelves.collect(), ..default() });
            }
            Ok(())
        })
        .await
        .unwrap();
    stage.sent();
    stage
}

fn labels(shelf: &Instance<Shelf>) -> Vec<String> {
    shelf.read().items.iter().unwrap().map(|item| item.read().label.clone()).collect()
}

async fn what_the_mapping_says_is_loaded(database: &Database) {
    let stage = stage(database).await;
    let mut session = stage.sessions.open();
    let shops = session.scalars(select(Shop).order_by(Shop::id)).all().await.unwrap();
    assert_eq!(stage.sent().len(), 2);
    for (number, shop) in shops.iter().enumerate() {
        let shelves: Vec<_> = shop.read().shelves.iter().unwrap().collect();
        assert_eq!(shelves.len(), number);
        for shelf in shelves {
            assert_eq!(labels(&shelf), ["b", "a"]);
            assert_eq!(shelf.read().shop.get().unwrap().as_ref(), Some(shop));
        }
    }
    let error = session.load(&shops[0], Shop::guards).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotLoaded);
    assert!(error.message().contains("Shop.guards"), "{error}");

    // From the other end, and by key.
    let mut session = stage.sessions.open();
    stage.sent();
    let shelves = session.scalars(select(Shelf).order_by(Shelf::id)).all().await.unwrap();
    assert_eq!(shelves.len(), 3);
    assert!(shelves.iter().all(|shelf| labels(shelf) == ["b", "a"]));
    let shop = shelves[0].read().shop.get().unwrap().unwrap();
    assert_eq!(shop.read().name, "shop 1");
    let mut session = stage.sessions.open();
    let shelf = session.get(Shelf, shelves[2].read().id).await.unwrap().unwrap();
    assert_eq!(
        (labels(&shelf).len(), shelf.read().shop.get().unwrap().unwrap().read().name.as_str()),
        (2, "shop 2")
    );
}
on_every_database!(what_the_mapping_says_is_loaded);

async fn an_option_says_otherwise(database: &Database) {
    let stage = stage(database).await;
    let mut session = stage.sessions.open();
    let shelves = session
        .scalars(select(Shelf).options(raiseload(Shelf::shop)).options(selectinload(Shelf::items)))
        .all()
        .await
        .unwrap();
    assert_eq!(stage.sent().len(), 2);
    assert_eq!(session.load(&shelves[0], Shelf::shop).await.unwrap_err().kind(), ErrorKind::NotLoaded);
    assert_eq!(labels(&shelves[0]), ["b", "a"]);
    let shops = session.scalars(select(Shop).options(selectinload(Shop::guards))).all().await.unwrap();
    assert!(shops.iter().all(|shop| shop.read().guards.is_empty().unwrap()));
}
on_every_database!(an_option_says_otherwise);

/// What is pending in a collection that is not loaded stays when it is loaded by a join of two collections.
async fn joined_rows_meet_unflushed_changes(database: &Database) {
    let stage = stage(database).await;
    let mut session = stage.sessions.open();
    let shelves = session.scalars(select(Shelf).options(raiseload(Shelf::items))).all().await.unwrap();
    let shelf = &shelves[0];
    let items = session
        .scalars(select(Item).filter(Item::shelf_id.eq(shelf.read().id)).order_by(Item::id))
        .all()
        .await
        .unwrap();
    session
        .no_autoflush(async |session| {
            shelf.edit(|shelf| {
                assert!(shelf.items.remove(&items[0]));
                shelf.items.push(Item { label: "new".into(), ..default() });
            });
            session.scalars(select(Shelf)).all().await?;
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(labels(shelf), ["b", "new"]);
    items[0].set(Item::shelf, &shelves[1]);
    session.commit().await.unwrap();
    assert_eq!(labels(&shelves[1]), ["b", "a", "a"]);
    let mut other = stage.sessions.open();
    let found = other.scalars(select(Shelf).order_by(Shelf::id)).all().await.unwrap();
    assert_eq!((labels(&found[0]), labels(&found[1]).len()), (vec!["new".into(), "b".into()], 3));
}
on_every_database!(joined_rows_meet_unflushed_changes);
