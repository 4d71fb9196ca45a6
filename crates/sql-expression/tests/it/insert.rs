//! INSERT, UPDATE and DELETE.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use aludel_sql_expression::{
    CompiledCache, Dialect, Executable, Value,
    compile::RowOrder,
    delete,
    expression::Node,
    func, insert,
    schema::{Column, Table},
    select,
    types::{Integer, Numeric, Text},
    update,
    value::Elements,
};

use crate::fixture::{Library, assert_sql, error, mariadb, mysql, postgres, render, sql, sqlite};

#[test]
fn one_row() {
    let Library { author, .. } = Library::new();
    assert_sql(
        &insert(&author).value("name", "Ann").value("age", 3),
        "INSERT INTO author (name, age) VALUES (?, ?)",
        "INSERT INTO author (name, age) VALUES ($1, $2)",
        "INSERT INTO author (name, age) VALUES (?, ?)",
    );
    assert_sql(
        &insert(&author),
        "INSERT INTO author DEFAULT VALUES",
        "INSERT INTO author DEFAULT VALUES",
        "INSERT INTO author () VALUES ()",
    );
}

#[test]
fn many_rows() {
    let Library { author, .. } = Library::new();
    let rows = |count: i32| (0..count).map(|number| (number, format!("name {number}")));
    let part = render(&insert(&author).values_many(rows(3)), &sqlite()).unwrap().parts.remove(0);
    assert_eq!(
        (&*part.sql, part.sets, part.parameters.len()),
        ("INSERT INTO author (id, name) VALUES (?, ?)", 3, 6)
    );
    assert_eq!(
        sql(&insert(&author).values_many(rows(2)), &postgres()),
        "INSERT INTO author (id, name) VALUES ($1, $2), ($3, $4)"
    );
    let parts = render(&insert(&author).values_many(rows(2345)), &mysql()).unwrap().parts;
    assert_eq!(
        parts.iter().map(|part| part.parameters.len() / 2).collect::<Vec<_>>(),
        [1000, 1000, 100, 100, 100, 45]
    );
    assert_eq!(parts.last().unwrap().parameters[0], Value::I64(2300));
}

#[test]
fn returning_where_there_is_one() {
    let Library { author, .. } = Library::new();
    let statement = insert(&author).value("name", "Ann").returning(author.c("id"));
    assert_eq!(sql(&statement, &sqlite()), "INSERT INTO author (name) VALUES (?) RETURNING id");
    assert_eq!(sql(&statement, &mariadb()), "INSERT INTO author (name) VALUES (?) RETURNING id");
    assert_eq!(
        error(&statement, &mysql()),
        "INSERT .. RETURNING is not supported by the mysql dialect (version 8.4.0)"
    );
    let statement = update(&author).set("name", "x").returning(author.c("id"));
    assert_eq!(
        error(&statement, &mariadb()),
        "UPDATE .. RETURNING is not supported by the mariadb dialect (version 11.0.0)"
    );
}

#[test]
fn update_and_delete() {
    let Library { author, book, .. } = Library::new();
    assert_sql(
        &update(&author).set("name", "x").filter(author.c("id").eq(1)),
        "UPDATE author SET name = ? WHERE author.id = ?",
        "UPDATE author SET name = $1 WHERE author.id = $2",
        "UPDATE author SET name = ? WHERE author.id = ?",
    );
    assert_sql(
        &update(&author).set("name", book.c("title")).filter(author.c("id").eq(book.c("author_id"))),
        "UPDATE author SET name = book.title FROM book WHERE author.id = book.author_id",
        "UPDATE author SET name = book.title FROM book WHERE author.id = book.author_id",
        "UPDATE author, book SET author.name = book.title WHERE author.id = book.author_id",
    );
    assert_eq!(
        sql(&delete(&book).filter(book.c("author_id").eq(author.c("id"))), &mysql()),
        "DELETE FROM book USING book, author WHERE book.author_id = author.id"
    );
    assert_eq!(sql(&delete(&author), &sqlite()), "DELETE FROM author");
}

