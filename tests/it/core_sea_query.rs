//! sea-query's statements executed, and ours in statements of sea-query's.

use aludel::{
    prelude::*,
    sql::{
        max,
        sea_query::{ToSeaQuery, from_sea_query},
    },
};
use sea_query::{
    Alias, ColumnDef, Expr, ExprTrait, ForeignKey, Func, Index, Order, Query, Table as SeaTable, WithClause,
};

use crate::{
    core_tables::{integer, integers, rows},
    database::{Database, on_every_database},
};

#[derive(Debug, FromRow, PartialEq)]
struct Author {
    name: String,
    id: i64,
}

async fn tables(conn: &mut Connection) {
    let author = SeaTable::create()
        .table("author")
        .col(ColumnDef::new("id").big_integer().not_null().primary_key())
        .col(ColumnDef::new("name").string_len(50).not_null())
        .col(ColumnDef::new("age").integer())
        .to_owned();
    let book = SeaTable::create()
        .table("book")
        .col(ColumnDef::new("id").big_integer().not_null().primary_key())
        .col(ColumnDef::new("title").string_len(50).not_null())
        .col(ColumnDef::new("pages").big_integer().not_null())
        .col(ColumnDef::new("author_id").big_integer().not_null())
        .foreign_key(ForeignKey::create().from("book", "author_id").to("author", "id"))
        .to_owned();
    let index = Index::create().name("book_title").table("book").col("title").to_owned();
    conn.execute(from_sea_query(author)).await.unwrap();
    conn.execute(from_sea_query(book)).await.unwrap();
    conn.execute(from_sea_query(index)).await.unwrap();
}

async fn statements_of_sea_query_are_executed(database: &Database) {
    let mut conn = database.connect().await;
    tables(&mut conn).await;
    let mut authors = Query::insert();
    authors.into_table("author").columns(["id", "name", "age"]);
    for (id, name, age) in
        [(1_i64, "O'Neil \\ \"?\" $1", Some(30)), (2, "Bob", None), (3, "söng 🦀", Some(50))]
    {
        authors.values_panic([id.into(), name.into(), age.into()]);
    }
    let inserted = conn.execute(from_sea_query(authors)).await.unwrap();
    assert_eq!(inserted.rowcount(), 3);
    conn.commit().await.unwrap();

    let all = || Query::select().columns(["id", "name"]).from("author").order_by("id", Order::Asc).to_owned();
    let names: Vec<(i64, String)> = rows(&mut conn, from_sea_query(all()).returns()).await;
    assert_eq!(
        names.iter().map(|(_, name)| &**name).collect::<Vec<_>>(),
        ["O'Neil \\ \"?\" $1", "Bob", "söng 🦀"]
    );
    let by_name: Vec<Author> = rows(&mut conn, from_sea_query(all()).returns()).await;
    assert_eq!(by_name[1], Author { id: 2, name: "Bob".into() });
    let dynamic = rows(&mut conn, from_sea_query(all())).await;
    assert_eq!(dynamic[1].get::<String>("name").unwrap(), "Bob");

    let mut change = Query::update();
    change.table("author").value("age", Expr::col("age").add(1)).and_where(Expr::col("age").is_not_null());
    assert_eq!(conn.execute(from_sea_query(change)).await.unwrap().rowcount(), 2);
    let mut gone = Query::delete();
    gone.from_table("author").and_where(Expr::col("name").eq("Bob"));
    assert_eq!(conn.execute(from_sea_query(gone)).await.unwrap().rowcount(), 1);
    let old = Query::select().column("id").from("author").and_where(Expr::col("age").gt(40_i64)).to_owned();
    let common = sea_query::CommonTableExpression::new().table_name("old").query(old).column("id").to_owned();
    let with = WithClause::new().cte(common).to_owned();
    let counted = Query::select().expr(Func::count(Expr::col("id"))).from("old").to_owned().with(with);
    let count: Vec<(i64,)> = rows(&mut conn, from_sea_query(counted).returns()).await;
    assert_eq!(count, [(1,)]);
    conn.rollback().await.unwrap();
    assert_eq!(rows(&mut conn, from_sea_query(all())).await.len(), 3);

    // Where something is wrong with it the server says so, and the connection goes on after a rollback.
    let unknown = Query::select().column("nothing").from("author").to_owned();
    let refused = conn.execute(from_sea_query(unknown)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Programming);
    conn.rollback().await.unwrap();
    let drop = SeaTable::drop().table("book").to_owned();
    conn.execute(from_sea_query(drop)).await.unwrap();
    conn.commit().await.unwrap();
}
on_every_database!(statements_of_sea_query_are_executed);

async fn ours_are_a_part_of_its_statements(database: &Database) {
    let mut conn = database.connect().await;
    tables(&mut conn).await;
    conn.execute(text("INSERT INTO author (id, name) VALUES (1, 'Ann'), (2, 'Bob')")).await.unwrap();
    let books = text(
        "INSERT INTO book (id, title, pages, author_id) VALUES (1, 'Ash', 100, 1), (2, 'Birch?', 200, 2)",
    );
    conn.execute(books).await.unwrap();
    conn.commit().await.unwrap();
    let book = Table::unregistered("book")
        .column(Column::new("id", BigInteger).primary_key())
        .column(Column::new("title", Varchar(50)))
        .column(Column::new("pages", BigInteger))
        .column(Column::new("author_id", BigInteger));
    let dialect = conn.dialect();
    let longest = select(max(integer(&book, "pages"))).filter(book.c("title").ne("'$1'? \\"));
    let length = (integer(&book, "pages") + 1_i64).to_sea_query(&*dialect).unwrap();
    let statement = Query::select()
        .column("id")
        .expr_as(length, Alias::new("more"))
        .from("book")
        .and_where(Expr::col("pages").eq(longest.to_sea_query(&*dialect).unwrap()))
        .and_where(Expr::col("title").eq("Birch?"))
        .and_where(integer(&book, "id").in_([2_i64, 3]).to_sea_query(&*dialect).unwrap())
        .to_owned();
    let found: Vec<(i64, i64)> = rows(&mut conn, from_sea_query(statement).returns()).await;
    assert_eq!(found, [(2, 201)]);
    // The other way round a statement of sea-query's stands beside ours in one transaction.
    let mut gone = Query::delete();
    gone.from_table("book").and_where(Expr::col("author_id").in_subquery(
        Query::select().column("id").from("author").and_where(Expr::col("name").eq("Ann")).to_owned(),
    ));
    conn.execute(from_sea_query(gone)).await.unwrap();
    assert_eq!(integers(&mut conn, select(integer(&book, "id"))).await, [2]);
}
on_every_database!(ours_are_a_part_of_its_statements);
