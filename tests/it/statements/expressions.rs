//! Expressions: text, bits, JSON, dates, arrays.

use aludel::{
    prelude::*,
    sql::{
        Expression, avg, case as when, coalesce, count,
        expression::DateField,
        literal, lower, max, min, not,
        typed::{
            Interval, abs, any_element, array, char_length, date_add, date_sub, days_between, extract,
            full_text, greatest, least, literal_text, ltrim, nullif, replace, round, rtrim, seconds_between,
            substr, trim,
        },
        upper,
    },
};
use chrono_0_4::{NaiveDate, NaiveDateTime};

use super::{Case, Tables, case};
use crate::core_tables::{integer, string};

pub(super) fn cases(tables: &Tables) -> Vec<Case> {
    let mut cases = plain(tables);
    cases.extend(text(tables));
    cases.extend(bits(tables));
    cases.extend(json(tables));
    cases.extend(dates(tables));
    cases.extend(arrays(tables));
    cases
}

fn plain(Tables { author, book, .. }: &Tables) -> Vec<Case> {
    let (age, id) = (|| author.c("age").of::<Option<i64>>(), || author.c("id"));
    let pages = || integer(book, "pages");
    vec![
        case(
            "arithmetic in parentheses",
            select((pages() + 1_i64) * 2_i64 - (pages() - (pages() - 1_i64))).filter(book.c("id").eq(1)),
        )
        .sql("SELECT (book.pages + ?) * ? - (book.pages - (book.pages - ?)) FROM book WHERE book.id = ?")
        .postgres(
            "SELECT (book.pages + CAST(? AS BIGINT)) * ? - (book.pages - (book.pages - CAST(? AS BIGINT))) \
             FROM book WHERE book.id = ?",
        )
        .gives("201"),
        case("true division", select(literal(7_i64) / 2_i64))
            .sqlite("SELECT ? / CAST(? AS DOUBLE)")
            .postgres("SELECT CAST(? AS BIGINT) / CAST(? AS DOUBLE PRECISION)")
            .mysql("SELECT ? / CAST(? AS DOUBLE)")
            .gives("3.5"),
        case(
            "not, and, or",
            select(id())
                .filter(not(id().eq(1).or(id().eq(2))).and(age().is_not_null()).or(id().eq(2)))
                .order_by(id()),
        )
        .sql(
            "SELECT author.id FROM author WHERE NOT (author.id = ? OR author.id = ?) AND author.age IS NOT NULL OR author.id \
             = ? ORDER BY author.id",
        )
        .gives("2;3"),
        case("is distinct from", select(id()).filter(age().is_distinct_from(30)).order_by(id()))
            .sql("SELECT author.id FROM author WHERE author.age IS DISTINCT FROM ? ORDER BY author.id")
            .sqlite("SELECT author.id FROM author WHERE author.age IS NOT ? ORDER BY author.id")
            .postgres("SELECT author.id FROM author WHERE author.age IS DISTINCT FROM CAST(? AS BIGINT) ORDER BY author.id")
            .mysql("SELECT author.id FROM author WHERE NOT (author.age <=> ?) ORDER BY author.id")
            .gives("2;3"),
        case("between", select(id()).filter(author.c("id").between(2, 3)).order_by(id()))
            .sql("SELECT author.id FROM author WHERE author.id BETWEEN ? AND ? ORDER BY author.id")
            .gives("2;3"),
        case(
            "between in either order",
            select(id()).filter(author.c("id").between_symmetric(3, 2)).order_by(id()),
        )
        .sql("SELECT author.id FROM author WHERE author.id BETWEEN ? AND ? OR author.id BETWEEN ? AND ? ORDER BY author.id")
        .gives("2;3"),
        case(
            "case",
            select(when::<String>().when(age().gt(40), "old").when(age().is_null(), "unknown").otherwise("young"))
                .order_by(id()),
        )
        .sql(
            "SELECT CASE WHEN author.age > ? THEN ? WHEN author.age IS NULL THEN ? ELSE ? END FROM author ORDER BY author.id",
        )
        .postgres(
            "SELECT CASE WHEN author.age > CAST(? AS BIGINT) THEN CAST(? AS TEXT) WHEN author.age IS NULL THEN CAST(? AS TEXT) ELSE CAST(? AS \
             TEXT) END FROM author ORDER BY author.id",
        )
        .gives("young;unknown;old"),
        case("cast", select(pages().cast::<String>()).filter(book.c("id").eq(1)))
            .sql("SELECT CAST(book.pages AS TEXT) FROM book WHERE book.id = ?")
            .mysql("SELECT CAST(book.pages AS CHAR) FROM book WHERE book.id = ?")
            .gives("100"),
        case("try cast", select(string(book, "title").try_cast::<i64>()))
            .sqlite_lacks("TRY_CAST")
            .postgres_lacks("TRY_CAST")
            .mysql_lacks("TRY_CAST"),
        case(
            "coalesce, nullif, greatest, least",
            select((coalesce(age(), 0_i64), nullif(integer(author, "id"), 1_i64), greatest(integer(author, "id"), 2_i64), least(integer(author, "id"), 2_i64)))
                .order_by(id()),
        )
        .sqlite(
            "SELECT coalesce(author.age, ?), nullif(author.id, ?), max(author.id, ?), min(author.id, ?) FROM author ORDER BY \
             author.id",
        )
        .postgres(
            "SELECT coalesce(author.age, ?), nullif(author.id, ?), greatest(author.id, ?), least(author.id, ?) FROM author \
             ORDER BY author.id",
        )
        .mysql(
            "SELECT coalesce(author.age, ?), nullif(author.id, ?), greatest(author.id, ?), least(author.id, ?) FROM author \
             ORDER BY author.id",
        )
        .gives("30|NULL|2|1;0|2|2|2;50|3|3|2"),
        case("an operator of one's own", select((pages().op::<i64>("%", 7_i64) + 1_i64) * 2_i64).filter(book.c("id").eq(1)))
            .sql("SELECT ((book.pages % ?) + ?) * ? FROM book WHERE book.id = ?")
.postgres("SELECT ((book.pages % CAST(? AS BIGINT)) + ?) * ? FROM book WHERE book.id = ?")
            .gives("6"),
        case(
            "a case without a value for the rest",
            select(when::<i64>().when(age().gt(40), 1_i64).end()).order_by(id()),
        )
        .sql("SELECT CASE WHEN author.age > ? THEN ? END FROM author ORDER BY author.id")
        .postgres(
            "SELECT CASE WHEN author.age > CAST(? AS BIGINT) THEN CAST(? AS BIGINT) END FROM author ORDER BY author.id",
        )
        .gives("NULL;NULL;1"),
        case(
            "aggregates",
            select((count(age()), min(age()), max(age()), avg(pages()))).select_from(book).filter(author.c("id").eq(book.c("author_id"))),
        )
        .sql("SELECT count(author.age), min(author.age), max(author.age), avg(book.pages) FROM book, author WHERE author.id = book.author_id")
        .gives("3|30|50|200"),
        case("the nearest whole number", select(round(literal(2.6_f64))))
            .sql("SELECT round(?)")
            .postgres("SELECT round(CAST(? AS DOUBLE PRECISION))")
            .gives("3"),
        case("a number with the other sign", select(-(integer(book, "pages") + 1_i64)).filter(book.c("id").eq(1)))
            .sql("SELECT -(book.pages + ?) FROM book WHERE book.id = ?")
            .postgres("SELECT -(book.pages + CAST(? AS BIGINT)) FROM book WHERE book.id = ?")
            .gives("-101"),
        case("a number without its sign", select(abs(integer(book, "pages") - 150_i64)).order_by(book.c("id")).limit(2))
            .sql("SELECT abs(book.pages - ?) FROM book ORDER BY book.id LIMIT ?")
            .postgres("SELECT abs(book.pages - CAST(? AS BIGINT)) FROM book ORDER BY book.id LIMIT ?")
            .gives("50;50"),
    ]
}

