//! The code that users write, as the design sketches it: it compiles line for line, also inside a spawned task, and runs.

use aludel::prelude::*;

use crate::database::{Database, on_every_database};

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "author")]
pub(crate) struct Author {
    #[column(primary_key)]
    pub(crate) id: i64,
    #[column(length = 120, index)]
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    #[relationship(back_populates = Book::author, cascade = "all, delete-orphan")]
    pub(crate) books: Many<Book>,
}
#[derive(Mapped, Clone, Debug, Default)]
pub(crate) struct Book {
    #[column(primary_key)]
    pub(crate) id: i64,
    pub(crate) title: String,
    #[column(foreign_key = Author::id, on_delete = "cascade")]
    pub(crate) author_id: i64,
    #[relationship(back_populates = Author::books)]
    pub(crate) author: One<Author>,
    #[relationship(secondary = BookTag, back_populates = Tag::books)]
    pub(crate) tags: Many<Tag>,
}
#[derive(Mapped, Clone, Debug, Default)]
pub(crate) struct Tag {
    #[column(primary_key)]
    pub(crate) id: i64,
    pub(crate) label: String,
    #[relationship(secondary = BookTag, back_populates = Book::tags)]
    pub(crate) books: Many<Book>,
}
#[derive(Mapped, Clone, Debug, Default)]
pub(crate) struct BookTag {
    #[column(primary_key, foreign_key = Book::id)]
    pub(crate) book_id: i64,
    #[column(primary_key, foreign_key = Tag::id)]
    pub(crate) tag_id: i64,
}

async fn as_users_write_it(url: &str) -> Result<()> {
    let engine = create_engine(url).pool_size(5).pool_pre_ping(true).build()?;
    engine.begin(async |conn| MetaData::of((Author, Book, Tag, BookTag)).create_all(conn).await).await?;
    let sessions = SessionMaker::new(&engine);

    let id = sessions
        .begin(async |session| {
            let orwell = session.add(Author {
                name: "George Orwell".into(),
                books: Many::from([Book { title: "1984".into(), ..default() }]),
                ..default()
            });
            session.flush().await?;
            orwell.edit(|author| author.name.push_str(" (Eric Blair)"));
            Ok(orwell.read().id)
        })
        .await?;

    let mut session = sessions.open();
    let authors = session
        .scalars(
            select(Author)
                .filter(Author::name.like("G%").and(Author::books.any(Book::title.eq("1984"))))
                .order_by(Author::name.asc())
                .options(selectinload(Author::books).joinedload(Book::tags)),
        )
        .all()
        .await?;
    for author in &authors {
        for book in author.read().books.iter()? {
            assert_eq!(book.read().title, "1984");
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(session.get(Author, id).await?, Some(authors[0].clone()));
    let rows: Vec<(String, i64)> = session
        .execute(select((Author::name, count(Book::id))).join(Author::books).group_by(Author::name))
        .await?
        .all();
    assert_eq!(rows, [("George Orwell (Eric Blair)".to_owned(), 1)]);
    let books = session.load(&authors[0], Author::books).await?;
    assert_eq!(books.len(), 1);
    session.delete(&authors[0])?;
    session.commit().await?;

    let metadata = MetaData::new();
    let users = Table::new("users", &metadata)
        .column(Column::new("id", Integer).primary_key())
        .column(Column::new("name", Varchar(50)));
    let rows = vec![(1, "Ann"), (2, "Bob")];
    let updated = engine
        .begin(async |conn| {
            metadata.create_all(conn).await?;
            conn.execute(insert(&users).values_many(rows)).await?;
            let name: Option<String> =
                conn.scalar(select(users.c("name")).filter(users.c("id").eq(1))).await?;
            assert_eq!(name.as_deref(), Some("Ann"));
            conn.execute(text("UPDATE users SET name = :n WHERE id = :id").bind("n", "x").bind("id", 1)).await
        })
        .await?;
    assert_eq!(updated.rowcount(), 1);
    engine.dispose().await;
    Ok(())
}

async fn the_design_compiles_and_runs(database: &Database) {
    let url = database.url().to_owned();
    tokio::spawn(async move { as_users_write_it(&url).await }).await.unwrap().unwrap();
}
on_every_database!(the_design_compiles_and_runs);
