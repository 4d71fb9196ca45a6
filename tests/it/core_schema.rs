//! Making and dropping tables, and models read through a connection.

use aludel::{
    Decimal,
    prelude::*,
    sql::{create_index, create_table, drop_index, drop_table},
};

use crate::{
    core_tables::{create, error, how_many, integers, rows},
    database::{Database, on_every_database},
};

fn chain() -> MetaData {
    let metadata = MetaData::new();
    // Each references one that is added later.
    let _ = Table::new("grandchild", &metadata)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("child_id", Integer).foreign_key("child.id"));
    let _ = Table::new("child", &metadata).column(Column::new("id", Integer).primary_key()).column(
        Column::new("parent_id", Integer).foreign_key("parent.id").on_delete(ReferentialAction::Cascade),
    );
    let _ = Table::new("parent", &metadata).column(Column::new("id", Integer).primary_key());
    metadata
}

async fn tables_are_made_and_dropped_in_order(database: &Database) {
    let metadata = chain();
    let order: Vec<String> = metadata.sorted_tables().iter().map(|table| table.name().to_string()).collect();
    assert_eq!(order, ["parent", "child", "grandchild"]);
    let mut conn = database.connect().await;
    for _ in 0..2 {
        metadata.create_all(&mut conn).await.unwrap();
        // What is there already is left alone.
        metadata.create_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
        let table = |name: &str| metadata.table(name).unwrap();
        conn.execute(insert(table("parent")).value("id", 1)).await.unwrap();
        conn.execute(insert(table("child")).value("id", 1).value("parent_id", 1)).await.unwrap();
        let refused =
            error(&mut conn, insert(table("grandchild")).value("id", 1).value("child_id", 99)).await;
        assert_eq!(refused.kind(), ErrorKind::Integrity);
        conn.rollback().await.unwrap();
        metadata.drop_all(&mut conn).await.unwrap();
        metadata.drop_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
        assert_eq!(error(&mut conn, select(table("parent").c("id"))).await.kind(), ErrorKind::Programming);
        conn.rollback().await.unwrap();
    }
}
on_every_database!(tables_are_made_and_dropped_in_order);

async fn tables_in_a_circle_are_made_and_dropped(database: &Database) {
    let metadata = MetaData::new();
    let person = Table::new("person", &metadata)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("favorite_id", Integer).foreign_key("ball.id"));
    let ball = Table::new("ball", &metadata)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("owner_id", Integer).foreign_key("person.id"));
    let node = Table::new("node", &metadata)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("parent_id", Integer).foreign_key("node.id"));
    let mut conn = database.connect().await;
    for _ in 0..2 {
        metadata.create_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
        metadata.create_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
        conn.execute(insert(&person).value("id", 1)).await.unwrap();
        conn.execute(insert(&ball).value("id", 1).value("owner_id", 1)).await.unwrap();
        conn.execute(update(&person).set("favorite_id", 1)).await.unwrap();
        conn.execute(insert(&node).value("id", 1).value("parent_id", 1)).await.unwrap();
        conn.commit().await.unwrap();
        for wrong in [insert(&person).value("favorite_id", 9), insert(&ball).value("owner_id", 9)] {
            assert_eq!(error(&mut conn, wrong).await.kind(), ErrorKind::Integrity, "both keys are there");
            conn.rollback().await.unwrap();
        }
        // With rows that hold each other.
        metadata.drop_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
        for table in [&person, &ball, &node] {
            assert_eq!(error(&mut conn, select(table.c("id"))).await.kind(), ErrorKind::Programming);
            conn.rollback().await.unwrap();
        }
    }
}
on_every_database!(tables_in_a_circle_are_made_and_dropped);