fn text(Tables { book, .. }: &Tables) -> Vec<Case> {
    let title = || string(book, "title");
    let ids = |condition: Expression<bool>| select(book.c("id")).filter(condition).order_by(book.c("id"));
    let written = |condition: &str| format!("SELECT book.id FROM book WHERE {condition} ORDER BY book.id");
    vec![
        case("like", ids(title().like("_ir%"))).sql(&written("book.title LIKE ?")).gives("2"),
        case("like with an escape", ids(title().like_escape("%!_%", '!')))
            .sql(&written("book.title LIKE ? ESCAPE '!'"))
            .gives("4"),
        case("ilike", ids(title().ilike("A%")))
            .sql(&written("lower(book.title) LIKE lower(?)"))
            .postgres(&written("book.title ILIKE ?"))
            .gives("1"),
        case("not ilike", ids(title().not_ilike("a%")))
            .sql(&written("lower(book.title) NOT LIKE lower(?)"))
            .postgres(&written("book.title NOT ILIKE ?"))
            .gives("2;3;4"),
        case("contains", ids(title().contains("g_w"))).sql(&written("book.title LIKE ? ESCAPE '/'")).gives("4"),
        case("starts with, without regard to case", ids(title().istarts_with("dog_")))
            .sql(&written("lower(book.title) LIKE lower(?) ESCAPE '/'"))
            .postgres(&written("book.title ILIKE ? ESCAPE '/'"))
            .gives("4"),
        case("ends with", ids(book.c("title").ends_with("%"))).sql(&written("book.title LIKE ? ESCAPE '/'")).gives("4"),
        case("concat", select(title().concat("-").concat(title())).filter(book.c("id").eq(1)))
            .sql("SELECT book.title || ? || book.title FROM book WHERE book.id = ?")
            .mysql("SELECT concat(book.title, ?, book.title) FROM book WHERE book.id = ?")
            .gives("Ash-Ash"),
        case("regular expression", ids(title().regexp_match("^[AB]")))
            .sqlite_writes(&written("book.title REGEXP ('(?-i)' || ?)"))
            .postgres(&written("book.title ~ ?"))
            .mysql(&written("REGEXP_LIKE(book.title, ?, 'c')"))
            .mariadb(&written("book.title REGEXP CONCAT('(?-i)', ?)"))
            .gives("1;2"),
        case("regular expression without regard to case", ids(title().regexp_imatch("^[ab]")))
            .sqlite_writes(&written("book.title REGEXP ('(?i)' || ?)"))
            .postgres(&written("book.title ~* ?"))
            .mysql(&written("REGEXP_LIKE(book.title, ?, 'i')"))
            .mariadb(&written("book.title REGEXP CONCAT('(?i)', ?)"))
            .gives("1;2"),
        case("no regular expression", ids(not(title().not_regexp_match("^[AB]"))))
            .sqlite_writes(&written("NOT (book.title NOT REGEXP ('(?-i)' || ?))"))
            .postgres(&written("NOT (book.title !~ ?)"))
            .mysql(&written("NOT (NOT REGEXP_LIKE(book.title, ?, 'c'))"))
            .mariadb(&written("NOT (book.title NOT REGEXP CONCAT('(?-i)', ?))"))
            .gives("1;2"),
        case(
            "functions on text",
            select((char_length(title()), trim(title()), replace(title(), "s", "z"), substr(title(), 2, 2)))
                .filter(book.c("id").eq(1)),
        )
        .sqlite(
            "SELECT length(book.title), trim(book.title), replace(book.title, ?, ?), substr(book.title, ?, ?) FROM book WHERE \
             book.id = ?",
        )
        .postgres(
            "SELECT char_length(book.title), trim(book.title), replace(book.title, ?, ?), substr(book.title, ?, ?) FROM book \
             WHERE book.id = ?",
        )
        .mysql(
            "SELECT char_length(book.title), trim(book.title), replace(book.title, ?, ?), substr(book.title, ?, ?) FROM book \
             WHERE book.id = ?",
        )
        .gives("3|Ash|Azh|sh"),
        case(
            "upper and lower letters, and spaces at one end",
            select((lower(title()), upper(title()), ltrim(literal_text("  a ")), rtrim(literal_text(" b  "))))
                .filter(book.c("id").eq(1)),
        )
        .sql("SELECT lower(book.title), upper(book.title), ltrim('  a '), rtrim(' b  ') FROM book WHERE book.id = ?")
        .gives("ash|ASH|a | b"),
        case("contains, without regard to case", ids(title().icontains("IR")))
            .sql(&written("lower(book.title) LIKE lower(?) ESCAPE '/'"))
            .postgres(&written("book.title ILIKE ? ESCAPE '/'"))
            .gives("2"),
        case("ends with, without regard to case", ids(title().iends_with("WOOD%")))
            .sql(&written("lower(book.title) LIKE lower(?) ESCAPE '/'"))
            .postgres(&written("book.title ILIKE ? ESCAPE '/'"))
            .gives("4"),
        case("not like", ids(title().not_like("%r%"))).sql(&written("book.title NOT LIKE ?")).gives("1;4"),
        case("collation of SQLite", ids(title().collate("nocase").eq("ASH")))
            .sql(&written("book.title COLLATE nocase = ?"))
            .sqlite(&written("book.title COLLATE nocase = ?"))
            .postgres_writes(&written("book.title COLLATE nocase = ?"))
            .mysql_writes(&written("book.title COLLATE nocase = ?"))
            .gives("1"),
        case("collation of PostgreSQL", select(book.c("id")).order_by(title().collate("C").desc()))
            .postgres("SELECT book.id FROM book ORDER BY book.title COLLATE \"C\" DESC")
            .sqlite_writes("SELECT book.id FROM book ORDER BY book.title COLLATE \"C\" DESC")
            .mysql_writes("SELECT book.id FROM book ORDER BY book.title COLLATE `C` DESC")
            .gives("4;3;2;1"),
        case("collation of MySQL", ids(title().collate("utf8mb4_bin").eq("ash")))
            .sqlite_writes(&written("book.title COLLATE utf8mb4_bin = ?"))
            .postgres_writes(&written("book.title COLLATE utf8mb4_bin = ?"))
            .mysql(&written("book.title COLLATE utf8mb4_bin = ?"))
            .gives(""),
        case("full text", ids(full_text(book.c("title")).configuration("simple").matches("birch")))
            .sqlite_writes(&written("book.title MATCH ('\"' || replace(replace(?, '\"', '\"\"'), ' ', '\" \"') || '\"')"))
            .postgres(&written("to_tsvector('simple', book.title) @@ plainto_tsquery('simple', CAST(? AS TEXT))"))
            .mysql_writes(&written("MATCH (book.title) AGAINST (? IN NATURAL LANGUAGE MODE)"))
            .gives("2"),
        case(
            "full text in two columns, in the language of queries",
            ids(full_text((book.c("title"), book.c("title"))).in_query_language().matches("birch | ash")),
        )
        .sqlite_writes(&written("book.book MATCH ('{\"title\" \"title\"} : (' || ? || ')')"))
        .postgres(&written("to_tsvector(concat_ws(' ', book.title, book.title)) @@ to_tsquery(CAST(? AS TEXT))"))
        .mysql_writes(&written("MATCH (book.title, book.title) AGAINST (? IN BOOLEAN MODE)"))
        .gives("1;2"),
    ]
}

