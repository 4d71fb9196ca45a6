//! What few statements have: frames that leave rows out, tables written by hand, functions with columns, casts that only some
//! databases have.

use aludel::{
    prelude::*,
    sql::{
        Expression, SqlType, Value, case as when,
        expression::{FrameBound, FrameExclusion, FrameUnit, Window},
        func, literal,
        typed::{Interval, IntoNode, array, percentile_disc, string_agg},
        types::Json,
    },
};
use chrono_0_4::{NaiveDate, NaiveDateTime};

use super::{Case, Tables, case};
use crate::core_tables::{integer, string};

pub(super) fn cases(tables: &Tables) -> Vec<Case> {
    let mut cases = frames(tables);
    cases.extend(by_hand(tables));
    cases.extend(functions(tables));
    cases.extend(casts(tables));
    cases.extend(others(tables));
    cases
}

fn frames(Tables { book, .. }: &Tables) -> Vec<Case> {
    let pages = || integer(book, "pages");
    let counted = |window: Window| select((book.c("id"), count_all_over(window))).order_by(book.c("id"));
    vec![
        case("a frame without ties", counted(Window::new().order_by(pages()).exclude(FrameExclusion::Ties)))
            .sql(
                "SELECT book.id, count(*) OVER (ORDER BY book.pages RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE \
                 TIES) FROM book ORDER BY book.id",
            )
            .mysql_lacks("EXCLUDE in a window's frame")
            .gives("1|1;2|2;3|2;4|4"),
        case(
            "a frame without the present row",
            counted(
                Window::new()
                    .order_by(book.c("id"))
                    .exclude(FrameExclusion::CurrentRow)
                    .frame(FrameUnit::Rows, FrameBound::Preceding(1), FrameBound::Following(1)),
            ),
        )
        .sql(
            "SELECT book.id, count(*) OVER (ORDER BY book.id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) \
             FROM book ORDER BY book.id",
        )
        .mysql_lacks("EXCLUDE in a window's frame")
        .gives("1|1;2|2;3|2;4|1"),
        case(
            "a frame of time",
            counted(Window::new().order_by(book.c("published")).frame(
                FrameUnit::Range,
                FrameBound::PrecedingBy(Interval::months(12)),
                FrameBound::FollowingBy(Interval::days(1)),
            )),
        )
        .postgres(
            "SELECT book.id, count(*) OVER (ORDER BY book.published RANGE BETWEEN INTERVAL '12 mons 0 days 0 us' PRECEDING \
             AND INTERVAL '0 mons 1 days 0 us' FOLLOWING) FROM book ORDER BY book.id",
        )
        .mysql(
            "SELECT book.id, count(*) OVER (ORDER BY book.published RANGE BETWEEN INTERVAL 12 MONTH PRECEDING AND INTERVAL 1 \
             DAY FOLLOWING) FROM book ORDER BY book.id",
        )
        .sqlite_lacks("an interval in a window's frame")
        .mariadb_lacks("an interval in a window's frame")
        .gives("1|2;2|1;3|1;4|1"),
        case(
            "a window that goes on from another",
            select((book.c("id"), aludel::sql::row_number().over(Window::named("w").order_by(book.c("id")))))
                .window("w", Window::new().partition_by(pages()))
                .order_by(book.c("id")),
        )
        .sql(
            "SELECT book.id, row_number() OVER (w ORDER BY book.id) FROM book WINDOW w AS (PARTITION BY book.pages) ORDER BY \
             book.id",
        )
        .gives("1|1;2|1;3|2;4|1"),
    ]
}

fn count_all_over(window: Window) -> Expression<i64> {
    aludel::sql::count_all().over(window)
}