async fn constraints_and_indexes_hold(database: &Database) {
    let mut conn = database.connect().await;
    let t = Table::unregistered("things")
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("code", Varchar(20)).not_null().unique())
        .column(Column::new("first", Varchar(20)).index())
        .column(Column::new("last", Varchar(20)))
        .column(Column::new("pages", Integer).not_null().server_default("7"))
        .unique(UniqueConstraint::new(["first", "last"]).named("things_whole_name"))
        .check(CheckConstraint::new("pages > 0").named("things_pages"))
        .index(Index::new("things_by_name", ["last", "first"]));
    create(&mut conn, &t).await;
    let row = |code: &str, first: &str, last: &str| {
        insert(&t).value("code", code).value("first", first).value("last", last)
    };
    conn.execute(row("a", "x", "y")).await.unwrap();
    assert_eq!(conn.scalar_one::<i64, _>(select(t.c("pages"))).await.unwrap(), 7);
    conn.commit().await.unwrap();
    for (statement, constraint) in [
        (row("a", "q", "q"), None),
        (row("b", "x", "y"), Some("things_whole_name")),
        (row("b", "q", "q").value("pages", 0), Some("things_pages")),
        (insert(&t).value("first", "q"), None),
    ] {
        let refused = error(&mut conn, statement).await;
        assert_eq!(refused.kind(), ErrorKind::Integrity, "{refused}");
        if let (Some(name), Some(told)) = (constraint, refused.constraint()) {
            assert_eq!(told, name);
        }
        conn.rollback().await.unwrap();
    }
    conn.execute(create_index(&t, Index::new("things_by_pages", ["pages"]).unique())).await.unwrap();
    assert_eq!(error(&mut conn, row("c", "q", "q")).await.kind(), ErrorKind::Integrity);
    conn.rollback().await.unwrap();
    if !conn.capabilities().transactional_ddl {
        conn.execute(drop_index(&t, "things_by_pages")).await.unwrap();
    }
    conn.execute(row("c", "q", "q")).await.unwrap();
    conn.commit().await.unwrap();
    conn.execute(drop_table(&t)).await.unwrap();
    conn.execute(drop_table(&t).if_exists()).await.unwrap();
    assert_eq!(error(&mut conn, drop_table(&t)).await.kind(), ErrorKind::Programming);
    conn.rollback().await.unwrap();
    conn.execute(create_table(&t).if_not_exists()).await.unwrap();
}
on_every_database!(constraints_and_indexes_hold);

async fn case_029_awkward_and_long_names(database: &Database) {
    let mut conn = database.connect().await;
    let first = Table::unregistered("select")
        .column(Column::new("Id", Integer).primary_key())
        .column(Column::new("order", Varchar(20)).index());
    let second = Table::unregistered("With % space \"quoted\" größe: no?")
        .column(Column::new("group", Integer).primary_key().autoincrement(false))
        .column(Column::new("from", Integer).foreign_key(ForeignKey::new("select", "Id")));
    create(&mut conn, (&second, &first)).await;
    conn.execute(insert(&first).values((1, "a"))).await.unwrap();
    conn.execute(insert(&second).values((1, 1))).await.unwrap();
    let joined = select((first.c("order").of::<String>(), second.c("group").of::<i64>())).join(&second);
    assert_eq!(rows(&mut conn, joined).await, [("a".to_owned(), 1)]);
    assert_eq!(error(&mut conn, insert(&second).values((2, 9))).await.kind(), ErrorKind::Integrity);
    conn.rollback().await.unwrap();
    MetaData::of((&first, &second)).drop_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();

    // Made-up names that would be too long, and would be the same where the database cuts them.
    let long = "a_table_with_a_name_that_is_nearly_as_long_as_it_can_be_at_all";
    let circle = "another_table_with_a_name_that_is_nearly_as_long_as_it_can_be";
    let one = Table::unregistered(long)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("a_column_with_a_long_name_that_ends_in_one", Integer).index())
        .column(Column::new("a_column_with_a_long_name_that_ends_in_two", Integer).index().unique())
        .column(Column::new("other_id", Integer).foreign_key(ForeignKey::new(circle, "id")));
    let other = Table::unregistered(circle)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("one_id", Integer).foreign_key(ForeignKey::new(long, "id")));
    let metadata = MetaData::of((&one, &other));
    for _ in 0..2 {
        metadata.create_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
    }
    assert_eq!(error(&mut conn, insert(&one).value("other_id", 9)).await.kind(), ErrorKind::Integrity);
    conn.rollback().await.unwrap();
    metadata.drop_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
}
on_every_database!(case_029_awkward_and_long_names);

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
struct Artist {
    #[column(primary_key)]
    id: i64,
    #[column(length = 120, index)]
    name: String,
}

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
struct Album {
    #[column(primary_key)]
    id: i64,
    #[column(length = 160)]
    title: String,
    #[column(foreign_key = Artist::id)]
    artist_id: i64,
}

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
struct Track {
    #[column(primary_key)]
    id: i64,
    #[column(length = 200)]
    name: String,
    #[column(foreign_key = Album::id)]
    album_id: Option<i64>,
    #[column(precision = 10, scale = 2)]
    price: Decimal,
}

