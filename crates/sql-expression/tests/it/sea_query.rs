//! sea-query's statements as text, and ours in its trees.

use aludel_sql_expression::{
    Executable, Value,
    sea_query::{ToSeaQuery, from_sea_query},
    select,
};
use sea_query::{
    Alias, ColumnDef, Expr, ExprTrait, Func, MysqlQueryBuilder, OnConflict, PostgresQueryBuilder, Query,
    SqliteQueryBuilder, Table,
};

use crate::fixture::{Library, error, mariadb, mysql, postgres, render, sqlite};

#[test]
fn statements_are_written_for_the_dialect() {
    let statement = Query::select()
        .columns(["id", "name"])
        .from("author")
        .and_where(Expr::col("name").eq("O'Neil"))
        .and_where(Expr::col("age").is_in([30_i64, 40]))
        .to_owned();
    let statement = from_sea_query(statement);
    let values = [Value::Text("O'Neil".into()), Value::I64(30), Value::I64(40)];
    for (dialect, sql, literal) in [
        (
            sqlite(),
            r#"SELECT "id", "name" FROM "author" WHERE "name" = ? AND "age" IN (?, ?)"#,
            r#"SELECT "id", "name" FROM "author" WHERE "name" = 'O''Neil' AND "age" IN (30, 40)"#,
        ),
        (
            postgres(),
            r#"SELECT "id", "name" FROM "author" WHERE "name" = $1 AND "age" IN ($2, $3)"#,
            r#"SELECT "id", "name" FROM "author" WHERE "name" = E'O\'Neil' AND "age" IN (30, 40)"#,
        ),
        (
            mysql(),
            r"SELECT `id`, `name` FROM `author` WHERE `name` = ? AND `age` IN (?, ?)",
            r"SELECT `id`, `name` FROM `author` WHERE `name` = 'O\'Neil' AND `age` IN (30, 40)",
        ),
    ] {
        let rendered = render(&statement, &dialect).expect("sea-query writes it");
        assert_eq!((&*rendered.parts[0].sql, rendered.returns_rows), (sql, true));
        assert_eq!(rendered.parts[0].parameters, values);
        assert_eq!(statement.to_sql(&*dialect).expect("sea-query writes it"), literal);
    }
}

#[test]
fn what_sea_query_cannot_write_is_an_error() {
    let mut keys = sea_query::ForeignKey::create();
    let keys = keys.name("key").from("book", "author_id").to("author", "id").to_owned();
    let message = error(&from_sea_query(keys), &sqlite());
    assert!(message.contains("sea-query cannot write the statement for sqlite: "), "{message}");
}

#[test]
fn whether_rows_come_back_is_told_by_the_text() {
    let insert = || {
        let mut insert = Query::insert();
        insert.into_table("author").columns(["id"]).values_panic([1.into()]);
        insert.on_conflict(OnConflict::column("id").do_nothing().to_owned());
        insert
    };
    let rows = |statement: sea_query::InsertStatement| {
        render(&from_sea_query(statement), &postgres()).expect("sea-query writes it").returns_rows
    };
    assert!(!rows(insert()));
    assert!(rows(insert().returning_col("id").to_owned()));
    let create = Table::create().table("t").col(ColumnDef::new("id").integer()).to_owned();
    assert!(!render(&from_sea_query(create), &mariadb()).expect("sea-query writes it").returns_rows);
}

#[test]
fn ours_stand_in_its_trees() {
    let Library { author, book, .. } = Library::new();
    let id = || author.c("id").of::<i64>();
    let pages = || book.c("pages").of::<i64>();
    let ids = select(book.c("author_id")).filter(pages().in_([1_i64, 2]).and(book.c("title").ne("?'$1")));
    let statement = |dialect: &std::sync::Arc<dyn aludel_sql_expression::Dialect>| {
        let sum = (id() + 1_i64).to_sea_query(&**dialect).expect("it compiles");
        let ids = ids.to_sea_query(&**dialect).expect("it compiles");
        Query::select()
            .expr(sum)
            .expr(Func::lower(author.c("name").to_sea_query(&**dialect).expect("it compiles")))
            .from(Alias::new("author"))
            .and_where(Expr::col("age").eq(7))
            .and_where(Expr::col("id").binary(sea_query::BinOper::In, ids))
            .and_where(Expr::col("name").eq("last"))
            .to_owned()
    };
    let (sql, values) = statement(&sqlite()).build(SqliteQueryBuilder);
    assert_eq!(
        sql,
        "SELECT (author.id + ? ), LOWER(author.name) FROM \"author\" WHERE \"age\" = ? AND \"id\" IN ((SELECT \
         book.author_id FROM book WHERE book.pages IN ( ? , ? ) AND book.title <> ? )) AND \"name\" = ?"
    );
    assert_eq!(values.0.len(), 6);
    let (sql, values) = statement(&postgres()).build(PostgresQueryBuilder);
    assert!(sql.contains("= ANY (ARRAY[1, 2])"), "{sql}");
    assert!(sql.contains("book.title <> $3 )"), "{sql}");
    assert_eq!(values.0.len(), 4);
    assert_eq!(values.0[2], sea_query::Value::String(Some("?'$1".into())));
    let text = statement(&mysql()).to_string(MysqlQueryBuilder);
    assert!(text.contains(r"book.title <> '?\'$1' )"), "{text}");
}
