//! The schema of Chinook, made of the models of the example: what is told of it, and that it is created again from that.

use aludel::{
    driver::reflection::{ReflectedTable, Scope},
    prelude::*,
    sql::{SqlType, dialect::PhysicalNaming, schema::NamingConvention},
};

use self::models::{
    Album, Artist, Customer, Employee, Genre, Invoice, InvoiceLine, MediaType, Playlist, PlaylistTrack, Track,
};
use crate::database::{Database, Kind, on_every_database, run};

#[allow(dead_code, reason = "the example uses more of it")]
#[path = "../../examples/chinook/models.rs"]
mod models;

fn chinook() -> MetaData {
    MetaData::of((
        (InvoiceLine, Invoice, PlaylistTrack, Playlist, Customer, Employee),
        (Track, Album, Artist, Genre, MediaType),
    ))
}

/// The foreign keys as `table.column -> table.column`, in the order of the names.
fn references(tables: &[ReflectedTable]) -> Vec<String> {
    let mut references: Vec<String> = tables
        .iter()
        .flat_map(|table| {
            table.constraints.foreign_keys.iter().map(|key| {
                let (own, to) = (key.columns.join("+"), key.referred_columns.join("+"));
                format!("{}.{own} -> {}.{to}", table.name.name, key.referred.name)
            })
        })
        .collect();
    references.sort();
    references
}

const REFERENCES: [&str; 11] = [
    "album.artist_id -> artist.artist_id",
    "customer.support_rep_id -> employee.employee_id",
    "employee.reports_to -> employee.employee_id",
    "invoice.customer_id -> customer.customer_id",
    "invoice_line.invoice_id -> invoice.invoice_id",
    "invoice_line.track_id -> track.track_id",
    "playlist_track.playlist_id -> playlist.playlist_id",
    "playlist_track.track_id -> track.track_id",
    "track.album_id -> album.album_id",
    "track.genre_id -> genre.genre_id",
    "track.media_type_id -> media_type.media_type_id",
];

async fn chinook_is_told_and_created_again(database: &Database) {
    let mut conn = database.connect().await;
    let made = chinook();
    made.create_all(&mut conn).await.unwrap();
    conn.execute(text(
        "CREATE VIEW long_tracks AS SELECT name, milliseconds FROM track WHERE milliseconds > 600000",
    ))
    .await
    .unwrap();
    conn.commit().await.unwrap();
    let tables = conn.inspect().reflect_tables(&Scope::default()).await.unwrap();
    assert_eq!(tables.len(), 12);
    assert_eq!(references(&tables), REFERENCES);
    let named = |name: &str| tables.iter().find(|table| table.name.name == name).unwrap();
    let key = named("playlist_track").constraints.primary_key.as_ref().unwrap();
    assert_eq!(key.columns, ["playlist_id", "track_id"]);
    for table in made.tables() {
        let found = named(table.name());
        let written = table.columns();
        assert_eq!(found.columns.len(), written.len(), "{}", table.name());
        for (found, written) in found.columns.iter().zip(&written) {
            let of = format!("{}.{}", table.name(), written.name);
            assert_eq!((found.name.as_str(), found.nullable), (&*written.name, written.nullable), "{of}");
            // SQLite and MySQL have fewer types than there are words for them.
            let is_same = match (&written.sql_type, database.kind()) {
                (
                    SqlType::Varchar(_) | SqlType::Numeric { .. } | SqlType::Integer,
                    Kind::MySql | Kind::Postgres,
                ) => found.column_type.sql_type == written.sql_type,
                (SqlType::Varchar(_), Kind::Sqlite) => found.column_type.sql_type == written.sql_type,
                _ => true,
            };
            assert!(is_same, "{of}: {:?} for {:?}", found.column_type, written.sql_type);
        }
    }
    // As a whole, and one table with all that it leads to.
    let metadata = MetaData::new();
    metadata.reflect(&mut conn, &ReflectOptions::new().views(true)).await.unwrap();
    let lines = MetaData::new();
    lines.reflect_table(&mut conn, "invoice_line").await.unwrap();
    assert_eq!(lines.tables().len(), 9, "all but the playlists and the view");
    run(database.kind(), async |other| {
        let mut conn = other.connect().await;
        metadata.create_all(&mut conn).await.unwrap();
        conn.commit().await.unwrap();
        let again = conn.inspect().reflect_tables(&Scope::default()).await.unwrap();
        for (again, first) in again.iter().zip(&tables) {
            assert_eq!(again, first);
        }
        assert_eq!(again.len(), tables.len());
        conn.rollback().await.unwrap();
    })
    .await;
    conn.rollback().await.unwrap();
}

async fn chinook_in_other_letters(database: &Database) {
    let engine = database.engine_with(|builder| builder.physical_naming(PhysicalNaming::PascalCase));
    let mut conn = engine.connect().await.unwrap();
    chinook().create_all(&mut conn).await.unwrap();
    conn.commit().await.unwrap();
    let tables = conn.inspect().reflect_tables(&Scope::default()).await.unwrap();
    let mut expected: Vec<String> = REFERENCES
        .iter()
        .map(|reference| {
            let mut upper = true;
            let pascal = reference.chars().filter_map(|letter| match letter {
                '_' => {
                    upper = true;
                    None
                }
                letter if letter.is_ascii_alphabetic() => {
                    Some(if std::mem::take(&mut upper) { letter.to_ascii_uppercase() } else { letter })
                }
                letter => {
                    upper = true;
                    Some(letter)
                }
            });
            pascal.collect()
        })
        .collect();
    expected.sort();
    let mut found = references(&tables);
    if database.is_mysql() {
        // The server may keep the names of tables in small letters.
        (found, expected) = (lower_all(found), lower_all(expected));
    }
    assert_eq!(found, expected);
    conn.rollback().await.unwrap();
}

async fn chinook_is_made_and_dropped_again_and_again(database: &Database) {
    let metadata = chinook().with_naming_convention(NamingConvention::usual());
    for naming in [PhysicalNaming::AsWritten, PhysicalNaming::PascalCase] {
        let engine = database.engine_with(|builder| builder.physical_naming(naming));
        let mut conn = engine.connect().await.unwrap();
        for _ in 0..2 {
            metadata.create_all(&mut conn).await.unwrap();
            conn.commit().await.unwrap();
        }
        let tables = conn.inspect().reflect_tables(&Scope::default()).await.unwrap();
        assert_eq!((tables.len(), references(&tables).len()), (11, 11), "{naming:?}");
        for table in metadata.tables() {
            assert!(metadata.has_table(&mut conn, &table).await.unwrap(), "{table:?} with {naming:?}");
        }
        let artist = Artist { artist_id: 1, name: Some("AC/DC".into()), ..default() };
        conn.execute(insert(Artist).values(&artist)).await.unwrap();
        let album = Album { album_id: 1, title: "For Those About To Rock".into(), artist_id: 2, ..default() };
        let refused = conn.execute(insert(Album).values(&album)).await.err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::Integrity, "{refused}");
        conn.rollback().await.unwrap();
        for _ in 0..2 {
            metadata.drop_all(&mut conn).await.unwrap();
            conn.commit().await.unwrap();
        }
        assert_eq!(conn.inspect().reflect_tables(&Scope::default()).await.unwrap(), []);
        conn.rollback().await.unwrap();
    }
}

fn lower_all(texts: Vec<String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
    texts.sort();
    texts
}

on_every_database!(
    chinook_is_told_and_created_again,
    chinook_in_other_letters,
    chinook_is_made_and_dropped_again_and_again,
);