async fn with_music(database: &Database) -> Connection {
    let mut conn = database.connect().await;
    create(&mut conn, (Track, Album, Artist)).await;
    conn.execute(insert(Artist).values_many(["AC/DC", "Accept"].map(|name| [("name", name)]))).await.unwrap();
    conn.execute(insert(Artist).value(Artist::name, "Nobody")).await.unwrap();
    let albums = [
        Album { id: 1, title: "For Those About To Rock".into(), artist_id: 1 },
        Album { id: 2, title: "Balls to the Wall".into(), artist_id: 2 },
        Album { id: 3, title: "Let There Be Rock".into(), artist_id: 1 },
    ];
    conn.execute(insert(Album).values_many(&albums)).await.unwrap();
    let price = |text: &str| text.parse::<Decimal>().unwrap();
    for (name, album_id, cost) in [
        ("Rock", Some(1), "0.99"),
        ("Wall", Some(2), "1.25"),
        ("There", Some(3), "0.99"),
        ("Be", Some(3), "1.99"),
        ("Lost", None, "0"),
    ] {
        let track = Track { id: 0, name: name.into(), album_id, price: price(cost) };
        conn.execute(insert(Track).values(&track)).await.unwrap();
    }
    conn.commit().await.unwrap();
    conn
}

async fn models_are_plain_values_through_a_connection(database: &Database) {
    let mut conn = with_music(database).await;
    let artists = rows(&mut conn, select(Artist).order_by(Artist::id)).await;
    assert_eq!(
        artists.iter().map(|artist| (artist.id, &*artist.name)).collect::<Vec<_>>(),
        [(1, "AC/DC"), (2, "Accept"), (3, "Nobody")]
    );
    let found: Option<Artist> =
        conn.execute(select(Artist).filter(Artist::name.eq("Accept"))).first().await.unwrap();
    assert_eq!(found, Some(Artist { id: 2, name: "Accept".into() }));
    let one: Track = conn.execute(select(Track).filter(Track::album_id.is_null())).one().await.unwrap();
    assert_eq!((one.name.as_str(), one.album_id), ("Lost", None));
    conn.execute(update(Album).set(Album::title, "Rock").filter(Album::id.eq(3))).await.unwrap();
    assert_eq!(
        conn.scalar_one::<String, _>(select(Album::title).filter(Album::id.eq(3))).await.unwrap(),
        "Rock"
    );
    assert_eq!(
        conn.execute(delete(Track).filter(Track::price.gt("1.00".parse::<Decimal>().unwrap())))
            .await
            .unwrap()
            .rowcount(),
        2
    );
}
on_every_database!(models_are_plain_values_through_a_connection);

