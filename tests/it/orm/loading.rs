//! Loading strategies: what is sent, and what is there afterwards.

use aludel::prelude::*;

use super::{
    Stage,
    models::{Author, Book, Node, Tag},
};
use crate::database::{Database, on_every_database};

/// Three authors with as many books as their number, each with two tags.
async fn library(stage: &Stage) {
    stage
        .sessions
        .begin(async |session| {
            let tags = ["x", "y"].map(|label| session.add(Tag { label: label.into(), ..default() }));
            for number in 0..3 {
                let books = (0..number).map(|book| Book {
                    title: format!("{number}.{book}"),
                    tags: Many::from([&tags[0], &tags[1]]),
                    ..default()
                });
                session.add(Author { name: format!("author {number}"), books: books.collect(), ..default() });
            }
            Ok(())
        })
        .await
        .unwrap();
    stage.sent();
}

async fn selectin_takes_one_statement_a_step(database: &Database) {
    let stage = Stage::new(database).await;
    library(&stage).await;
    let mut session = stage.sessions.open();
    let authors = session
        .scalars(
            select(Author).order_by(Author::id).options(selectinload(Author::books).selectinload(Book::tags)),
        )
        .all()
        .await
        .unwrap();
    assert_eq!(stage.sent().len(), 3);
    let counts: Vec<_> = authors.iter().map(|author| author.read().books.len().unwrap()).collect();
    assert_eq!(counts, [0, 1, 2]);
    for author in &authors {
        for book in author.read().books.iter().unwrap() {
            assert_eq!(book.read().tags.len().unwrap(), 2);
            assert_eq!(book.read().author.get().unwrap().as_ref(), Some(author));
        }
    }
    assert_eq!(stage.sent(), Vec::<String>::new());
}
on_every_database!(selectin_takes_one_statement_a_step);

async fn joined_comes_in_the_same_statement(database: &Database) {
    let stage = Stage::new(database).await;
    library(&stage).await;
    let mut session = stage.sessions.open();
    let authors = session
        .scalars(
            select(Author).order_by(Author::id).options(joinedload(Author::books).joinedload(Book::tags)),
        )
        .all()
        .await
        .unwrap();
    assert_eq!(stage.sent().len(), 1);
    let counts: Vec<_> = authors.iter().map(|author| author.read().books.len().unwrap()).collect();
    assert_eq!(counts, [0, 1, 2]);
    let labels: Vec<String> = authors[2]
        .read()
        .books
        .iter()
        .unwrap()
        .flat_map(|book| {
            book.read().tags.iter().unwrap().map(|tag| tag.read().label.clone()).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(labels, ["x", "y", "x", "y"]);

    // Under LIMIT a collection comes by a second statement, and the rows are those that were asked for.
    let mut session = stage.sessions.open();
    let last = session
        .scalars(select(Author).order_by(Author::id.desc()).limit(2).options(joinedload(Author::books)))
        .all()
        .await
        .unwrap();
    assert_eq!(stage.sent().len(), 2);
    let counts: Vec<_> = last.iter().map(|author| author.read().books.len().unwrap()).collect();
    assert_eq!(counts, [2, 1]);

    // The way from many to one is joined under LIMIT, too.
    let books = session.scalars(select(Book).limit(2).options(joinedload(Book::author))).all().await.unwrap();
    assert_eq!(stage.sent().len(), 1);
    assert!(books.iter().all(|book| book.read().author.get().unwrap().is_some()));
}
on_every_database!(joined_comes_in_the_same_statement);

async fn load_serves_all_peers(database: &Database) {
    let stage = Stage::new(database).await;
    library(&stage).await;
    let mut session = stage.sessions.open();
    let authors = session.scalars(select(Author).order_by(Author::id)).all().await.unwrap();
    stage.sent();
    let error = authors[0].read().books.iter().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotLoaded);
    assert!(error.message().starts_with("Author.books is not loaded"), "{error}");
    for author in &authors {
        session.load(author, Author::books).await.unwrap();
    }
    assert_eq!(stage.sent().len(), 1);
    let counts: Vec<_> = authors.iter().map(|author| author.read().books.len().unwrap()).collect();
    assert_eq!(counts, [0, 1, 2]);
    // From many to one the session knows the objects already.
    let mut session = stage.sessions.open();
    let authors = session.scalars(select(Author)).all().await.unwrap();
    let books = session.scalars(select(Book)).all().await.unwrap();
    stage.sent();
    assert!(authors.contains(&session.load(&books[0], Book::author).await.unwrap().unwrap()));
    assert_eq!(stage.sent(), Vec::<String>::new());
}
on_every_database!(load_serves_all_peers);

async fn raiseload_forbids(database: &Database) {
    let stage = Stage::new(database).await;
    library(&stage).await;
    let mut session = stage.sessions.open();
    let authors = session.scalars(select(Author).options(raiseload(Author::books))).all().await.unwrap();
    let error = session.load(&authors[0], Author::books).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotLoaded);
    assert!(error.message().contains("raiseload") && error.message().contains("Author.books"), "{error}");
}
on_every_database!(raiseload_forbids);