fn by_hand(Tables { author, book, .. }: &Tables) -> Vec<Case> {
    let long = text("SELECT id, pages FROM book WHERE pages > :pages").bind("pages", 100);
    let (query, common) = (long.subquery("long_books"), long.cte("long_books"));
    let parts = select((book.c("id"), book.c("author_id"))).cte("parts");
    let twins = parts.alias("twins");
    vec![
        case(
            "a query by hand in FROM",
            select((query.c("id"), author.c("name")))
                .join_on(author, author.c("id").eq(query.c("id")))
                .filter(query.c("pages").lt(1000))
                .order_by(author.c("id")),
        )
        .sql(
            "SELECT long_books.id, author.name FROM (SELECT id, pages FROM book WHERE pages > ?) AS long_books JOIN author ON \
             author.id = long_books.id WHERE long_books.pages < ? ORDER BY author.id",
        )
        .gives("2|Bob;3|Cid"),
        case(
            "a query by hand in WITH",
            select(common.c("id")).filter(common.c("pages").lt(300)).order_by(common.c("id")),
        )
        .sql(
            "WITH long_books AS (SELECT id, pages FROM book WHERE pages > ?) SELECT long_books.id FROM long_books WHERE \
             long_books.pages < ? ORDER BY long_books.id",
        )
        .gives("2;3"),
        case(
            "what is in WITH, joined with itself",
            select((parts.c("id"), twins.c("id")))
                .join_on(&twins, twins.c("author_id").eq(parts.c("author_id")))
                .filter(parts.c("id").lt(twins.c("id"))),
        )
        .sql(
            "WITH parts AS (SELECT book.id, book.author_id FROM book) SELECT parts.id, twins.id FROM parts JOIN parts AS \
             twins ON twins.author_id = parts.author_id WHERE parts.id < twins.id",
        )
        .gives("1|2"),
        case(
            "an UPDATE from what is in WITH",
            update(author)
                .set("age", parts.c("id"))
                .filter(parts.c("author_id").eq(author.c("id")))
                .filter(parts.c("id").gt(2)),
        )
        .sql(
            "WITH parts AS (SELECT book.id, book.author_id FROM book) UPDATE author SET age = parts.id FROM parts WHERE \
             parts.author_id = author.id AND parts.id > ?",
        )
        .mysql(
            "WITH parts AS (SELECT book.id, book.author_id FROM book) UPDATE author, parts SET author.age = parts.id WHERE \
             parts.author_id = author.id AND parts.id > ?",
        )
        .mariadb(
            "UPDATE author, (SELECT book.id, book.author_id FROM book) AS parts SET author.age = parts.id WHERE \
             parts.author_id = author.id AND parts.id > ?",
        )
        .then(select(author.c("age")).order_by(author.c("id")), "30;3;4"),
        case("all columns of a table", select(author.all_columns()).order_by(author.c("id")).limit(2))
            .sql("SELECT author.id, author.name, author.age FROM author ORDER BY author.id LIMIT ?")
            .gives("1|Ann|30;2|Bob|NULL"),
        case("all columns of what is in WITH", select(twins.all_columns()).order_by(twins.c("id")).limit(1))
            .sql(
                "WITH parts AS (SELECT book.id, book.author_id FROM book) SELECT twins.id, twins.author_id FROM parts AS \
                 twins ORDER BY twins.id LIMIT ?",
            )
            .gives("1|1"),
        case("all columns of what only the database knows", select(query.all_columns()))
            .says("only the database knows the columns of a function or a text in FROM"),
        case(
            "all columns before something else",
            select((author.all_columns(), literal(1_i64))),
        )
        .says("they stand last in a tuple"),
    ]
}