async fn typed_tuples_and_joins_along_foreign_keys(database: &Database) {
    let mut conn = with_music(database).await;
    let total = sum(Track::price);
    let revenue = select((Artist::name, count(Track::id), total.clone()))
        .join(Album)
        .join(Track)
        .group_by(Artist::name)
        .order_by((total.desc(), Artist::name));
    let price = |text: &str| Some(text.parse::<Decimal>().unwrap());
    let seen: Vec<(String, i64, Option<Decimal>)> = rows(&mut conn, revenue).await;
    assert_eq!(seen, [("AC/DC".to_owned(), 3, price("3.97")), ("Accept".to_owned(), 1, price("1.25"))]);

    let all = select((Artist, Album.nullable())).outerjoin(Album).order_by((Artist::id, Album::id));
    let seen = rows(&mut conn, all).await;
    let seen: Vec<_> =
        seen.iter().map(|(artist, album)| (artist.id, album.as_ref().map(|album| album.id))).collect();
    assert_eq!(seen, [(1, Some(1)), (1, Some(3)), (2, Some(2)), (3, None)]);
    let refused = error(&mut conn, select((Artist, Album)).outerjoin(Album)).await;
    assert!(refused.message().contains("nullable"), "{refused}");

    // One table twice.
    let other = aliased(Album);
    let pairs = select((Album::id, other.c(Album::id))).join_on(
        &other,
        Album::artist_id.eq(other.c(Album::artist_id)).and(Album::id.lt(other.c(Album::id))),
    );
    assert_eq!(rows(&mut conn, pairs).await, [(1, 3)]);
    let missing =
        select(Artist::id).filter(!exists(&select(Album::id).filter(Album::artist_id.eq(Artist::id))));
    assert_eq!(integers(&mut conn, missing).await, [3]);
    let listed = select(Track::name).filter(Track::album_id.in_([1, 3])).order_by(Track::id);
    assert_eq!(rows(&mut conn, listed).await, ["Rock", "There", "Be"]);
    let sub = select((Album::artist_id, count_all().label("albums")))
        .group_by(Album::artist_id)
        .subquery("counted");
    let most = select((Artist::name, sub.c("albums").of::<i64>()))
        .join_on(&sub, sub.c("artist_id").eq(Artist::id))
        .order_by(sub.c("albums").desc());
    assert_eq!(rows(&mut conn, most).await, [("AC/DC".to_owned(), 2), ("Accept".to_owned(), 1)]);
}
on_every_database!(typed_tuples_and_joins_along_foreign_keys);

#[derive(Debug, FromRow, PartialEq)]
struct Revenue {
    artist: String,
    tracks: i64,
    best: Option<Decimal>,
}

async fn structs_are_read_from_rows_by_name(database: &Database) {
    let mut conn = with_music(database).await;
    let by_hand = text(
        "SELECT count(t.id) AS tracks, max(t.price) AS best, a.name AS artist FROM artist a \
         LEFT JOIN album b ON b.artist_id = a.id LEFT JOIN track t ON t.album_id = b.id \
         WHERE a.name <> :not GROUP BY a.name ORDER BY a.name",
    )
    .bind("not", "Accept")
    .returns::<Revenue>();
    let price = |text: &str| Some(text.parse::<Decimal>().unwrap());
    let seen = rows(&mut conn, by_hand).await;
    assert_eq!(
        seen,
        [
            Revenue { artist: "AC/DC".into(), tracks: 3, best: price("1.99") },
            Revenue { artist: "Nobody".into(), tracks: 0, best: None },
        ]
    );
    let refused = error(&mut conn, text("SELECT 1 AS tracks, NULL AS best").returns::<Revenue>()).await;
    assert!(refused.message().contains("`artist`"), "{refused}");
    conn.rollback().await.unwrap();
    let refused =
        error(&mut conn, text("SELECT NULL AS artist, 1 AS tracks, NULL AS best").returns::<Revenue>()).await;
    assert!(refused.message().contains("artist") && refused.message().contains("NULL"), "{refused}");
    conn.rollback().await.unwrap();
    assert_eq!(how_many(&mut conn, &MetaData::of(Track).tables()[0]).await, 5);
}
on_every_database!(structs_are_read_from_rows_by_name);
