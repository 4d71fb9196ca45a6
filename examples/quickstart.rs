//! A library of books, kept by a unit of work. Nothing to install:
//!
//! `cargo run --example quickstart`, or with the URL of a PostgreSQL or MySQL database as argument.

use aludel::prelude::*;

#[derive(Mapped, Clone, Debug, Default)]
#[table(name = "author")]
pub struct Author {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 120, index)]
    pub name: String,
    #[column(length = 200)]
    pub email: Option<String>,
    #[relationship(back_populates = Book::author, cascade = "all, delete-orphan")]
    pub books: Many<Book>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Book {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 200)]
    pub title: String,
    #[column(foreign_key = Author::id, on_delete = "cascade")]
    pub author_id: i64,
    #[relationship(back_populates = Author::books)]
    pub author: One<Author>,
    #[relationship(secondary = BookTag, back_populates = Tag::books)]
    pub tags: Many<Tag>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct Tag {
    #[column(primary_key)]
    pub id: i64,
    #[column(length = 50, unique)]
    pub label: String,
    #[relationship(secondary = BookTag, back_populates = Book::tags)]
    pub books: Many<Book>,
}

#[derive(Mapped, Clone, Debug, Default)]
pub struct BookTag {
    #[column(primary_key, foreign_key = Book::id, on_delete = "cascade")]
    pub book_id: i64,
    #[column(primary_key, foreign_key = Tag::id, on_delete = "cascade")]
    pub tag_id: i64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "sqlite:///library.db".into());
    let engine = create_engine(&url).echo_with(|sql| println!("    {sql}")).build()?;
    let sessions = SessionMaker::new(&engine);

    step("A schema from the models");
    let metadata = MetaData::of((Author, Book, Tag, BookTag));
    engine
        .begin(async |conn| {
            metadata.drop_all(conn).await?;
            metadata.create_all(conn).await
        })
        .await?;

    step("A unit of work: an author with two books and a tag, in one go");
    let id = sessions
        .begin(async |session| {
            let dystopia = session.add(Tag { label: "dystopia".into(), ..default() });
            let orwell = session.add(Author {
                name: "George Orwell".into(),
                books: Many::from([
                    Book { title: "1984".into(), tags: Many::from([&dystopia]), ..default() },
                    Book { title: "Animal Farm".into(), ..default() },
                ]),
                ..default()
            });
            session.add(Author { name: "Aldous Huxley".into(), ..default() });
            session.flush().await?;
            Ok(orwell.read().id)
        })
        .await?;

    let mut session = sessions.open();

    step("Eager loading: authors with their books, and the books' tags");
    let authors = session
        .scalars(
            select(Author)
                .filter(Author::books.any(Book::title.eq("1984")))
                .order_by(Author::name.asc())
                .options(selectinload(Author::books).joinedload(Book::tags)),
        )
        .all()
        .await?;
    for author in &authors {
        for book in author.read().books.iter()? {
            let tags = book.read().tags.iter()?.map(|tag| tag.read().label.clone()).collect::<Vec<_>>();
            println!("{}: {} {tags:?}", author.read().name, book.read().title);
        }
    }

    step("Lazy loading, for all authors of the query at once; the identity map sends nothing");
    let everyone = session.scalars(select(Author).order_by(Author::id)).all().await?;
    for author in &everyone {
        println!("{} wrote {} books", author.read().name, session.load(author, Author::books).await?.len());
    }
    let orwell = session.get(Author, id).await?.expect("the author was added above");
    assert_eq!(orwell, authors[0]);

    step("One changed column, one UPDATE");
    orwell.edit(|author| author.name.push_str(" (Eric Blair)"));
    session.commit().await?;

    step("Columns, joined and counted, as typed tuples");
    let counts = session
        .execute(select((Author::name, count(Book::id))).join(Author::books).group_by(Author::name))
        .await?
        .all();
    for (name, books) in counts {
        println!("{name}: {books}");
    }

    step("A rollback: rows and objects are as they were");
    orwell.set(Author::email, "eric@example.org");
    session.delete(&everyone[1])?;
    session.flush().await?;
    session.rollback().await?;
    println!("{} has the email {:?}", orwell.read().name, orwell.read().email);

    step("A delete, with its cascade");
    session.delete(&orwell)?;
    session.commit().await?;
    let left = session.scalars(select(count(Book::id))).one().await?;
    println!("books left: {left}");
    session.close().await
}

fn step(title: &str) {
    println!("\n{title}");
}