fn bits(Tables { book, .. }: &Tables) -> Vec<Case> {
    let id = || integer(book, "id");
    vec![
        case(
            "and, or, exclusive or",
            select((id().bitwise_and(6), id().bitwise_or(4), id().bitwise_xor(5))).order_by(book.c("id")),
        )
        .sqlite("SELECT book.id & ?, book.id | ?, ((book.id | ?) - (book.id & ?)) FROM book ORDER BY book.id")
        .postgres(
            "SELECT book.id & CAST(? AS BIGINT), book.id | CAST(? AS BIGINT), book.id # CAST(? AS BIGINT) FROM book ORDER BY \
             book.id",
        )
        .mysql(
            "SELECT CAST(book.id & ? AS SIGNED), CAST(book.id | ? AS SIGNED), CAST(book.id ^ ? AS SIGNED) FROM book ORDER BY \
             book.id",
        )
        .gives("0|5|4;2|6|7;2|7|6;4|4|1"),
        case(
            "not, and shifts",
            select((id().bitwise_not(), id().bitwise_lshift(2), id().bitwise_rshift(1))).order_by(book.c("id")),
        )
        .sql("SELECT ~book.id, book.id << ?, book.id >> ? FROM book ORDER BY book.id")
        .mysql(
            "SELECT CAST(~book.id AS SIGNED), CAST(book.id << ? AS SIGNED), CAST(book.id >> ? AS SIGNED) FROM book ORDER BY \
             book.id",
        )
        .gives("-2|4|0;-3|8|1;-4|12|1;-5|16|2"),
        case("a comparison of bits", select(book.c("id")).filter(id().bitwise_and(1).eq(1)).order_by(book.c("id")))
            .sql("SELECT book.id FROM book WHERE book.id & ? = ? ORDER BY book.id")
            .sqlite("SELECT book.id FROM book WHERE book.id & ? = ? ORDER BY book.id")
            .postgres("SELECT book.id FROM book WHERE book.id & CAST(? AS BIGINT) = CAST(? AS BIGINT) ORDER BY book.id")
            .mysql("SELECT book.id FROM book WHERE CAST(book.id & ? AS SIGNED) = ? ORDER BY book.id")
            .gives("1;3"),
    ]
}