async fn outer_joins_give_options(database: &Database) {
    let stage = Stage::new(database).await;
    library(&stage).await;
    let mut session = stage.sessions.open();
    let rows = session
        .execute(
            select((Author, Book.nullable(), Book::title.nullable()))
                .outerjoin(Author::books)
                .order_by((Author::id, Book::id)),
        )
        .all()
        .await
        .unwrap();
    assert_eq!(rows.len(), 4);
    assert!(rows[0].1.is_none() && rows[0].2.is_none());
    assert_eq!(rows[3].1.as_ref().unwrap().read().title, "2.1");
    stage.sent();
    let error = session.execute(select((Author, Book)).outerjoin(Author::books)).all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Compile);
    assert!(error.message().contains("book") && error.message().contains(".nullable()"), "{error}");
    assert_eq!(stage.sent(), Vec::<String>::new());
}
on_every_database!(outer_joins_give_options);

/// The other side of [`outer_joins_give_options`]: what stands before the join may be missing.
async fn right_joins_give_options(database: &Database) {
    let stage = Stage::new(database).await;
    library(&stage).await;
    let mut session = stage.sessions.open();
    let rows = session
        .execute(
            select((Book.nullable(), Author))
                .select_from(Book)
                .right_outerjoin(Book::author)
                .order_by((Author::id, Book::id)),
        )
        .all()
        .await
        .unwrap();
    assert_eq!(rows.len(), 4);
    assert!(rows[0].0.is_none());
    assert_eq!(rows[3].0.as_ref().unwrap().read().title, "2.1");
    stage.sent();
    let unmarked = select((Book, Author)).select_from(Book).right_outerjoin(Book::author);
    let error = session.execute(unmarked).all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Compile);
    assert!(error.message().contains("book") && error.message().contains(".nullable()"), "{error}");
    assert_eq!(stage.sent(), Vec::<String>::new());
}
on_every_database!(right_joins_give_options);

async fn a_tree_and_its_aliases(database: &Database) {
    let stage = Stage::new(database).await;
    let node =
        |name: &str, children: Vec<Node>| Node { name: name.into(), children: children.into(), ..default() };
    stage
        .sessions
        .begin(async |session| {
            session.add(node("root", vec![node("left", vec![node("leaf", vec![])]), node("right", vec![])]));
            Ok(())
        })
        .await
        .unwrap();
    let mut session = stage.sessions.open();
    let parent = aliased(Node);
    let pairs = session
        .execute(
            select((Node::name, parent.c(Node::name)))
                .join_on(&parent, Node::parent_id.eq(parent.c(Node::id)))
                .order_by(Node::name),
        )
        .all()
        .await
        .unwrap();
    assert_eq!(
        pairs,
        [("leaf", "left"), ("left", "root"), ("right", "root")].map(|(a, b)| (a.to_owned(), b.to_owned()))
    );
    // `any` on a relationship to the same table speaks of the other row.
    let parents = session
        .scalars(select(Node::name).filter(Node::children.any(Node::name.eq("leaf"))))
        .all()
        .await
        .unwrap();
    assert_eq!(parents, ["left"]);
    let roots = session
        .scalars(
            select(Node)
                .filter(Node::parent_id.is_null())
                .options(selectinload(Node::children).selectinload(Node::children)),
        )
        .all()
        .await
        .unwrap();
    let left = roots[0].read().children.iter().unwrap().next().unwrap();
    assert_eq!(left.read().children.iter().unwrap().next().unwrap().read().name, "leaf");
    let joined = stage
        .sessions
        .open()
        .scalars(
            select(Node)
                .filter(Node::name.eq("leaf"))
                .options(joinedload(Node::parent).joinedload(Node::parent)),
        )
        .one()
        .await
        .unwrap();
    let grandparent = joined.read().parent.get().unwrap().unwrap().read().parent.get().unwrap().unwrap();
    assert_eq!(grandparent.read().name, "root");
}
on_every_database!(a_tree_and_its_aliases);

async fn a_connection_gives_plain_values(database: &Database) {
    let stage = Stage::new(database).await;
    library(&stage).await;
    let authors: Vec<Author> = stage
        .engine
        .begin(async |conn| conn.execute(select(Author).order_by(Author::id)).all().await)
        .await
        .unwrap();
    assert_eq!(authors[2].name, "author 2");
    assert_eq!(authors[2].books.iter().unwrap_err().kind(), ErrorKind::InvalidRequest);
}
on_every_database!(a_connection_gives_plain_values);

/// What a rollback leaves of an object that was first loaded inside the transaction is what it read there. Its links go by
/// what the row holds now.
async fn an_expired_foreign_key_is_read_before_it_is_followed(database: &Database) {
    let stage = Stage::new(database).await;
    let mut session = stage.sessions.open();
    let authors = session.add_all(["a", "b"].map(|name| Author { name: name.into(), ..default() }));
    let book = session.add(Book { title: "x".into(), author: One::from(&authors[0]), ..default() });
    session.commit().await.unwrap();
    let id = book.read().id;
    let mut other = stage.sessions.open();
    let second = authors[1].read().id;
    other.execute(update(Book).set(Book::author_id, second)).await.unwrap();
    let book = other.get_one(Book, id).await.unwrap();
    assert_eq!(book.read().author_id, second);
    other.rollback().await.unwrap();
    assert!(book.is_expired());
    let author = other.load(&book, Book::author).await.unwrap().unwrap();
    assert_eq!((author.read().name.as_str(), book.is_expired()), ("a", false));
    assert_eq!(book.read().author_id, authors[0].read().id);
    // A row that is gone is said to be.
    other.expire_all();
    session.execute(delete(Book)).await.unwrap();
    other.rollback().await.unwrap();
    session.commit().await.unwrap();
    let gone = other.load(&book, Book::author).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::InvalidRequest);
    assert!(gone.message().contains("its row is gone"), "{gone}");
}
on_every_database!(an_expired_foreign_key_is_read_before_it_is_followed);
