//! Chinook, a real schema with real rows, loaded from its script and worked on.
//!
//! `cargo run --example chinook -- SCRIPT [URL]`: without a URL into a fresh SQLite database, else into the database of a
//! PostgreSQL or MySQL server, whose Chinook tables are replaced.

mod models;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use aludel::{
    prelude::*,
    sql::{dialect::PhysicalNaming, trusted},
};
use models::{
    Album, Artist, Customer, Employee, Genre, Invoice, InvoiceLine, MediaType, Playlist, PlaylistTrack, Track,
};
use rust_decimal_1::Decimal;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(script) = arguments.next() else {
        eprintln!("usage: chinook SCRIPT [URL]");
        std::process::exit(2);
    };
    let url = arguments.next().unwrap_or_else(fresh_database);
    let statements = Arc::new(AtomicUsize::new(0));
    let counter = statements.clone();
    // The scripts for SQLite and MySQL write `AlbumId` where PostgreSQL's writes `album_id`.
    let naming =
        if url.starts_with("postgres") { PhysicalNaming::AsWritten } else { PhysicalNaming::PascalCase };
    let engine = create_engine(&url)
        .physical_naming(naming)
        .echo_with(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        })
        .build()?;

    load(&engine, Path::new(&script)).await?;
    let sessions = SessionMaker::new(&engine);
    let mut session = sessions.open();

    println!("Rows");
    for (table, rows) in count_rows(&mut session).await? {
        println!("  {table:<14} {rows:>5}");
    }

    println!("\nThe ten artists with the highest revenue");
    for (artist, revenue) in revenue(&mut session).await? {
        println!("  {:<24} {:>8.2}", artist.unwrap_or_default(), revenue.unwrap_or_default());
    }

    let before = statements.load(Ordering::Relaxed);
    show_playlist(&mut session).await?;
    println!("  ({} statements)", statements.load(Ordering::Relaxed) - before);

    println!("\nThe employees");
    let employees = session
        .scalars(select(Employee).order_by(Employee::employee_id).options(selectinload(Employee::team)))
        .all()
        .await?;
    for chief in employees.iter().filter(|employee| employee.read().reports_to.is_none()) {
        show_team(chief, 1)?;
    }

    undo(&mut session).await?;
    refuse(&mut session).await?;
    session.close().await?;
    engine.dispose().await;
    Ok(())
}

fn fresh_database() -> String {
    let path = std::env::temp_dir().join(format!("chinook-{}.db", std::process::id()));
    let _ = std::fs::remove_file(&path);
    format!("sqlite:///{}", path.display())
}

/// Runs the script, without the lines that choose a database of their own.
async fn load(engine: &Engine, script: &Path) -> Result<()> {
    let text = std::fs::read_to_string(script)
        .map_err(|error| Error::custom(format!("could not read {}: {error}", script.display())))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let skipped = ["create database", "drop database", "use ", "\\c"];
    let script: String = text
        .lines()
        .filter(|line| !skipped.iter().any(|start| line.to_ascii_lowercase().starts_with(start)))
        .flat_map(|line| [line, "\n"])
        .collect();
    let metadata = MetaData::of((
        Artist,
        Album,
        MediaType,
        Genre,
        Track,
        Playlist,
        PlaylistTrack,
        Employee,
        Customer,
        Invoice,
        InvoiceLine,
    ));
    engine
        .begin(async |conn| {
            metadata.drop_all(conn).await?;
            conn.batch(trusted(script)).await
        })
        .await
}

async fn count_rows(session: &mut Session) -> Result<Vec<(&'static str, i64)>> {
    let mut counts = Vec::new();
    macro_rules! count_each {
        ($($model:ident),*) => {$(
            let rows = session.scalars(select(count_all()).select_from($model)).one().await?;
            counts.push((stringify!($model), rows));
        )*};
    }
    count_each!(
        Artist,
        Album,
        MediaType,
        Genre,
        Track,
        Playlist,
        PlaylistTrack,
        Employee,
        Customer,
        Invoice,
        InvoiceLine
    );
    Ok(counts)
}

async fn revenue(session: &mut Session) -> Result<Vec<(Option<String>, Option<Decimal>)>> {
    let revenue = sum(InvoiceLine::unit_price * InvoiceLine::quantity).label("revenue");
    let statement = select((Artist::name, revenue.clone()))
        .join(Artist::albums)
        .join(Album::tracks)
        .join(Track::invoice_lines)
        .join(InvoiceLine::invoice)
        .group_by((Artist::artist_id, Artist::name))
        .order_by((revenue.desc(), Artist::name))
        .limit(10);
    Ok(session.execute(statement).await?.all())
}