fn functions(Tables { author, book, .. }: &Tables) -> Vec<Case> {
    let published = || book.c("published").of::<NaiveDateTime>();
    let words = func::<String>("unnest", [array::<String, _>(["a", "b"]).into_node()])
        .table_valued_with_ordinality("words", ["word"], "place");
    let records = func::<Value>(
        "jsonb_to_recordset",
        [literal(r#"[{"a": 1, "b": "x"}, {"a": 2}]"#.to_owned()).cast_to::<Value>(Json).into_node()],
    )
    .table_valued_record("records", [("a", SqlType::Integer), ("b", SqlType::Text)]);
    let tags = func::<Value>(
        "json_table",
        [book.c("data").node(), IntoNode::into_node(text("'$.tags[*]' COLUMNS (tag VARCHAR(10) PATH '$')"))],
    )
    .table_valued("tags");
    vec![
        case("rows of a function, numbered", select((words.c("place"), words.c("word"))).order_by(words.c("place")))
            .postgres(
                "SELECT words.place, words.word FROM unnest(CAST(ARRAY[?, ?] AS TEXT[])) WITH ORDINALITY AS words (word, \
                 place) ORDER BY words.place",
            )
            .sqlite_lacks("names for the columns of a function in FROM")
            .mysql_lacks("a function in FROM")
            .gives("1|a;2|b"),
        case(
            "records of a function, with types",
            select((records.c("b"), records.c("a"))).filter(records.c("a").lt(5)).order_by(records.c("a")),
        )
        .postgres(
            "SELECT records.b, records.a FROM jsonb_to_recordset(CAST(? AS JSONB)) AS records (a INTEGER, b TEXT) WHERE \
             records.a < ? ORDER BY records.a",
        )
        .sqlite_lacks("names for the columns of a function in FROM")
        .mysql_lacks("a function in FROM")
        .gives("x|1;NULL|2"),
        case(
            "a table out of a document",
            select((book.c("id"), tags.c("tag"))).select_from(book).cross_join(&tags).order_by(tags.c("tag")),
        )
        .mysql(
            "SELECT book.id, tags.tag FROM book CROSS JOIN json_table(book.data, '$.tags[*]' COLUMNS (tag VARCHAR(10) PATH \
             '$')) AS tags ORDER BY tags.tag",
        )
        .postgres_writes(
            "SELECT book.id, tags.tag FROM book CROSS JOIN json_table(book.data, '$.tags[*]' COLUMNS (tag VARCHAR(10) PATH \
             '$')) AS tags ORDER BY tags.tag",
        )
        .sqlite_lacks("JSON_TABLE in FROM")
        .gives("1|a;1|b"),
        case(
            "functions without parentheses",
            select(book.c("id"))
                .filter(published().lt(func::<NaiveDateTime>("current_timestamp", [])))
                .filter(published().lt(func::<NaiveDateTime>("now", [])))
                .filter(published().cast::<NaiveDate>().lt(func::<NaiveDate>("CURRENT_DATE", [])))
                .filter(book.c("id").eq(1)),
        )
        .sqlite(
            "SELECT book.id FROM book WHERE book.published < current_timestamp AND book.published < current_timestamp AND \
             date(book.published) < CURRENT_DATE AND book.id = ?",
        )
        .postgres(
            "SELECT book.id FROM book WHERE book.published < current_timestamp AND book.published < now() AND \
             CAST(book.published AS DATE) < CURRENT_DATE AND book.id = ?",
        )
        .mysql(
            "SELECT book.id FROM book WHERE book.published < current_timestamp AND book.published < now() AND \
             CAST(book.published AS DATE) < CURRENT_DATE AND book.id = ?",
        )
        .gives("1"),
        case(
            "rows in any order",
            select(aludel::sql::count_all()).select_from(
                select(book.c("id")).order_by(func::<f64>("random", [])).limit(2).subquery("two"),
            ),
        )
        .sql("SELECT count(*) FROM (SELECT book.id FROM book ORDER BY random() LIMIT ?) AS two")
        .mysql("SELECT count(*) FROM (SELECT book.id FROM book ORDER BY rand() LIMIT ?) AS two")
        .gives("2"),
        case(
            "a value in the middle",
            select(percentile_disc(0.5, integer(book, "pages"))),
        )
        .postgres(
            "SELECT percentile_disc(CAST(? AS DOUBLE PRECISION)) WITHIN GROUP (ORDER BY book.pages) FROM book",
        )
        .sqlite_lacks("WITHIN GROUP")
        .mysql_lacks("WITHIN GROUP")
        .gives("200"),
        case(
            "some rows of a table",
            select(aludel::sql::count_all())
                .select_from(author)
                .with_hint(author, ("postgresql", "TABLESAMPLE BERNOULLI (100)")),
        )
        .sql("SELECT count(*) FROM author")
        .postgres("SELECT count(*) FROM author TABLESAMPLE BERNOULLI (100)")
        .gives("3"),
        case(
            "each text once, put together",
            select(string_agg(string(book, "title"), ",").distinct()).filter(book.c("id").lt(3)),
        )
        .sqlite("SELECT group_concat(DISTINCT book.title) FROM book WHERE book.id < ?")
        .postgres("SELECT string_agg(DISTINCT book.title, ',') FROM book WHERE book.id < ?")
        .mysql("SELECT group_concat(DISTINCT book.title SEPARATOR ',') FROM book WHERE book.id < ?")
        .gives("Ash,Birch"),
        case(
            "each text once, put together with something else",
            select(string_agg(string(book, "title"), "; ").distinct()).filter(book.c("id").eq(3)),
        )
        .sqlite_lacks("DISTINCT among texts that are put together with anything but a comma")
        .postgres("SELECT string_agg(DISTINCT book.title, '; ') FROM book WHERE book.id = ?")
        .mysql("SELECT group_concat(DISTINCT book.title SEPARATOR '; ') FROM book WHERE book.id = ?")
        .gives("Cedar"),
    ]
}

fn casts(Tables { book, .. }: &Tables) -> Vec<Case> {
    let published = || book.c("published").of::<NaiveDateTime>();
    let first = |select: aludel::sql::statement::Select<Expression<i64>>| select.filter(book.c("id").eq(1));
    vec![
        case("a text as a number", select(literal("12".to_owned()).cast::<i64>()))
            .sqlite("SELECT CAST(? AS BIGINT)")
            .postgres("SELECT CAST(CAST(? AS TEXT) AS BIGINT)")
            .mysql("SELECT CAST(? AS SIGNED)")
            .gives("12"),
        case(
            "a date out of a moment",
            select(book.c("id"))
                .filter(published().cast::<NaiveDate>().eq(NaiveDate::from_ymd_opt(2024, 2, 29).unwrap_or_default())),
        )
        .sqlite("SELECT book.id FROM book WHERE date(book.published) = ?")
        .postgres("SELECT book.id FROM book WHERE CAST(book.published AS DATE) = ?")
        .mysql("SELECT book.id FROM book WHERE CAST(book.published AS DATE) = ?")
        .gives("1"),
        case("a time out of a moment", select(published().cast::<chrono_0_4::NaiveTime>()).filter(book.c("id").eq(1)))
            .sqlite("SELECT substr(book.published, 12, 15) FROM book WHERE book.id = ?")
            .postgres("SELECT CAST(book.published AS TIME) FROM book WHERE book.id = ?")
            .mysql("SELECT CAST(book.published AS TIME(6)) FROM book WHERE book.id = ?")
            .gives("10:20:30.500000"),
        case(
            "a moment out of a date",
            select(published().cast::<NaiveDate>().cast::<NaiveDateTime>()).filter(book.c("id").eq(1)),
        )
        .sqlite("SELECT strftime('%Y-%m-%d %H:%M:%f000', date(book.published)) FROM book WHERE book.id = ?")
        .postgres("SELECT CAST(CAST(book.published AS DATE) AS TIMESTAMP) FROM book WHERE book.id = ?")
        .mysql("SELECT CAST(CAST(book.published AS DATE) AS DATETIME(6)) FROM book WHERE book.id = ?")
        .gives("2024-02-29 00:00:00.000000"),
        case(
            "a truth value as a number",
            first(select(book.c("pages").gt(50).cast::<i64>())),
        )
        .sqlite("SELECT CAST(book.pages > ? AS BIGINT) FROM book WHERE book.id = ?")
        .postgres("SELECT CAST(CAST(book.pages > ? AS INTEGER) AS BIGINT) FROM book WHERE book.id = ?")
        .mysql("SELECT CAST(book.pages > ? AS SIGNED) FROM book WHERE book.id = ?")
        .gives("1"),
        case(
            "a number as a truth value",
            select((integer(book, "pages") - 100_i64).cast::<bool>()).order_by(book.c("id")).limit(2),
        )
        .sql("SELECT (book.pages - ? <> 0) FROM book ORDER BY book.id LIMIT ?")
        .postgres("SELECT (book.pages - CAST(? AS BIGINT) <> 0) FROM book ORDER BY book.id LIMIT ?")
        .gives("0;1"),
        case(
            "a UUID out of a text, and back",
            select(
                literal("67e55044-10b1-426f-9247-bb680e5fe0c8".to_owned())
                    .cast_to::<uuid_1::Uuid>(aludel::types::Uuid)
                    .cast::<String>(),
            ),
        )
        .sqlite("SELECT CAST(CAST(? AS TEXT) AS TEXT)")
        .postgres("SELECT CAST(CAST(CAST(? AS TEXT) AS UUID) AS TEXT)")
        .mysql(
            "SELECT lower(insert(insert(insert(insert(hex(unhex(replace(?, '-', ''))), 9, 0, '-'), 14, 0, '-'), 19, 0, '-'), 24, \
             0, '-'))",
        )
        .gives("67e55044-10b1-426f-9247-bb680e5fe0c8"),
    ]
}

fn others(Tables { book, .. }: &Tables) -> Vec<Case> {
    let title = || string(book, "title");
    let ids = |condition: Expression<bool>| select(book.c("id")).filter(condition).order_by(book.c("id"));
    vec![
        case(
            "a case that compares one value",
            select(when::<String>().of(integer(book, "pages")).when(100_i64, "short").when(200_i64, "long").end())
                .order_by(book.c("id")),
        )
        .sql(
            "SELECT CASE WHEN book.pages = ? THEN ? WHEN book.pages = ? THEN ? END FROM book ORDER BY book.id",
        )
        .postgres(
            "SELECT CASE WHEN book.pages = CAST(? AS BIGINT) THEN CAST(? AS TEXT) WHEN book.pages = CAST(? AS BIGINT) THEN \
             CAST(? AS TEXT) END FROM book ORDER BY book.id",
        )
        .gives("short;long;long;NULL"),
        case("not like with an escape", ids(title().not_like_escape("%!_%", '!')))
            .sql("SELECT book.id FROM book WHERE book.title NOT LIKE ? ESCAPE '!' ORDER BY book.id")
            .gives("1;2;3"),
        case("ilike with an escape", ids(title().ilike_escape("DOG!_%", '!')))
            .sql("SELECT book.id FROM book WHERE lower(book.title) LIKE lower(?) ESCAPE '!' ORDER BY book.id")
            .postgres("SELECT book.id FROM book WHERE book.title ILIKE ? ESCAPE '!' ORDER BY book.id")
            .gives("4"),
        case("not ilike with an escape", ids(title().not_ilike_escape("DOG!_%", '!')))
            .sql("SELECT book.id FROM book WHERE lower(book.title) NOT LIKE lower(?) ESCAPE '!' ORDER BY book.id")
            .postgres("SELECT book.id FROM book WHERE book.title NOT ILIKE ? ESCAPE '!' ORDER BY book.id")
            .gives("1;2;3"),
        case(
            "a part of an array",
            select(array::<i64, _>([1_i64, 2, 3]).slice(2, 3).array_contains(array::<i64, _>([3_i64]))),
        )
        .postgres("SELECT (CAST(ARRAY[?, ?, ?] AS BIGINT[]))[?:?] @> CAST(ARRAY[?] AS BIGINT[])")
        .sqlite_lacks("a slice of an array")
        .mysql_lacks("a slice of an array")
        .gives("1"),
    ]
}