fn json(Tables { book, .. }: &Tables) -> Vec<Case> {
    let data = || book.c("data").json();
    vec![
        case("a number", select(data().key("n").as_integer()).filter(book.c("id").ne(2)).order_by(book.c("id")))
            .sqlite(
                "SELECT CAST(json_extract(book.data, '$.\"n\"') AS INTEGER) FROM book WHERE book.id <> ? ORDER BY book.id",
            )
            .postgres("SELECT CAST(book.data ->> 'n' AS BIGINT) FROM book WHERE book.id <> ? ORDER BY book.id")
            .mysql(
                "SELECT CASE JSON_TYPE(JSON_EXTRACT(book.data, '$.\"n\"')) WHEN 'NULL' THEN NULL ELSE \
                 CAST(JSON_UNQUOTE(JSON_EXTRACT(book.data, '$.\"n\"')) AS SIGNED) END FROM book WHERE book.id <> ? ORDER \
                 BY book.id",
            )
            .gives("7;12;NULL"),
        case("a fraction", select(data().key("n").as_float()).filter(book.c("id").eq(2)))
            .sqlite("SELECT CAST(json_extract(book.data, '$.\"n\"') AS REAL) FROM book WHERE book.id = ?")
            .postgres("SELECT CAST(book.data ->> 'n' AS DOUBLE PRECISION) FROM book WHERE book.id = ?")
            .mysql(
                "SELECT CASE JSON_TYPE(JSON_EXTRACT(book.data, '$.\"n\"')) WHEN 'NULL' THEN NULL ELSE \
                 CAST(JSON_UNQUOTE(JSON_EXTRACT(book.data, '$.\"n\"')) AS DOUBLE) END FROM book WHERE book.id = ?",
            )
            .gives("2.5"),
        case("text in an array", select(data().key("tags").index(1).as_string()).order_by(book.c("id")))
            .sqlite("SELECT CAST(json_extract(book.data, '$.\"tags\"[1]') AS TEXT) FROM book ORDER BY book.id")
            .postgres("SELECT book.data -> 'tags' ->> 1 FROM book ORDER BY book.id")
            .mysql(
                "SELECT CASE JSON_TYPE(JSON_EXTRACT(book.data, '$.\"tags\"[1]')) WHEN 'NULL' THEN NULL ELSE \
                 JSON_UNQUOTE(JSON_EXTRACT(book.data, '$.\"tags\"[1]')) END FROM book ORDER BY book.id",
            )
            .gives("b;NULL;NULL;NULL"),
        case("a condition", select(book.c("id")).filter(data().key("ok").as_boolean()))
            .sqlite("SELECT book.id FROM book WHERE json_extract(book.data, '$.\"ok\"')")
            .postgres("SELECT book.id FROM book WHERE CAST(book.data ->> 'ok' AS BOOLEAN)")
            .mysql(
                "SELECT book.id FROM book WHERE CASE JSON_UNQUOTE(JSON_EXTRACT(book.data, '$.\"ok\"')) WHEN 'true' THEN \
                 TRUE WHEN 'false' THEN FALSE END",
            )
            .gives("1"),
        case(
            "keys that need quotes, and letters beyond ASCII",
            select((data().key("a b").key("c\"d").as_string(), data().key("s").as_string()))
                .filter(book.c("id").in_([1, 3]))
                .order_by(book.c("id")),
        )
        .sqlite(
            "SELECT CAST(json_extract(book.data, '$.\"a b\".\"c\\\"d\"') AS TEXT), CAST(json_extract(book.data, '$.\"s\"') AS \
             TEXT) FROM book WHERE book.id IN (?, ?) ORDER BY book.id",
        )
        .postgres(
            "SELECT book.data -> 'a b' ->> 'c\"d', book.data ->> 's' FROM book WHERE book.id = ANY (?) ORDER BY book.id",
        )
        .mysql(
            "SELECT CASE JSON_TYPE(JSON_EXTRACT(book.data, _utf8mb4 x'242E22612062222E22635C226422')) WHEN 'NULL' THEN NULL ELSE \
             JSON_UNQUOTE(JSON_EXTRACT(book.data, _utf8mb4 x'242E22612062222E22635C226422')) END, CASE \
             JSON_TYPE(JSON_EXTRACT(book.data, '$.\"s\"')) WHEN 'NULL' THEN NULL ELSE \
             JSON_UNQUOTE(JSON_EXTRACT(book.data, '$.\"s\"')) END FROM book WHERE book.id IN (?, ?) ORDER BY book.id",
        )
        .gives("deep|NULL;NULL|söng"),
        case(
            "JSON's null is NULL, except in JSON",
            select((data().key("x").as_string(), data().key("x").as_json::<serde_json_1::Value>().is_null()))
                .filter(book.c("id").le(2))
                .order_by(book.c("id")),
        )
        .sqlite(
            "SELECT CAST(json_extract(book.data, '$.\"x\"') AS TEXT), book.data -> '$.\"x\"' IS NULL FROM book WHERE book.id \
             <= ? ORDER BY book.id",
        )
        .postgres(
            "SELECT book.data ->> 'x', book.data -> 'x' IS NULL FROM book WHERE book.id <= ? ORDER BY book.id",
        )
        .mysql(
            "SELECT CASE JSON_TYPE(JSON_EXTRACT(book.data, '$.\"x\"')) WHEN 'NULL' THEN NULL ELSE \
             JSON_UNQUOTE(JSON_EXTRACT(book.data, '$.\"x\"')) END, JSON_EXTRACT(book.data, '$.\"x\"') IS NULL FROM \
             book WHERE book.id <= ? ORDER BY book.id",
        )
        .gives("NULL|0;NULL|1"),
        case("a part of the document", {
            select(data().key("a b").as_json::<serde_json_1::Value>()).filter(book.c("id").eq(1))
        })
        .sqlite("SELECT book.data -> '$.\"a b\"' FROM book WHERE book.id = ?")
        .postgres("SELECT book.data -> 'a b' FROM book WHERE book.id = ?")
        .mysql("SELECT JSON_EXTRACT(book.data, '$.\"a b\"') FROM book WHERE book.id = ?")
        .gives(r#"{"c\"d":"deep"}"#),
    ]
}

fn dates(Tables { book, .. }: &Tables) -> Vec<Case> {
    let at = || book.c("published").of::<NaiveDateTime>();
    let part = |field: DateField| extract(field, at());
    let day = |day: u32| literal(NaiveDate::from_ymd_opt(2024, 1, day).unwrap());
    vec![
        case(
            "parts of a date",
            select((part(DateField::Year), part(DateField::Quarter), part(DateField::Month), part(DateField::Day)))
                .order_by(book.c("id")),
        )
        .sqlite(
            "SELECT CAST(strftime('%Y', book.published) AS INTEGER), ((CAST(strftime('%m', book.published) AS INTEGER) + 2) / \
             3), CAST(strftime('%m', book.published) AS INTEGER), CAST(strftime('%d', book.published) AS INTEGER) FROM book \
             ORDER BY book.id",
        )
        .postgres(
            "SELECT CAST(EXTRACT(YEAR FROM book.published) AS BIGINT), CAST(EXTRACT(QUARTER FROM book.published) AS BIGINT), \
             CAST(EXTRACT(MONTH FROM book.published) AS BIGINT), CAST(EXTRACT(DAY FROM book.published) AS BIGINT) FROM book \
             ORDER BY book.id",
        )
        .mysql(
            "SELECT EXTRACT(YEAR FROM book.published), EXTRACT(QUARTER FROM book.published), EXTRACT(MONTH FROM \
             book.published), EXTRACT(DAY FROM book.published) FROM book ORDER BY book.id",
        )
        .gives("2024|1|2|29;2023|4|12|31;2021|1|1|3;1969|3|7|20"),
        case(
            "days and weeks",
            select((part(DateField::Week), part(DateField::DayOfWeek), part(DateField::DayOfYear)))
                .order_by(book.c("id")),
        )
        .sqlite(
            "SELECT ((CAST(strftime('%j', date(book.published, '-3 days', 'weekday 4')) AS INTEGER) - 1) / 7 + 1), \
             CAST(strftime('%w', book.published) AS INTEGER), CAST(strftime('%j', book.published) AS INTEGER) FROM book ORDER \
             BY book.id",
        )
        .postgres(
            "SELECT CAST(EXTRACT(WEEK FROM book.published) AS BIGINT), CAST(EXTRACT(DOW FROM book.published) AS BIGINT), \
             CAST(EXTRACT(DOY FROM book.published) AS BIGINT) FROM book ORDER BY book.id",
        )
        .mysql(
            "SELECT WEEK(book.published, 3), (DAYOFWEEK(book.published) - 1), DAYOFYEAR(book.published) FROM book ORDER BY \
             book.id",
        )
        .gives("9|4|60;52|0|365;53|0|3;29|0|201"),
        case(
            "parts of a time",
            select((
                part(DateField::Hour),
                part(DateField::Minute),
                part(DateField::Second),
                part(DateField::Epoch),
            ))
            .order_by(book.c("id")),
        )
        .sqlite(
            "SELECT CAST(strftime('%H', book.published) AS INTEGER), CAST(strftime('%M', book.published) AS INTEGER), \
             CAST(strftime('%S', book.published) AS INTEGER), CAST(strftime('%s', book.published) AS INTEGER) FROM book ORDER \
             BY book.id",
        )
        .postgres(
            "SELECT CAST(EXTRACT(HOUR FROM book.published) AS BIGINT), CAST(EXTRACT(MINUTE FROM book.published) AS BIGINT), \
             CAST(FLOOR(EXTRACT(SECOND FROM book.published)) AS BIGINT), CAST(FLOOR(EXTRACT(EPOCH FROM book.published)) AS \
             BIGINT) FROM book ORDER BY book.id",
        )
        .mysql(
            "SELECT EXTRACT(HOUR FROM book.published), EXTRACT(MINUTE FROM book.published), EXTRACT(SECOND FROM \
             book.published), CAST(FLOOR(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', book.published) / 1000000) AS SIGNED) FROM \
             book ORDER BY book.id",
        )
        .gives("10|20|30|1709202030;23|59|59|1704067199;0|0|0|1609632000;20|17|40|-14182940"),
        case(
            "later",
            select(date_add(at(), Interval::months(1) + Interval::days(1) + Interval::minutes(-30)))
                .filter(book.c("id").le(3))
                .order_by(book.c("id")),
        )
        .sqlite(
            "SELECT strftime('%Y-%m-%d %H:%M:%f000', book.published, ? || ' months', 'floor', ? || ' days', (? / 1000000.0) || ' \
             seconds') FROM book WHERE book.id <= ? ORDER BY book.id",
        )
        .postgres(
            "SELECT (book.published + make_interval(months => CAST(? AS INTEGER), days => CAST(? AS INTEGER), secs => CAST(? \
             AS BIGINT) / 1000000.0)) FROM book WHERE book.id <= ? ORDER BY book.id",
        )
        .mysql(
            "SELECT DATE_ADD(DATE_ADD(DATE_ADD(book.published, INTERVAL ? MONTH), INTERVAL ? DAY), INTERVAL ? MICROSECOND) \
             FROM book WHERE book.id <= ? ORDER BY book.id",
        )
        .gives("2024-03-30 09:50:30.500000;2024-02-01 23:29:59.000000;2021-02-03 23:30:00.000000"),
        case("earlier dates", select((date_sub(day(31), Interval::weeks(2)), days_between(day(1), day(31)))))
            .sqlite(
                "SELECT date(?, ? || ' months', 'floor', ? || ' days', (? / 1000000.0) || ' seconds'), CAST(julianday(date(?)) - \
                 julianday(date(?)) AS INTEGER)",
            )
            .postgres(
                "SELECT CAST(CAST(? AS DATE) + make_interval(months => CAST(? AS INTEGER), days => CAST(? AS INTEGER), secs \
                 => CAST(? AS BIGINT) / 1000000.0) AS DATE), (CAST(CAST(? AS DATE) AS DATE) - CAST(CAST(? AS DATE) AS DATE))",
            )
            .mysql(
                "SELECT CAST(DATE_ADD(DATE_ADD(DATE_ADD(?, INTERVAL ? MONTH), INTERVAL ? DAY), INTERVAL ? MICROSECOND) AS \
                 DATE), DATEDIFF(?, ?)",
            )
            .gives("2024-01-17|30"),
        case(
            "seconds between",
            select(seconds_between(at(), date_add(at(), Interval::hours(2)))).filter(book.c("id").eq(1)),
        )
        .sqlite(
            "SELECT (CAST(round((julianday(strftime('%Y-%m-%d %H:%M:%f000', book.published, ? || ' months', 'floor', ? || ' days', (? / \
             1000000.0) || ' seconds')) - julianday(book.published)) * 86400000.0) AS INTEGER) / 1000) FROM book WHERE book.id \
             = ?",
        )
        .postgres(
            "SELECT CAST(TRUNC(EXTRACT(EPOCH FROM (book.published + make_interval(months => CAST(? AS INTEGER), days => \
             CAST(? AS INTEGER), secs => CAST(? AS BIGINT) / 1000000.0)) - book.published)) AS BIGINT) FROM book WHERE \
             book.id = ?",
        )
        .mysql(
            "SELECT (-TIMESTAMPDIFF(SECOND, DATE_ADD(DATE_ADD(DATE_ADD(book.published, INTERVAL ? MONTH), INTERVAL ? DAY), \
             INTERVAL ? MICROSECOND), book.published)) FROM book WHERE book.id = ?",
        )
        .gives("7200"),
        case("now", select(aludel::sql::typed::now::<NaiveDateTime>().gt(at())).filter(book.c("id").eq(1)))
            .sqlite("SELECT strftime('%Y-%m-%d %H:%M:%f000', 'now') > book.published FROM book WHERE book.id = ?")
            .postgres("SELECT LOCALTIMESTAMP > book.published FROM book WHERE book.id = ?")
            .mysql("SELECT CURRENT_TIMESTAMP(6) > book.published FROM book WHERE book.id = ?")
            .gives("1"),
    ]
}

fn arrays(Tables { book, .. }: &Tables) -> Vec<Case> {
    let few = || array::<i64, _>([1_i64, 3]);
    let ids = |condition: Expression<bool>| select(book.c("id")).filter(condition).order_by(book.c("id"));
    vec![
        case("an element of an array", ids(integer(book, "id").eq(any_element::<i64>(few()))))
            .postgres("SELECT book.id FROM book WHERE book.id = ANY (CAST(ARRAY[?, ?] AS BIGINT[])) ORDER BY book.id")
            .sqlite_lacks("ANY (..)")
            .mysql_lacks("ANY or ALL over an array")
            .gives("1;3"),
        case(
            "arrays compared",
            ids(few().array_contains(array::<i64, _>([integer(book, "id")])).and(few().array_overlaps(few()))),
        )
        .postgres(
            "SELECT book.id FROM book WHERE CAST(ARRAY[?, ?] AS BIGINT[]) @> CAST(ARRAY[book.id] AS BIGINT[]) AND \
             CAST(ARRAY[?, ?] AS BIGINT[]) && CAST(ARRAY[?, ?] AS BIGINT[]) ORDER BY book.id",
        )
        .sqlite_lacks("ARRAY[..]")
        .mysql_lacks("ARRAY[..]")
        .gives("1;3"),
        case("the second element", select(few().element::<i64>(2)))
            .postgres("SELECT (CAST(ARRAY[?, ?] AS BIGINT[]))[?]")
            .sqlite_lacks("an element of an array")
            .mysql_lacks("an element of an array")
            .gives("3"),
    ]
}
