//! What is selected keeps its types: many columns, and sides of outer joins.

use aludel::{
    prelude::*,
    sql::{Expression, literal},
};

use crate::{
    core_tables::{create, error, rows},
    database::{Database, on_every_database},
};

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
#[table(name = "typing_author")]
struct Author {
    #[column(primary_key, autoincrement = false)]
    id: i64,
    name: String,
}

#[derive(Mapped, Clone, Debug, Default, PartialEq)]
#[table(name = "typing_book")]
struct Book {
    #[column(primary_key, autoincrement = false)]
    id: i64,
    title: String,
    pages: Option<i32>,
    #[column(foreign_key = Author::id)]
    author_id: i64,
}

async fn filled(database: &Database) -> Connection {
    let mut conn = database.connect().await;
    create(&mut conn, (Author, Book)).await;
    let authors = [(1, "Ann"), (2, "Bob")].map(|(id, name)| Author { id, name: name.into() });
    conn.execute(insert(Author).values_many(authors)).await.unwrap();
    let book = Book { id: 7, title: "Ash".into(), pages: None, author_id: 1 };
    conn.execute(insert(Book).values(book)).await.unwrap();
    conn.commit().await.unwrap();
    conn
}

/// As many columns as keep their types.
type Sixteen = (
    i64,
    String,
    i64,
    String,
    Option<i32>,
    bool,
    i64,
    String,
    i16,
    i32,
    i64,
    f64,
    bool,
    String,
    Option<i64>,
    i64,
);

async fn sixteen_columns_keep_their_types(database: &Database) {
    let mut conn = filled(database).await;
    let text = |text: &str| -> Expression<String> { literal(text.to_owned()) };
    let statement = select((
        Author::id,
        Author::name,
        Book::id,
        Book::title,
        Book::pages,
        Book::author_id.eq(Author::id),
        Author::id + 1_i64,
        Author::name.concat("!"),
        literal(1_i16),
        literal(2_i32),
        literal(3_i64),
        literal(0.5_f64),
        literal(true),
        text("a"),
        literal(None::<i64>).nullable(),
        count_all(),
    ))
    .join(Book)
    .group_by((Author::id, Author::name, Book::id, Book::title, Book::pages, Book::author_id));
    let found: Vec<Sixteen> = rows(&mut conn, statement).await;
    let [(id, name, book, title, pages, same, next, loud, a, b, c, d, e, f, g, count)] = &found[..] else {
        panic!("{} rows", found.len())
    };
    assert_eq!((*id, &**name, *book, &**title, *pages, *same), (1, "Ann", 7, "Ash", None, true));
    assert_eq!((*next, &**loud, *a, *b, *c, *d), (2, "Ann!", 1, 2, 3, 0.5));
    assert_eq!((*e, &**f, *g, *count), (true, "a", None, 1));
}
on_every_database!(sixteen_columns_keep_their_types);

async fn sides_of_outer_joins_are_optional(database: &Database) {
    let mut conn = filled(database).await;
    let models = select((Author, Book.nullable())).outerjoin(Book).order_by(Author::id);
    let found: Vec<(Author, Option<Book>)> = rows(&mut conn, models).await;
    assert_eq!((found[0].1.as_ref().map(|book| book.id), found[1].1.as_ref()), (Some(7), None));
    let columns =
        select((Author::id, Book::title.nullable(), Book::pages)).outerjoin(Book).order_by(Author::id);
    let found: Vec<(i64, Option<String>, Option<i32>)> = rows(&mut conn, columns).await;
    assert_eq!(found, [(1, Some("Ash".into()), None), (2, None, None)]);
    // A calculation with such a column is NULL with it.
    let sums = select((Author::id, (Book::id + 1_i64).nullable())).outerjoin(Book).order_by(Author::id);
    let found: Vec<(i64, Option<i64>)> = rows(&mut conn, sums).await;
    assert_eq!(found, [(1, Some(8)), (2, None)]);
}
on_every_database!(sides_of_outer_joins_are_optional);

async fn a_side_without_its_mark_is_refused_before_anything_is_sent(database: &Database) {
    let mut conn = filled(database).await;
    for message in [
        error(&mut conn, select((Author, Book)).outerjoin(Book)).await.to_string(),
        error(&mut conn, select((Author::id, Book::title)).outerjoin(Book)).await.to_string(),
        error(&mut conn, select((Author::id, Book::id + 1_i64)).outerjoin(Book)).await.to_string(),
    ] {
        assert!(message.contains("`typing_book` is outer-joined"), "{message}");
        assert!(message.contains(".nullable()"), "{message}");
    }
    // Nothing was sent: the connection goes on, also inside of the transaction.
    assert_eq!(rows(&mut conn, select(Author::id).order_by(Author::id)).await, [1, 2]);
}
on_every_database!(a_side_without_its_mark_is_refused_before_anything_is_sent);