async fn show_playlist(session: &mut Session) -> Result<()> {
    let playlist = session
        .scalars(
            select(Playlist)
                .filter(Playlist::name.eq("Grunge"))
                .options(selectinload(Playlist::tracks).joinedload(Track::album).joinedload(Album::artist)),
        )
        .one()
        .await?;
    println!("\nThe playlist {}", playlist.read().name.as_deref().unwrap_or_default());
    for track in playlist.read().tracks.iter()? {
        let album = track.read().album.get()?;
        let artist = album.as_ref().map(|album| album.read().artist.get()).transpose()?.flatten();
        println!(
            "  {} - {} ({})",
            artist.and_then(|artist| artist.read().name.clone()).unwrap_or_default(),
            track.read().name,
            album.map(|album| album.read().title.clone()).unwrap_or_default(),
        );
    }
    Ok(())
}

fn show_team(employee: &Instance<Employee>, depth: usize) -> Result<()> {
    let version = employee.read();
    let title = version.title.as_deref().unwrap_or_default();
    println!("{:indent$}{} {}, {title}", "", version.first_name, version.last_name, indent = depth * 2);
    version.team.iter()?.try_for_each(|member| show_team(&member, depth + 1))
}

/// One unit of work that changes much, and is rolled back.
async fn undo(session: &mut Session) -> Result<()> {
    println!("\nA unit of work that is rolled back");
    let counts = count_rows(session).await?;
    let albums = session
        .scalars(
            select(Album)
                .filter(Album::tracks.any(Track::name.is_not_null()))
                .order_by(Album::album_id)
                .limit(2)
                .options(selectinload(Album::tracks)),
        )
        .all()
        .await?;
    let unsold = session
        .scalars(
            select(Album)
                .filter(!Album::tracks.any(Track::invoice_lines.any_at_all()))
                .order_by(Album::album_id)
                .limit(1),
        )
        .one()
        .await?;
    let media = session.get(MediaType, 1).await?.ok_or_else(|| Error::custom("there is no media type 1"))?;

    let track = |name: &str| Track {
        name: name.into(),
        milliseconds: 180_000,
        unit_price: Decimal::new(99, 2),
        media_type: One::from(&media),
        ..default()
    };
    let album = |title: &str| Album {
        title: title.into(),
        tracks: Many::from(["one", "two", "three"].map(track)),
        ..default()
    };
    let band = session.add(Artist {
        name: Some("The Alembics".into()),
        albums: Many::from([album("Distilled"), album("Sublimed")]),
        ..default()
    });
    let moved =
        albums[0].read().tracks.iter()?.next().ok_or_else(|| Error::custom("the album has no track"))?;
    moved.set(Track::album, &albums[1]);
    session.delete(&unsold)?;
    session.flush().await?;
    let title = unsold.read().title.clone();
    println!(
        "  flushed: artist {} with two albums, `{}` moved, `{title}` deleted",
        band.read().artist_id,
        moved.read().name
    );
    show_difference(&counts, &count_rows(session).await?);

    session.rollback().await?;
    println!("  rolled back:");
    show_difference(&counts, &count_rows(session).await?);
    assert_eq!(moved.read().album_id, Some(albums[0].read().album_id));
    assert_eq!(moved.read().album.get()?.as_ref(), Some(&albums[0]));
    assert_eq!(unsold.state(), aludel::orm::State::Persistent);
    assert_eq!(band.state(), aludel::orm::State::Transient);
    println!(
        "    `{}` is in `{}` again; `{title}` is {:?}; the artist is {:?}",
        moved.read().name,
        albums[0].read().title,
        unsold.state(),
        band.state()
    );
    Ok(())
}

fn show_difference(before: &[(&str, i64)], after: &[(&str, i64)]) {
    let changed: Vec<String> = before
        .iter()
        .zip(after)
        .filter(|((_, before), (_, after))| before != after)
        .map(|((table, before), (_, after))| format!("{table} {:+}", after - before))
        .collect();
    println!(
        "    {}",
        if changed.is_empty() { "every table has the rows it had".into() } else { changed.join(", ") }
    );
}

/// Deleting what was sold is refused by the database.
async fn refuse(session: &mut Session) -> Result<()> {
    println!("\nDeleting an album that was sold");
    let sold = session
        .scalars(
            select(Album)
                .filter(Album::tracks.any(Track::invoice_lines.any_at_all()))
                .order_by(Album::album_id)
                .limit(1),
        )
        .one()
        .await?;
    session.delete(&sold)?;
    match session.commit().await {
        Err(error) if error.kind() == ErrorKind::Integrity => println!("  {error}"),
        Err(error) => return Err(error),
        Ok(()) => println!("  it was deleted?"),
    }
    session.rollback().await
}