#[test]
fn columns_that_change_with_each_update() {
    let calls = Arc::new(AtomicI64::new(0));
    let counted = calls.clone();
    let job = Table::unregistered("job").column(Column::new("id", Integer).primary_key());
    let tries = job.c("tries").of::<i64>() + 1;
    let job = job
        .column(Column::new("state", Text))
        .column(Column::new("changed", Integer).onupdate(move || counted.fetch_add(1, Ordering::Relaxed)))
        .column(Column::new("who", Text).onupdate(|| None::<String>))
        .column(Column::new("tries", Integer).onupdate_expression(tries));
    let statement = update(&job).set("state", "x").filter(job.c("id").eq(1));
    assert_sql(
        &statement,
        r#"UPDATE job SET state = ?, changed = ?, who = ?, tries = job.tries + ? WHERE job.id = ?"#,
        r#"UPDATE job SET state = $1, changed = $2, who = $3, tries = job.tries + CAST($4 AS BIGINT) WHERE job.id = $5"#,
        "UPDATE job SET state = ?, changed = ?, who = ?, tries = job.tries + ? WHERE job.id = ?",
    );
    // The function is asked for each execution, and not where the column is set.
    calls.store(7, Ordering::Relaxed);
    let of = |statement: &aludel_sql_expression::statement::Update| {
        render(statement, &sqlite()).expect("it compiles").parts[0].parameters.to_vec()
    };
    assert_eq!(of(&statement)[1], Value::I64(7));
    assert_eq!(of(&statement)[1], Value::I64(8));
    let set = update(&job).set("changed", 3).set("who", "me").set("tries", 0);
    assert_eq!(sql(&set, &sqlite()), r#"UPDATE job SET changed = ?, who = ?, tries = ?"#);
    assert_eq!(calls.load(Ordering::Relaxed), 9);
    // Nor for what changes nothing, or is no UPDATE.
    assert!(error(&update(&job), &sqlite()).contains("changes no column"));
    assert_eq!(sql(&insert(&job).value("id", 1), &sqlite()), "INSERT INTO job (id) VALUES (?)");
    let upsert =
        insert(&job).value("id", 1).on_conflict_do_update(job.c("id"), |update| update.set("state", "y"));
    assert!(sql(&upsert, &sqlite()).ends_with("DO UPDATE SET state = ?"));
    assert_eq!(calls.load(Ordering::Relaxed), 9);
    let taken = statement.returning(job.c("id")).cte("taken");
    assert_eq!(
        sql(&select(taken.c("id")), &postgres()),
        r#"WITH taken AS (UPDATE job SET state = $1, changed = $2, who = $3, tries = job.tries + CAST($4 AS BIGINT) WHERE job.id = $5 RETURNING id) SELECT taken.id FROM taken"#
    );
    assert_eq!(calls.load(Ordering::Relaxed), 10);
}

fn parts_of(
    statement: &impl Executable,
    dialect: &Arc<dyn Dialect>,
) -> (Vec<(String, usize, usize)>, Option<RowOrder>) {
    let rendered = render(statement, dialect).expect("the statement compiles");
    let parts = rendered.parts.iter().map(|part| (part.sql.to_string(), part.sets, part.parameters.len()));
    (parts.collect(), rendered.row_order.map(|order| *order))
}

fn part(sql: &str, sets: usize, parameters: usize) -> Vec<(String, usize, usize)> {
    vec![(sql.to_owned(), sets, parameters)]
}

#[test]
fn rows_that_come_back_are_told_by_their_number() {
    let Library { author, .. } = Library::new();
    let many = insert(&author).columns(["name", "age"]).values_many([("a", 1), ("b", 2), ("c", 3)]);
    let names = many.clone().returning(author.c("name"));
    let (parts, order) = parts_of(&names, &postgres());
    let sql = "INSERT INTO author (name, age) SELECT _rows.c0, _rows.c1 FROM UNNEST($1::TEXT[], $2::INTEGER[]) WITH \
               ORDINALITY AS _rows(c0, c1, o) ORDER BY _rows.o RETURNING name, id";
    assert_eq!(parts, part(sql, 1, 2));
    assert!(matches!(order, Some(RowOrder::Numbered { position: 1, hidden: 1, .. })), "{order:?}");
    let (parts, order) = parts_of(&names, &mariadb());
    let sql = "INSERT INTO author (name, age) VALUES (?, ?), (?, ?), (?, ?) RETURNING name, id";
    assert_eq!(parts, part(sql, 1, 6));
    assert!(matches!(order, Some(RowOrder::Numbered { position: 1, hidden: 1, .. })), "{order:?}");
    let (parts, order) = parts_of(&names, &sqlite());
    assert_eq!(parts, part("INSERT INTO author (name, age) VALUES (?, ?) RETURNING name", 3, 6));
    assert!(matches!(order, Some(RowOrder::OneByOne)), "{order:?}");

    // The number is there already where it is asked for; alone it needs no RETURNING on SQLite.
    let numbers = many.clone().returning(author.c("id"));
    let (parts, order) = parts_of(&numbers, &mariadb());
    assert!(parts[0].0.ends_with("RETURNING id"), "{parts:?}");
    assert!(matches!(order, Some(RowOrder::Numbered { position: 0, hidden: 0, .. })), "{order:?}");
    let (parts, order) = parts_of(&numbers, &sqlite());
    assert_eq!(parts, part("INSERT INTO author (name, age) VALUES (?, ?)", 3, 6));
    assert!(matches!(&order, Some(RowOrder::GeneratedKey { column }) if **column == *"id"), "{order:?}");
    assert_eq!(
        error(&numbers, &mysql()),
        "INSERT .. RETURNING is not supported by the mysql dialect (version 8.4.0)"
    );

    // One row, or rows whose order does not matter, need nothing.
    let (parts, order) = parts_of(&names.clone().unordered(), &postgres());
    assert_eq!(
        parts,
        part("INSERT INTO author (name, age) VALUES ($1, $2), ($3, $4), ($5, $6) RETURNING name", 1, 6)
    );
    assert!(order.is_none(), "{order:?}");
    let one = insert(&author).columns(["name"]).values(("a",)).returning(author.c("name"));
    let (parts, order) = parts_of(&one, &postgres());
    assert_eq!(parts, part("INSERT INTO author (name) VALUES ($1) RETURNING name", 1, 1));
    assert!(order.is_none(), "{order:?}");
}

#[test]
fn rows_that_come_back_are_told_by_the_keys_they_were_given() {
    let Library { author, .. } = Library::new();
    let many =
        insert(&author).columns(["id", "name"]).values_many([(7, "a"), (3, "b")]).returning(author.c("name"));
    let (parts, order) = parts_of(&many, &sqlite());
    assert_eq!(parts, part("INSERT INTO author (id, name) VALUES (?, ?), (?, ?) RETURNING name, id", 1, 4));
    let Some(RowOrder::Keyed { positions, hidden, keys }) = order else { panic!("{order:?}") };
    assert_eq!((&*positions, hidden), (&[1][..], 1));
    assert_eq!(keys.of(1).collect::<Vec<_>>(), [&Value::I64(3)]);
    // To MySQL a 0 asks for a number, and NULL is no key.
    for id in [Value::I64(0), Value::Null] {
        let many = insert(&author)
            .columns(["id", "name"])
            .values_many([(id, "a"), (Value::I64(3), "b")])
            .returning(author.c("name"));
        let (parts, order) = parts_of(&many, &mariadb());
        assert_eq!(parts, part("INSERT INTO author (id, name) VALUES (?, ?) RETURNING name", 2, 4));
        assert!(matches!(order, Some(RowOrder::OneByOne)), "{order:?}");
    }
    // A number with decimals may be rounded, and then is not the key that was given.
    let rates = Table::unregistered("rate")
        .column(Column::new("amount", Numeric(10, 2)).primary_key())
        .column(Column::new("name", Text));
    let many = insert(&rates).values_many([(1.5, "a"), (2.5, "b")]).returning(rates.c("name"));
    assert!(matches!(parts_of(&many, &postgres()).1, Some(RowOrder::OneByOne)));
}

#[test]
fn rows_with_expressions_come_back_in_order_too() {
    let lower = |text: &str| func::<String>("lower", [Node::bind(Value::Text(text.into()))]);
    let Library { author, .. } = Library::new();
    let many = insert(&author)
        .columns(["name", "age"])
        .values_many([(lower("A"), 1), (lower("B"), 2)])
        .returning(author.c("name"));
    let (parts, order) = parts_of(&many, &postgres());
    assert!(parts[0].0.contains("VALUES (lower("), "{parts:?}");
    assert!(parts[0].0.ends_with("RETURNING name, id"), "{parts:?}");
    assert!(matches!(order, Some(RowOrder::Numbered { hidden: 1, .. })), "{order:?}");
    let (parts, order) = parts_of(&many, &sqlite());
    let one = ("INSERT INTO author (name, age) VALUES (lower(?), ?) RETURNING name".to_owned(), 1, 2);
    assert_eq!(parts, [one.clone(), one]);
    assert!(matches!(order, Some(RowOrder::OneByOne)), "{order:?}");
}

#[test]
fn rows_of_defaults() {
    let Library { author, .. } = Library::new();
    let many = insert(&author).values_many([(), (), ()]);
    assert_eq!(parts_of(&many, &postgres()).0, part("INSERT INTO author DEFAULT VALUES", 3, 0));
    assert_eq!(parts_of(&many, &mysql()).0, part("INSERT INTO author () VALUES ()", 3, 0));
    let (parts, order) = parts_of(&many.returning(author.c("id")), &postgres());
    assert_eq!(parts, part("INSERT INTO author DEFAULT VALUES RETURNING id", 3, 0));
    assert!(matches!(order, Some(RowOrder::OneByOne)), "{order:?}");
}

#[test]
fn values_of_returning_go_with_each_row() {
    let words =
        Table::unregistered("words").column(Column::new("word", Text)).column(Column::new("length", Integer));
    let length = words.c("length").of::<i64>() + 10_i64;
    let many = insert(&words).columns(["word"]).values_many([("a",), ("b",)]).returning(length);
    let part = render(&many, &postgres()).unwrap().parts.remove(0);
    assert_eq!(
        (&*part.sql, part.sets),
        ("INSERT INTO words (word) VALUES ($1) RETURNING length + CAST($2 AS BIGINT)", 2)
    );
    let text = |text: &str| Value::Text(text.into());
    assert_eq!(part.parameters, [text("a"), Value::I64(10), text("b"), Value::I64(10)]);
}

#[test]
fn the_page_size_cuts_rows() {
    let Library { author, .. } = Library::new();
    let many = insert(&author).columns(["name"]).values_many((0..25).map(|number| (format!("n{number}"),)));
    let pages = |node: aludel_sql_expression::StatementNode, dialect: Arc<dyn Dialect>| {
        let rendered = CompiledCache::default().render_in_pages(&node, &dialect, 10).unwrap();
        rendered.parts.iter().map(|part| part.rows).collect::<Vec<_>>()
    };
    assert_eq!(pages(many.node(), postgres()), [10, 10, 5]);
    let returning = many.returning(author.c("name"));
    assert_eq!(pages(returning.node(), postgres()), [10, 10, 5]);
    assert_eq!(pages(returning.node(), mariadb()), [10, 10, 5]);
}

#[test]
fn arrays_of_rows_hold_just_the_columns_of_their_part() {
    let Library { author, .. } = Library::new();
    let rows: Vec<_> = (0..5_i64).map(|number| (format!("name {number}"), number)).collect();
    let many = insert(&author).columns(["name", "age"]).values_many(rows).returning(author.c("id"));
    let rendered = CompiledCache::default().render_in_pages(&many.node(), &postgres(), 2).unwrap();
    let columns = rendered.parts.iter().map(|part| {
        assert_eq!(part.parameters.len(), 2, "{part:?}");
        let [Value::Array(names), Value::Array(ages)] = &*part.parameters else { panic!("{part:?}") };
        assert_eq!((names.values.len(), ages.values.len()), (part.rows, part.rows));
        assert_eq!(ages.values.first(), ages.values.iter().next());
        let names: Vec<Value> = names.values.iter().cloned().collect();
        (names, format!("{:?}", ages.values))
    });
    let name = |number: i64| Value::Text(format!("name {number}").into());
    let expected = [
        (vec![name(0), name(1)], "[I64(0), I64(1)]".to_owned()),
        (vec![name(2), name(3)], "[I64(2), I64(3)]".to_owned()),
        (vec![name(4)], "[I64(4)]".to_owned()),
    ];
    assert_eq!(columns.collect::<Vec<_>>(), expected);

    // A list of its own with the same elements is equal.
    let [Value::Array(names), _] = &*rendered.parts[0].parameters else { panic!("{rendered:?}") };
    let own: Elements = vec![name(0), name(1)].into();
    assert_eq!(names.values, own);
    assert_ne!(names.values, vec![name(0)].into());
    assert!(Elements::from(Vec::new()).is_empty() && !own.is_empty());
}
